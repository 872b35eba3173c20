"""Systems to compare with: each on the features of one earlier way of doing it, behind the same protocol."""
