"""How a written text is read aloud: its tokens, the readings of each, and their pronunciations."""

from enunciate.reading.text import TextWord, parse_text

__all__ = ["TextWord", "parse_text"]
