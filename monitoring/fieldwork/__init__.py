"""The fieldwork while a period runs: where institutions stand against the plan, and reminders."""
