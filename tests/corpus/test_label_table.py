"""Tables of one's own."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from enunciate.corpus.label_table import load_label_table
from enunciate.corpus.labels import heard_phones
from enunciate.corpus.load import load_any_corpus
from enunciate.errors import CorpusError, ManifestError


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


ROWS = (
    {
        "audio": "a.wav",
        "id": "1",
        "speaker": "ada",
        "age": 31,
        "total": 6.5,
        "phones": "S",
        "heard": "TH",
    },
    {"audio": "b.wav", "id": "2", "speaker": None, "age": None, "total": 9, "phones": None, "heard": None},
)


def json_lines(tmp_path: Path, rows: Sequence[dict[str, object]] = ROWS) -> Path:
    path = tmp_path / "labels.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows) + "\n\n")
    return path


def parquet(tmp_path: Path, rows: Sequence[dict[str, object]] = ROWS) -> Path:
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    pq.write_table(pa.Table.from_pylist(list(rows)), tmp_path / "labels.parquet")
    return tmp_path / "labels.parquet"


@pytest.mark.parametrize("written", [json_lines, parquet])
def test_json_lines_and_parquet_say_the_same_as_csv(written: Callable[[Path], Path], tmp_path: Path) -> None:
    csv = table(
        tmp_path,
        "audio,id,speaker,age,total,phones,heard",
        "a.wav,1,ada,31,6.5,S,TH",
        "b.wav,2,,,9,,",
    )
    assert load_any_corpus(written(tmp_path), "test") == load_label_table(csv, "test")


@pytest.mark.parametrize(("written", "unit"), [(json_lines, "line"), (parquet, "row")])
def test_mistakes_in_json_lines_and_parquet_are_told_with_their_places(
    written: Callable[..., Path], unit: str, tmp_path: Path
) -> None:
    rows = [{"audio": "a.wav", "mos": 3, "total": 11}, {"audio": "a.wav", "mos": 3, "total": 1.5}]
    with pytest.raises(CorpusError) as caught:
        load_label_table(written(tmp_path, rows), "test")
    message = str(caught.value)
    assert f"{unit} 1: no column is named 'mos'" in message
    assert f"{unit} 1: 'total' is '11" in message
    assert "a second time" not in message
    with pytest.raises(ManifestError, match="no column 'audio': its columns are total"):
        load_label_table(written(tmp_path, [{"total": 1}]), "test")
    with pytest.raises(ManifestError, match=f"{unit} 1: 'phones' is list, not text or a number"):
        load_label_table(written(tmp_path, [{"audio": "a.wav", "phones": ["S", "OW"]}]), "test")


def test_a_clip_in_a_parquet_table_is_taken_from_it(tmp_path: Path) -> None:
    path = parquet(tmp_path, [{"audio": {"bytes": b"RIFF", "path": "a.wav"}, "total": float("nan")}])
    (utterance,) = load_label_table(path, "test")
    assert (utterance.id, utterance.audio, utterance.scores) == ("a.wav", b"RIFF", None)


@pytest.mark.parametrize("line", ["audio,total", "[1]"])
def test_lines_that_are_no_objects_of_json_are_refused(line: str, tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_text(f'{{"audio": "a.wav"}}\n{line}\n')
    with pytest.raises(ManifestError, match="line 2 is not"):
        load_label_table(tmp_path / "labels.txt", "test")
