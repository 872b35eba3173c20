"""Worker processes that hold an engine, the pool that feeds them, and the messages between the two."""
