"""Words that the lexicon lacks: derived from words that it has, spelt out, or guessed."""
