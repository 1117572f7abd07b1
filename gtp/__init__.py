"""The Go Text Protocol, version 2: text format, a server for Shicho's engine, a client for any engine."""
