"""Benchmarks: ratios to a baseline measured in the same run. `make bench` prints tables and JSON."""
