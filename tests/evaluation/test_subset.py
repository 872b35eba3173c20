"""Subsets of a corpus that a file names."""

import json
from pathlib import Path

import pytest
from support.evaluation_cases import make_corpus

from enunciate.errors import CorpusError
from enunciate.evaluation.subset import select_utterances

CORPUS = make_corpus()


def test_a_file_of_ids_selects_utterances_in_the_order_of_the_corpus(tmp_path: Path) -> None:
    path = tmp_path / "ids.json"
    path.write_text(json.dumps([CORPUS[5].id, CORPUS[2].id]))
    assert select_utterances(CORPUS, path) == [CORPUS[2], CORPUS[5]]
    path.write_text(json.dumps({"dev": [CORPUS[0].id], "report": [CORPUS[5].id]}))
    assert select_utterances(CORPUS, path) == [CORPUS[5]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "cannot be read"),
        ("{", "neither a JSON list"),
        ("[]", "neither a JSON list"),
        ('{"dev": ["a"]}', "neither a JSON list"),
        ('["a", "b"]', "2 of its ids, such as a,"),
    ],
)
def test_a_file_of_ids_that_cannot_be_used_is_named_with_the_reason(
    tmp_path: Path, text: str | None, message: str
) -> None:
    path = tmp_path / "ids.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(CorpusError, match=message) as caught:
        select_utterances(CORPUS, path)
    assert str(path) in str(caught.value)
