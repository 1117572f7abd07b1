"""What `shicho gtp-check` examines: an engine against the GTP 2 specification, and against what its clients send.

Start reading at `check.py` (what a check is) and `run.py` (how all of them are run); the checks are in the modules of
`families`, and what each client needs is in `clients.py`.
"""
