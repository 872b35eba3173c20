"""Worker processes that hold an engine, the pool that feeds them, and their messages."""
