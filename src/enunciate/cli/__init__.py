"""The command line: one file per command, and the tables that they print."""
