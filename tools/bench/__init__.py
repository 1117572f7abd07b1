"""Benchmarks: functions that measure and return what `shicho bench` prints as JSON."""
