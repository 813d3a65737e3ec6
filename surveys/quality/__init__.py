"""Suspicious answers, marked without knowing anything of who answered."""
