"""Rows of the Hugging Face copy."""

import numpy as np
import pytest
from support.small_corpus import FULL_WORD, SCORES

from enunciate.corpus.huggingface import load_huggingface
from enunciate.corpus.speechocean762 import load_corpus
from enunciate.errors import CorpusError
from enunciate.schema import Clip


def row(**audio_fields):
    return {
        "audio": audio_fields,
        "text": "WE",
        "words": [FULL_WORD],
        "speaker": "B",
        "age": 40,
        "gender": "m",
    } | SCORES


def test_rows_with_samples_bytes_or_path(corpus):
    path = corpus / "WAVE/B/b1.WAV"
    samples = np.zeros(8000, dtype=np.float32)
    decoded, raw, named = load_huggingface(
        [
            row(array=samples, sampling_rate=16_000, path="b0.wav"),
            row(bytes=path.read_bytes(), path=None),
            row(bytes=None, path=str(path)),
        ]
    )

    assert isinstance(decoded.audio, Clip)
    assert (decoded.id, raw.id, named.id) == ("b0", "000001", "b1")
    assert raw.audio == path.read_bytes()
    assert named.audio == path
    assert decoded.scores == load_corpus(corpus, "test")[0].scores
    assert decoded.words == load_corpus(corpus, "test")[0].words
    assert (decoded.speaker, decoded.age, decoded.gender) == ("B", 40, "m")


def test_broken_rows_are_all_named():
    with pytest.raises(CorpusError) as caught:
        load_huggingface([row(), row(path=None), {"text": "WE"}, row(bytes=b"x") | {"total": -1}])
    for number in range(4):
        assert f"row {number}: " in str(caught.value)
