"""Results as Parquet, as pandas reads them."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.fake_assessor import assessment_of

from enunciate.exports import parquet
from enunciate.exports.level import Level
from enunciate.exports.parquet import write_parquet
from enunciate.schema import ClipError, Failure, Utterance

pytest.importorskip("pyarrow")
pd = pytest.importorskip("pandas")

RESULTS = (
    assessment_of(Utterance(id="a.wav", audio=Path("a.wav"), text="I think I left"), 2.5),
    Failure(id="b.wav", audio="b.wav", error=ClipError(code="audio_silent", message="nothing")),
    assessment_of(Utterance(id="c.wav", audio=Path("c.wav")), 2.5),
)


def test_pandas_reads_typed_columns(tmp_path: Path) -> None:
    write_parquet(RESULTS, Level.PHONES, tmp_path / "x.parquet")
    table = pd.read_parquet(tmp_path / "x.parquet")
    assert list(table["id"].unique()) == ["a.wav", "b.wav", "c.wav"]
    of_first = table[table["id"] == "a.wav"]
    assert of_first["score"].dtype == "float64"
    assert list(of_first["phone"][:3]) == ["AY", "TH", "IH"]
    assert of_first["score"].mean() == pytest.approx((5 * 1.9 + 5 * 0.3) / 10)
    assert of_first["mispronounced"].sum() == 5
    failed = table[table["id"] == "b.wav"]
    assert list(failed["failure"]) == ["audio_silent: nothing"]
    assert failed["score"].isna().all()
    assert table[table["id"] == "c.wav"]["word"].isna().all()


def test_utterances_are_grouped_as_pandas_groups_them(tmp_path: Path) -> None:
    write_parquet(RESULTS, Level.UTTERANCES, tmp_path / "x.parquet")
    table = pd.read_parquet(tmp_path / "x.parquet").set_index("id")
    assert table.loc["a.wav", "total"] == 4.5
    assert table.loc["a.wav", "n_words"] == 4
    assert table["total"].notna().to_dict() == {"a.wav": True, "b.wav": False, "c.wav": False}


def test_long_tables_are_written_group_by_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "ROWS_PER_GROUP", 4)
    write_parquet(RESULTS, Level.PHONES, tmp_path / "x.parquet")
    from pyarrow.parquet import ParquetFile

    with ParquetFile(tmp_path / "x.parquet") as file:
        assert file.num_row_groups == -(-file.metadata.num_rows // 4)


def test_no_results_are_an_empty_table_with_all_columns(tmp_path: Path) -> None:
    write_parquet([], Level.WORDS, tmp_path / "x.parquet")
    assert list(pd.read_parquet(tmp_path / "x.parquet"))[:3] == ["id", "word_index", "word"]
