"""Azure's pronunciation assessment over REST: its request header and its response."""
