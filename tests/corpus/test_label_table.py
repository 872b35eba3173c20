"""Tables of one's own."""

from pathlib import Path

import pytest

from enunciate.corpus.label_table import load_label_table
from enunciate.corpus.labels import heard_phones
from enunciate.errors import CorpusError


def table(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "labels.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_scores_alone_are_enough(tmp_path: Path) -> None:
    path = table(
        tmp_path,
        "audio,text,speaker,age,first_language,total,fluency",
        "a.wav,I think so,ada,31,Thai,6.5,",
        "b.wav,so,bob,,,,9",
    )
    first, second = load_label_table(path, "test")
    assert (first.id, first.audio, first.speaker, first.age) == ("a.wav", tmp_path / "a.wav", "ada", 31)
    assert (first.first_language, second.first_language) == ("Thai", None)
    assert (first.scores.total, first.scores.fluency, first.words) == (6.5, None, None)
    assert (second.scores.fluency, second.age) == (9, None)


def test_phones_that_were_heard_give_scores_and_diagnoses(tmp_path: Path) -> None:
    path = table(
        tmp_path, "audio,text,phones,heard", "a.wav,I think,ay1 | TH IH1 NG K,AY | S* ih0+AH <DEL> x"
    )
    (utterance,) = load_label_table(path, "test")
    assert [(word.text, word.phones) for word in utterance.words] == [
        ("I", ("AY1",)),
        ("think", ("TH", "IH1", "NG", "K")),
    ]
    assert [word.phone_scores for word in utterance.words] == [(2,), (0, 0, 0, 0)]
    assert heard_phones(utterance) == ("AY", "S*", "IH", "AH", "<unk>")


def test_phone_scores_go_before_those_of_what_was_heard(tmp_path: Path) -> None:
    path = table(
        tmp_path,
        "audio,phones,heard,phone_scores",
        "a.wav,S OW,TH OW,0.4 2",
        "b.wav,S OW,,1 2",
        "c.wav,S OW,,",
    )
    first, second, third = load_label_table(path, "test")
    assert first.words[0].phone_scores == (0.4, 2)
    assert heard_phones(first) == ("TH", "OW")
    assert (second.words[0].phone_scores, second.words[0].mispronunciations) == ((1, 2), None)
    assert third.words[0].phone_scores is None


def test_a_column_tells_the_split(tmp_path: Path) -> None:
    path = table(tmp_path, "audio,split", "a.wav,train", "b.wav,test", "c.wav,")
    assert [u.id for u in load_label_table(path, "test")] == ["b.wav", "c.wav"]
    assert [u.id for u in load_label_table(path, "train")] == ["a.wav"]
    assert len(load_label_table(path, "all")) == 3


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    path = table(
        tmp_path,
        "audio,id,mos,total,phones,heard,phone_scores",
        "a.wav,1,3,11,,,",
        "b.wav,2,3,five,,,",
        "c.wav,3,3,,S OW,S,",
        "d.wav,4,3,,S QQ,,",
        "e.wav,5,3,,,S,",
        "f.wav,6,3,,S OW,,2 3",
        "g.wav,7,3,,,,",
        "h.wav,7,3,,,,",
        ",8,3,,,,",
    )
    with pytest.raises(CorpusError) as caught:
        load_label_table(path, "test")
    message = str(caught.value)
    assert "no column is named 'mos'" in message
    assert "line 2: 'total' is '11', not a number from 0 to 10" in message
    assert "line 3: 'total' is 'five'" in message
    assert "line 4: 'heard' has not one item for each of the phones 'S OW'" in message
    assert "line 5: 'phones': not ARPAbet phones: QQ" in message
    assert "line 6: 'heard' and 'phone_scores' need 'phones'" in message
    assert "line 7: 'phone_scores' is '3'" in message
    assert "line 9: the id '7' comes a second time" in message
    assert "line 10: 'audio' is empty" in message


def test_a_split_without_rows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="no rows of the split 'train'"):
        load_label_table(table(tmp_path, "audio", "a.wav"), "train")
