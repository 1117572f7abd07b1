"""Benchmarks: each function measures and returns the dictionary that `shicho bench` prints as JSON."""
