"""Results of surveys for any days: pages, files, all answers as one file."""
