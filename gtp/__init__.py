"""The Go Text Protocol, version 2: its text format, a server for Shicho and a client for any engine."""
