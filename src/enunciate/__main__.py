"""`python -m enunciate` is the command line."""

from enunciate.cli.app import main

main()
