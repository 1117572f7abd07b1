"""Matches between GTP engines, each of which is given by its command line.

The modules in the order of a match: `gnugo` and `shicho.tools.commands.match` (command lines), `engines`, `dialects`,
`openings` and `time_control` (what is played) → `settings` → `pairing` (who plays whom, colours, seeds) → `runner` →
`executors` (games in parallel) → `processes` and `game` (one game between two subprocesses) → `referee` (the winner) →
`record` → `results` (files) → `statistics`, `rating`, `sprt` and `report`.
"""
