"""Recordings of native speakers become good readings."""

import json

import numpy as np
import pytest
import soundfile as sf

from enunciate.corpus.synthetic.native import main, native_clips
from enunciate.corpus.synthetic.neural_clip import read_neural
from enunciate.errors import CorpusError


@pytest.fixture
def manifest(tmp_path):
    rng = np.random.default_rng(0)
    rows = [
        ("a.wav", 2.0, "I think, so."),
        ("b.wav", 2.0, "Dial 9 now."),
        ("c.wav", 2.0, "The wugglefump is here."),
        ("d.wav", 0.5, "I think so."),
    ]
    for name, seconds, _ in rows:
        sf.write(tmp_path / name, rng.normal(0, 0.1, int(seconds * 16_000)), 16_000)
    path = tmp_path / "readings.jsonl"
    path.write_text("".join(json.dumps({"audio": name, "text": text}) + "\n" for name, _, text in rows))
    return path


def test_what_was_said_is_the_canonical_pronunciation(manifest):
    (clip,) = native_clips(manifest, "reader")

    assert clip.kind == "good" and clip.voice == "reader"
    assert [word for word, _ in clip.words] == ["i", "think", "so"]
    assert clip.said == (("AY",), ("TH",), ("IH",), ("NG",), ("K",), ("S",), ("OW",))
    assert clip.samples.shape == (32_000,)


def test_numerals_unknown_words_and_short_recordings_are_left_out(manifest):
    assert [clip.id for clip in native_clips(manifest, "reader")] == ["neural-reader-1"]


def test_a_line_without_text_is_named(tmp_path):
    path = tmp_path / "readings.jsonl"
    path.write_text('{"audio": "a.wav"}\n')
    with pytest.raises(CorpusError, match="line 1"):
        list(native_clips(path, "reader"))


def test_the_command_writes_a_set_that_is_read_with_those_of_neural_voices(manifest, tmp_path, capsys):
    main([str(tmp_path / "out"), "--manifest", str(manifest), "--name", "reader"])

    assert "1 clips" in capsys.readouterr().out
    assert [clip.voice for clip in read_neural(tmp_path / "out")] == ["reader"]
