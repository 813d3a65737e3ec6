"""The questionnaire as a document: made, checked, compared, read from files; and what was answered, read against it."""
