"""The output of a match: on the terminal, as one HTML page, and as a table of its games."""
