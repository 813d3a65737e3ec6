"""Columns and filters of the lists: a module for each subject."""
