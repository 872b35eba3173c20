"""The report of one or several systems: tables, charts, clips to listen to, HTML and PDF."""
