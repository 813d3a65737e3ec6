"""Answers → tallies → counts → values with intervals, and what of them may be shown."""
