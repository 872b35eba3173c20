"""The command line: one file per command; tables and output formats apart."""
