"""Instruments on paper and answers from paper: documents, typing in, files."""
