"""The sub-commands of `shicho`, one module a command; each imports what it needs when it runs."""
