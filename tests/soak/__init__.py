"""Runs too long for every change: `python -m tests.soak` (see __main__)."""
