"""EpaDB from made-up folders of its form."""

import logging
from pathlib import Path

import pytest
from support.annotated_corpora import write_epadb

from enunciate.corpus.epadb import load_epadb
from enunciate.corpus.epadb_references import read_references
from enunciate.corpus.labels import heard_phones
from enunciate.errors import CorpusError

pytest.importorskip("praatio")

TOY = [("red", ["R", "EH", "T"]), ("toy", ["T", "OSH"])]
REFERENCES = """
TEXT 1: Red toy
TRANSCRIPTION 1: R EH D/Th  Th OY

TEXT 2: A party
TRANSCRIPTION 2: AX  Ph AA R Th/T IY
TRANSCRIPTION 2: AX  Ph AA DX 0 IY
"""


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    write_epadb(
        tmp_path, "train", "spkr14_1", TOY, "R R + 0.1 0.2\nEH EH + 0.2 0.3\nD T - 0.3 0.4\nTh T -\nOY OY +"
    )
    write_epadb(tmp_path, "test", "spkr103_1", TOY, None)
    for split in ("train", "test"):
        (tmp_path / split / "reference_transcriptions.txt").write_text(REFERENCES)
    return tmp_path


def test_a_split_has_its_speakers(corpus: Path) -> None:
    assert [(u.id, u.speaker) for u in load_epadb(corpus, "test")] == [("spkr103_1", "spkr103")]
    assert [u.id for u in load_epadb(corpus, "train")] == ["spkr14_1"]
    assert [u.id for u in load_epadb(corpus, "all")] == ["spkr14_1", "spkr103_1"]


def test_an_utterance_has_its_text_its_score_its_phones_and_what_was_heard(corpus: Path) -> None:
    (utterance,) = load_epadb(corpus, "train")
    assert (utterance.text, utterance.scores.total, utterance.scores.accuracy) == ("Red toy", 8, None)
    assert utterance.audio == corpus / "train" / "spkr14" / "waveforms" / "spkr14_1.wav"
    assert [(word.text, word.phones, word.phone_scores) for word in utterance.words] == [
        ("red", ("R", "EH", "D"), (2, 2, 0)),
        ("toy", ("T", "OY"), (0, 2)),
    ]
    assert heard_phones(utterance) == ("R", "EH", "T", "T*", "OY")


def test_without_labels_the_nearest_reference_is_taken(corpus: Path) -> None:
    (utterance,) = load_epadb(corpus, "test")
    assert [word.phones for word in utterance.words] == [("R", "EH", "D"), ("T", "OY")]
    assert heard_phones(utterance) == ("R", "EH", "T", "T*", "<unk>")
    write_epadb(corpus, "test", "spkr103_2", [("a", ["AX"]), ("party", ["P", "AA", "DX", "0", "IY0"])], None)
    _, party = load_epadb(corpus, "test")
    assert [word.phones for word in party.words] == [("AH",), ("P", "AA", "T", "IY")]
    assert party.words[1].phone_scores == (0, 2, 2, 2)
    assert heard_phones(party) == ("AH", "P*", "AA", "T", "IY")


def test_deletions_and_additions_are_read(tmp_path: Path) -> None:
    words = [("red", ["R", "EH", "0"]), ("it", ["E", "IH", "T"])]
    write_epadb(tmp_path, "test", "spkr1_1", words, "R R +\nEH EH +\nD 0 -\n0 E -\nIH IH +\nT T +", score="")
    (utterance,) = load_epadb(tmp_path, "test")
    assert [word.phones for word in utterance.words] == [("R", "EH", "D"), ("IH", "T")]
    assert heard_phones(utterance) == ("R", "EH", "<unk>", "IH", "T")
    assert (utterance.text, utterance.scores) == ("red it", None)


def test_several_references_of_a_phrase_are_kept(corpus: Path) -> None:
    phrase = read_references(corpus / "train" / "reference_transcriptions.txt")["2"]
    assert phrase.text == "A party"
    assert phrase.matched("AX Ph AA R T IY".split())[4] == ("T", "T")
    assert phrase.matched("AX Ph AA DX 0 IY".split())[3] == ("DX", "DX")
    assert phrase.matched(["AX"]) is None


def test_annotations_that_fit_no_reference_are_left_out(
    corpus: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_epadb(corpus, "test", "spkr103_2", [("a", ["AX"])], None)
    write_epadb(corpus, "test", "spkr103_3", TOY, "R R +")
    with caplog.at_level(logging.WARNING):
        assert len(load_epadb(corpus, "test")) == 1
    assert caplog.text.count("fit no reference of the phrase") == 2


def test_a_copy_without_splits_is_read_whole(tmp_path: Path) -> None:
    write_epadb(tmp_path, ".", "spkr14_1", TOY, "R R +\nEH EH +\nD D +\nTh Th +\nOY OY +")
    assert len(load_epadb(tmp_path, "all")) == 1
    with pytest.raises(CorpusError, match="a copy without these has the split 'all' alone"):
        load_epadb(tmp_path, "test")
