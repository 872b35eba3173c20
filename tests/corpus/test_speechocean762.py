"""The folder of Speechocean762: what is read, and what is reported."""

import pytest
from support.small_corpus import SCORES, edit_labels

from enunciate import audio
from enunciate.assembly.warnings import audio_warnings
from enunciate.corpus.speechocean762 import load_corpus
from enunciate.errors import CorpusError
from enunciate.phones import PHONES, strip_stress


def problems_of(corpus, split="all"):
    with pytest.raises(CorpusError) as caught:
        load_corpus(corpus, split)
    return str(caught.value)


def test_absent_labels_become_none(corpus):
    first, second = load_corpus(corpus, "train")

    assert (first.id, first.text, first.speaker, first.age, first.gender) == ("a1", "WE", "A", 6, "f")
    assert first.audio == corpus / "WAVE/A/a1.WAV"
    assert first.scores is None
    assert first.words[0].phone_scores == (2.0, 0.4)
    assert first.words[0].mispronunciations is None
    assert first.words[0].total is None
    assert second.text == "WE WE"
    assert second.words[0].phones == ("W", "IY0"), "phones as one string"
    assert second.words[1].phone_scores is None


def test_labels_of_the_full_corpus(corpus):
    (only,) = load_corpus(corpus, "test")

    assert only.scores.model_dump() == SCORES
    word = only.words[0]
    assert (word.accuracy, word.stress, word.total) == (7, 10, 8)
    assert word.mispronunciations[0].model_dump() == {"canonical": "IY0", "index": 1, "pronounced": "IH"}


def test_all_is_train_and_test(corpus):
    assert [item.id for item in load_corpus(str(corpus), "all")] == ["a1", "a2", "b1"]


def test_one_aspect_may_be_absent(corpus):
    edit_labels(corpus, lambda labels: labels["b1"].pop("prosodic"))

    scores = load_corpus(corpus, "test")[0].scores
    assert (scores.prosodic, scores.total) == (None, 8)


def test_age_and_gender_files_may_be_absent(corpus):
    (corpus / "test" / "spk2age").unlink()
    (corpus / "test" / "spk2gender").unlink()

    assert load_corpus(corpus, "test")[0].age is None


def test_everything_wrong_is_reported_at_once(corpus):
    (corpus / "WAVE/A/a2.WAV").unlink()
    (corpus / "train/text").write_text("a1\na2\tWE WE\na2\tWE\n")
    (corpus / "train/spk2age").write_text("A\tsix\n")
    edit_labels(corpus, lambda labels: labels.pop("b1"))

    message = problems_of(corpus)
    for expected in (
        f"{corpus}: 6 problems",
        "train/text:1: 'a1' has no value",
        "train/text:3: 'a2' comes a second time (first in train/text:2)",
        "train/spk2age:1: 'six' is not an age in years",
        "train/wav.scp:1: 'a1' is not in train/text",
        "train/wav.scp:2: there is no file WAVE/A/a2.WAV",
        "test/wav.scp:1: 'b1' is not in resource/scores.json",
    ):
        assert expected in message


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda b1: b1.update(total=11), "'total' is 11, not a score of 0 to 10"),
        (lambda b1: b1.update(fluency="good"), "'fluency' is 'good'"),
        (lambda b1: b1.pop("words"), "'words' must be a list"),
        (lambda b1: b1.update(words=[]), "'words' must be a list"),
        (lambda b1: b1["words"][0].pop("phones"), "word 0: lacks 'phones'"),
        (lambda b1: b1["words"][0].update(phones=[]), "word 0: has no phones"),
        (lambda b1: b1["words"][0].update({"phones-accuracy": [2]}), "has 2 phones, but 1 phone scores"),
        (lambda b1: b1["words"][0].update({"phones-accuracy": [2, 2.1]}), "outside 0 to 2"),
        (lambda b1: b1["words"][0].update(text=None), "word 0: 'text'"),
        (lambda b1: b1["words"][0]["mispronunciations"][0].pop("index"), "word 0: lacks 'index'"),
        (lambda b1: b1.update(words=["WE"]), "word 0:"),
    ],
)
def test_broken_labels_are_named(corpus, change, expected):
    edit_labels(corpus, lambda labels: change(labels["b1"]))

    assert "resource/scores.json: b1: " in problems_of(corpus)
    assert expected in problems_of(corpus)
    assert len(load_corpus(corpus, "train")) == 2, "a split is checked alone"


def test_a_label_file_that_is_not_json_is_named_with_its_line(corpus):
    (corpus / "resource/scores.json").write_text('{"a1":\n oops}')

    assert "resource/scores.json:2: is not JSON" in problems_of(corpus)


@pytest.mark.parametrize("content", ["[]", '{"b1": 3}'])
def test_labels_of_a_wrong_type_are_named(corpus, content):
    (corpus / "resource/scores.json").write_text(content)

    assert "must " in problems_of(corpus, "test")


def test_missing_files_and_folders_are_named(corpus, tmp_path):
    (corpus / "resource/scores.json").unlink()
    (corpus / "test/wav.scp").unlink()

    assert "resource/scores.json: cannot be read" in problems_of(corpus)
    assert "test/wav.scp: cannot be read" in problems_of(corpus)
    with pytest.raises(CorpusError, match="is not a folder"):
        load_corpus(tmp_path / "nowhere", "train")


def test_a_long_list_of_problems_is_cut(corpus):
    (corpus / "test/wav.scp").write_text("".join(f"c{i}\tWAVE/no.WAV\n" for i in range(100)))

    message = problems_of(corpus, "test")
    assert "400 problems" in message
    assert message.endswith("... and 360 more")


@pytest.mark.corpus
def test_the_splits_of_the_corpus_share_no_speaker_and_use_all_phones(real_train, real_test):
    assert len(real_train) == 2500
    assert all(item.scores is not None and item.scores.total is not None for item in real_test)
    assert not {item.speaker for item in real_test} & {item.speaker for item in real_train}
    phones = {phone for item in real_train + real_test for word in item.words for phone in word.phones}
    assert {strip_stress(phone) for phone in phones} == set(PHONES)


@pytest.mark.corpus
def test_clips_of_the_corpus_load_without_warnings(real_test):
    for item in real_test[::400]:
        speech = audio.load(item.audio)
        assert audio_warnings(speech) == []
