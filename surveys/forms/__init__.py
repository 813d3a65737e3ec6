"""Is the input well-formed? A module for each subject."""
