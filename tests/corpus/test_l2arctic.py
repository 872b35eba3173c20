"""L2-ARCTIC from made-up folders of its form."""

import logging
from collections import Counter
from pathlib import Path

import pytest
from support.annotated_corpora import write_l2arctic

from enunciate.corpus.l2arctic import FEMALE, FIRST_LANGUAGES, MALE, TEST_SPEAKERS, load_l2arctic, parse_label
from enunciate.corpus.labels import has_phone_labels, heard_phones
from enunciate.errors import CorpusError

pytest.importorskip("praatio")

THINK = [("i", ["AY1"]), ("think", ["TH,S,s", "IH1", "NG", "K"])]


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    write_l2arctic(tmp_path, "NJS", "arctic_a0001", "I think.\n", THINK)
    write_l2arctic(tmp_path, "ABA", "arctic_a0001", "I think.\n", THINK)
    return tmp_path


def test_the_test_split_has_the_six_test_speakers_and_train_the_others(corpus: Path) -> None:
    assert [u.speaker for u in load_l2arctic(corpus, "test")] == ["NJS"]
    assert [u.speaker for u in load_l2arctic(corpus, "train")] == ["ABA"]
    assert [u.speaker for u in load_l2arctic(corpus, "all")] == ["ABA", "NJS"]


def test_there_are_four_speakers_of_each_of_six_first_languages_and_one_of_each_is_tested() -> None:
    assert FIRST_LANGUAGES.keys() == FEMALE | MALE
    assert set(Counter(FIRST_LANGUAGES.values()).values()) == {4}
    assert len({FIRST_LANGUAGES[speaker] for speaker in TEST_SPEAKERS}) == 6


def test_the_speakers_are_24_of_whom_half_are_women() -> None:
    assert len(FEMALE) == len(MALE) == 12
    assert len(FEMALE | MALE) == 24
    assert TEST_SPEAKERS < FEMALE | MALE


def test_an_utterance_has_its_text_its_phones_and_what_was_heard(corpus: Path) -> None:
    (utterance,) = load_l2arctic(corpus, "test")
    assert (utterance.id, utterance.text, utterance.gender) == ("NJS-arctic_a0001", "I think.", "f")
    assert utterance.first_language == "Spanish"
    assert utterance.audio == corpus / "NJS" / "wav" / "arctic_a0001.wav"
    assert utterance.scores is None
    i, think = utterance.words
    assert (i.text, i.phones, i.phone_scores, i.mispronunciations) == ("i", ("AY1",), (2,), ())
    assert (think.phones, think.phone_scores) == (("TH", "IH1", "NG", "K"), (0, 2, 2, 2))
    assert heard_phones(utterance) == ("AY", "S", "IH", "NG", "K")
    assert has_phone_labels(utterance)


@pytest.mark.parametrize(
    ("labels", "canonical", "heard", "scores"),
    [
        (["AH0", "N,sil,d", "D"], "AH0 N D", "AH D", (2, 0, 2)),
        (["AH0", "N", "sil,AH,a", "D"], "AH0 N D", "AH N AH D", (2, 2, 2)),
        (["sil,Y,a", "AH0", "N,M*,s"], "AH0 N", "Y AH M*", (2, 0)),
        (["AH0,err,s", "N, ,s", "D,DH``,s"], "AH0 N D", "<unk> <unk> DH", (0, 0, 0)),
        (["ax", "sp", "ER)", "D, t, S"], "AH ER D", "AH ER T", (2, 2, 0)),
        (["AH0,sil,d", "sil,EH,a", "N"], "AH0 N", "EH N", (0, 2)),
    ],
)
def test_errors_of_all_kinds_are_read(
    tmp_path: Path, labels: list[str], canonical: str, heard: str, scores: tuple[float, ...]
) -> None:
    write_l2arctic(tmp_path, "TNI", "arctic_b0001", "And", [("and", labels)])
    (utterance,) = load_l2arctic(tmp_path, "test")
    (word,) = utterance.words
    assert " ".join(word.phones) == canonical
    assert " ".join(heard_phones(utterance)) == heard
    assert word.phone_scores == scores


def test_a_label_of_one_phone_is_correct() -> None:
    assert parse_label("AH0") == ("AH0", "AH", True)
    assert parse_label("sil") == (None, None, True)


def test_a_sound_added_after_a_word_belongs_to_it(tmp_path: Path) -> None:
    write_l2arctic(tmp_path, "TNI", "arctic_b0001", "Be", [("be", ["B", "IY1"]), ("", ["sil,AH,a"])])
    (utterance,) = load_l2arctic(tmp_path, "test")
    assert heard_phones(utterance) == ("B", "IY", "AH")


def test_broken_annotations_are_left_out_with_a_warning(
    corpus: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_l2arctic(corpus, "NJS", "arctic_a0002", "x", [("x", ["QQ"])])
    write_l2arctic(corpus, "NJS", "arctic_a0003", "x", THINK).write_text('File type = "ooTextFile"\nitem [')
    write_l2arctic(corpus, "NJS", "arctic_a0004", "x", THINK)
    (corpus / "NJS" / "wav" / "arctic_a0004.wav").unlink()
    with caplog.at_level(logging.WARNING):
        assert [u.id for u in load_l2arctic(corpus, "test")] == ["NJS-arctic_a0001"]
    assert "NJS/annotation/arctic_a0002.TextGrid: word 'x': 'QQ' is not an ARPAbet phone" in caplog.text
    assert "arctic_a0003.TextGrid is not a TextGrid" in caplog.text
    assert "there is no file arctic_a0004.wav" in caplog.text


def test_a_folder_in_which_nothing_can_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="give the folder that holds the folders of the speakers"):
        load_l2arctic(tmp_path, "test")
    write_l2arctic(tmp_path, "NJS", "arctic_a0002", "x", [("x", ["QQ"])])
    with pytest.raises(CorpusError, match="1 problem"):
        load_l2arctic(tmp_path, "test")
