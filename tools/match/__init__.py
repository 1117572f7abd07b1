"""Matches between GTP engines. Nothing here knows more of an engine than its command line.

Way of a match: `main` (options) → `schedule` (which games, which seeds) → `workers` (several at a time) → `game` (one
between two subprocesses) → `referee` (who won) → `results` (files) → `statistics` and `report` (what came out).
"""
