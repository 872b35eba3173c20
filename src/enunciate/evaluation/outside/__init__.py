"""Systems that are not part of this package, by their programs or their files of answers."""
