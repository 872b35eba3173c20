"""A report of tables of results, of any number of clips, with human scores where there are any."""
