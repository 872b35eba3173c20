"""`python -m enunciate.corpus.synthetic` makes a folder of synthetic speech."""

from enunciate.corpus.synthetic.generate import main

main()
