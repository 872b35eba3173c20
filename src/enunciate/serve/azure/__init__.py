"""Azure's pronunciation assessment: the options in its request header, and the form of its response."""
