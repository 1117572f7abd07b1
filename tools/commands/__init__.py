"""The sub-commands of `shicho`, one module per command. Each imports its libraries only when it runs."""
