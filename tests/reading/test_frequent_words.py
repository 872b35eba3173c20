"""The most frequent words of English, as people write them."""

from __future__ import annotations

import pytest
from wordfreq import top_n_list

from enunciate.errors import TextError
from enunciate.phones import Lexicon
from enunciate.reading import parse_text


@pytest.mark.slow
def test_none_of_the_20_000_most_frequent_words_is_refused():
    lexicon = Lexicon.default()
    refused: list[str] = []
    frequent = top_n_list("en", 20_000)
    for word in frequent:
        try:
            parse_text(word, lexicon)
        except TextError:
            refused.append(word)
    assert [word for word in refused if any(map(str.isalnum, word))] == []
