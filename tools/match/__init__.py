"""Matches between GTP engines, each of which is given by its command line.

The modules in the order of a match: `main` (options) → `schedule` (colours and seeds) → `workers` (games in parallel) →
`game` (one game between two subprocesses) → `referee` (the winner) → `results` (files) → `statistics` and `report`.
"""
