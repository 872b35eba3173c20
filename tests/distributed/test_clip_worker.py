"""The actor that holds an engine, without a cluster."""

from pathlib import Path

import pytest
from support.dying_engine import FakeSettings
from support.fake_assessor import write_clip

from enunciate.distributed import clip_worker
from enunciate.distributed.clip_worker import ClipWorker, WorkerSettings, fetched
from enunciate.errors import AudioNotFoundError
from enunciate.manifest import Row, read_json_rows
from enunciate.schema import Assessment, Failure

pa = pytest.importorskip("pyarrow")
FIELDS = {"source": None, "content": None, "text": "I think so", "phones": None}


def outcomes(folder: Path, *clips: dict[str, object], **settings: object) -> dict[str, Row]:
    from enunciate.distributed.clip_source import table_of_fields

    worker = ClipWorker(FakeSettings(folder=folder, **settings))
    table = worker(table_of_fields([FIELDS | clip for clip in clips]))
    (folder / "rows").write_text("".join(f"{row}\n" for row in table["row"].to_pylist()))
    rows = {row.id: row for row in read_json_rows(folder / "rows")}
    assert list(rows) == table["id"].to_pylist()
    return rows


def test_clips_of_every_kind_are_assessed_and_bad_ones_have_rows(tmp_path: Path):
    long, short = write_clip(tmp_path / "long.wav", 2.0), write_clip(tmp_path / "short.wav", 1.0)
    rows = outcomes(
        tmp_path,
        {"id": "long", "source": str(long)},
        {"id": "inside", "content": short.read_bytes()},
        {"id": "url", "source": f"file://{long}"},
        {"id": "nothing"},
        {"id": "gone", "source": f"file://{tmp_path}/gone.wav"},
        {"id": "missing", "source": str(tmp_path / "missing.wav")},
        {"id": "phones", "source": str(short), "phones": "Q"},
    )
    assert [id for id, row in rows.items() if isinstance(row, Assessment)] == ["long", "inside", "url"]
    codes = {id: row.error.code for id, row in rows.items() if isinstance(row, Failure)}
    assert codes == {
        "nothing": "audio_empty", "gone": "audio_not_found", "missing": "audio_not_found",
        "phones": "pronunciation",
    }  # fmt: skip


def test_phones_are_written_in_the_alphabet_that_was_asked_for(tmp_path: Path):
    clip = write_clip(tmp_path / "a.wav")
    rows = outcomes(tmp_path, {"id": "a", "source": str(clip)}, alphabet="ipa")
    assert [phone.phone for phone in rows["a"].phones][:2] == ["aɪ", "θ"]


def test_an_engine_that_cannot_be_loaded_is_told_once(tmp_path: Path):
    from enunciate.distributed.clip_source import table_of_fields

    worker = ClipWorker(WorkerSettings(model=str(tmp_path / "none")))
    table = worker(table_of_fields([FIELDS | {"id": "a"}, FIELDS | {"id": "b"}]))
    (problem,) = table["problem"].to_pylist()
    assert "no such model" in problem


def test_an_engine_has_the_threads_of_its_worker(monkeypatch: pytest.MonkeyPatch):
    given: dict[str, object] = {}
    monkeypatch.setattr(
        clip_worker, "load_assessor", lambda model, **options: given.update(options, model=model)
    )
    WorkerSettings(model="pocket", threads=6).load()
    assert (given["model"], given["threads"]) == ("pocket", 6)


def test_a_store_that_fails_is_asked_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    fsspec = pytest.importorskip("fsspec")
    clip, asked = write_clip(tmp_path / "a.wav"), []

    def failing(url: str, mode: str) -> object:
        asked.append(url)
        if len(asked) < 3:
            raise OSError("the store is busy")
        return clip.open(mode)

    monkeypatch.setattr(fsspec, "open", failing)
    assert fetched("s3://bucket/a.wav", pause_s=0.0) == clip.read_bytes()
    assert len(asked) == 3
    monkeypatch.setattr(fsspec, "open", lambda *_: (_ for _ in ()).throw(OSError("the store is down")))
    with pytest.raises(AudioNotFoundError, match="cannot be fetched"):
        fetched("s3://bucket/a.wav", pause_s=0.0)
