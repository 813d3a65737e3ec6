"""The public questionnaire: its pages, fields, steps and keys."""
