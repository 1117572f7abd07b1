"""Experiments: does a change help? Arms that differ in one thing, paired by seed, and what the seeds can tell."""
