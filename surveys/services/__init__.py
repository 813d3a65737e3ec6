"""What changes several rows or tells somebody: a module for each subject."""
