"""Pages of the ground floor: a module for each subject."""
