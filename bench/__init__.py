"""Benchmarks: `python -m bench` prints one table, measured in one run on the real applications."""
