"""Demonstration data: two regions with people of every role, institutions, links and four quarters of answers.

Figures are drawn from a generator with a fixed seed, so that every machine shows the same quarter. Answers go through
the same reading and storing as real ones. `loading` is the way in.
"""
