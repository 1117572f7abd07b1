"""Command lines and what they run: matches, benchmarks, and the sub-commands of `shicho`."""
