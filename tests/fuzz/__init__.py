"""Guided fuzzing: `python -m tests.fuzz TARGET [-runs=N] [-seed=S] [-max_total_time=S] [CORPUS]` (atheris).

A target takes bytes and raises only where the product is broken; what it finds is kept as `crash-...` and
repeated by giving that file.
"""
