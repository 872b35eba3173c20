"""Corpora are told apart by what is in their folders."""

from pathlib import Path

import pytest
from support.annotated_corpora import write_epadb, write_l2arctic
from support.small_corpus import FULL_WORD, SCORES, make_small_corpus

from enunciate.corpus.kinds import CorpusKind
from enunciate.corpus.load import kind_of, load_any_corpus
from enunciate.errors import CorpusError

WORDS = [("so", ["S", "OW"])]


def write_huggingface(root: Path) -> None:
    """Write the copy of the Hub: a clip in each split, its bytes in the file."""
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    (root / "data").mkdir()
    for split in ("train", "test"):
        row = {"audio": {"bytes": b"RIFF", "path": f"{split}1.wav"}, "text": "WE", "words": [FULL_WORD]}
        row |= {"speaker": "B", "age": 40, "gender": "m"} | SCORES
        pq.write_table(pa.Table.from_pylist([row]), root / "data" / f"{split}-00000-of-00001.parquet")


def make(kind: CorpusKind, root: Path) -> Path:
    match kind:
        case CorpusKind.SPEECHOCEAN762:
            return make_small_corpus(root)
        case CorpusKind.L2ARCTIC:
            write_l2arctic(root, "NJS", "arctic_a0001", "So", WORDS)
        case CorpusKind.EPADB:
            write_epadb(root, "test", "spkr1_1", WORDS, "S S +\nOW OW +")
        case CorpusKind.HUGGINGFACE:
            write_huggingface(root)
        case CorpusKind.TABLE:
            (root / "labels.tsv").write_text("audio\ttotal\na.wav\t7\n")
            return root / "labels.tsv"
    return root


@pytest.mark.parametrize("kind", CorpusKind)
def test_a_corpus_is_recognised_and_read(tmp_path: Path, kind: CorpusKind) -> None:
    if kind in (CorpusKind.L2ARCTIC, CorpusKind.EPADB):
        pytest.importorskip("praatio")
    path = make(kind, tmp_path)
    assert kind_of(path) is kind
    assert len(load_any_corpus(path, "test")) == 1


def test_the_kind_can_be_given(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="speakers of L2-ARCTIC"):
        load_any_corpus(make(CorpusKind.EPADB, tmp_path), "test", CorpusKind.L2ARCTIC)


def test_anything_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="holds none of the corpora speechocean762, l2arctic, epadb"):
        kind_of(tmp_path)
    with pytest.raises(CorpusError, match=r"there is no .*none"):
        kind_of(tmp_path / "none")
    (tmp_path / "notes.txt").write_text("")
    with pytest.raises(CorpusError, match="is not a folder"):
        kind_of(tmp_path / "notes.txt")


def test_the_copy_of_the_hub_has_splits_and_labels(tmp_path: Path) -> None:
    write_huggingface(tmp_path)
    assert [clip.id for clip in load_any_corpus(tmp_path, "all")] == ["train1", "test1"]
    (clip,) = load_any_corpus(tmp_path, "test")
    assert clip.audio == b"RIFF"
    assert clip.scores is not None and clip.scores.total == SCORES["total"]
    assert clip.words is not None and clip.words[0].phone_scores == (2.0, 0.4)
    (tmp_path / "data" / "test-00000-of-00001.parquet").unlink()
    with pytest.raises(CorpusError, match=r"has no test\*.parquet"):
        load_any_corpus(tmp_path, "test")
