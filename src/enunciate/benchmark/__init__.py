"""The protocols in which all systems are trained and tested alike, from one command."""
