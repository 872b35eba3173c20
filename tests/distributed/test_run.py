"""Runs on a cluster of two nodes, which are processes here, and what they survive."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.command_line import run
from support.fake_assessor import write_clip
from support.paths import REPOSITORY
from support.tars import write_tar

from enunciate.distributed.part_folder import part_files, rows_of_parts

pytest.importorskip("ray", reason="ray is not installed: pip install 'enunciate[ray]'")
pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
DRIVER = Path(__file__).parents[1] / "support" / "ray_driver.py"
N_CLIPS = 200


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """The address of two nodes with two cores each."""
    from ray.cluster_utils import Cluster

    paths = os.pathsep.join(str(REPOSITORY / name) for name in ("src", "tests"))
    patch = pytest.MonkeyPatch()
    patch.setenv("PYTHONPATH", paths)
    patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    store = {"num_cpus": 2, "object_store_memory": 100_000_000}
    nodes = Cluster(initialize_head=True, head_node_args=store | {"include_dashboard": False})
    nodes.add_node(**store)
    patch.setenv("RAY_ADDRESS", nodes.address)
    yield nodes.address
    nodes.shutdown()
    patch.undo()


def start(manifest: Path, out: Path, delay_s: float = 0.0) -> subprocess.Popen[str]:
    command = [sys.executable, str(DRIVER), str(manifest), str(out), str(out.parent), str(delay_s)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(driver: subprocess.Popen[str]) -> dict[str, int]:
    stdout, stderr = driver.communicate(timeout=300)
    assert driver.returncode == 0, stderr[-4000:]
    return json.loads(next(line for line in stdout.splitlines() if line.startswith("{")))  # Ray prints, too


def wait_for(what: Callable[[], bool], driver: subprocess.Popen[str]) -> None:
    while not what():
        assert driver.poll() is None, "the driver has ended before it could be disturbed"
        time.sleep(0.05)


def assessed(folder: Path) -> list[str]:
    """The lines of the engines' log: a process and a clip."""
    log = folder / "log"
    return log.read_text().splitlines() if log.exists() else []


def ids_of(out: Path) -> list[str]:
    return sorted(json.loads(line)["id"] for line in rows_of_parts(out))


def write_list(folder: Path, ids: list[str]) -> Path:
    clip = write_clip(folder / "a.wav")
    table = pa.table({"id": ids, "audio": [clip.name] * len(ids), "text": ["I think so"] * len(ids)})
    (folder / "list").mkdir()
    half = len(ids) // 2
    pq.write_table(table.slice(0, half), folder / "list" / "0.parquet")
    pq.write_table(table.slice(half), folder / "list" / "1.parquet")
    (folder / "list" / clip.name).symlink_to(clip)
    return folder / "list"


IDS = [f"c{number:03}" for number in range(N_CLIPS)]


def test_a_killed_driver_loses_nothing_and_does_nothing_twice(cluster: str, tmp_path: Path):
    manifest, out = write_list(tmp_path, IDS), tmp_path / "out"
    driver = start(manifest, out, delay_s=0.05)
    wait_for(lambda: len(part_files(out)) > 1, driver)
    driver.send_signal(signal.SIGKILL)
    driver.wait()
    counts = finish(start(manifest, out))
    assert ids_of(out) == IDS
    assert 80 <= counts["n_kept"] < N_CLIPS
    assert (counts["n_clips"], counts["n_failed"]) == (N_CLIPS, 0)
    again = finish(start(manifest, out))
    assert (again["n_kept"], ids_of(out)) == (N_CLIPS, IDS)


def test_a_killed_worker_is_replaced(cluster: str, tmp_path: Path):
    manifest, out = write_list(tmp_path, IDS), tmp_path / "out"
    driver = start(manifest, out, delay_s=0.05)
    wait_for(lambda: len(assessed(tmp_path)) > 60, driver)
    victim = int(assessed(tmp_path)[-1].split()[0])
    os.kill(victim, signal.SIGKILL)
    counts = finish(driver)
    assert ids_of(out) == IDS
    assert counts["n_failed"] == 0
    assert len({line.split()[0] for line in assessed(tmp_path)}) == 3


def test_a_clip_that_kills_every_worker_has_a_row_and_its_neighbours_are_assessed(
    cluster: str, tmp_path: Path
):
    ids = [*IDS[:40], "poison", "stumble"]
    counts = finish(start(write_list(tmp_path, ids), tmp_path / "out"))
    assert counts == {"n_clips": 42, "n_kept": 0, "n_failed": 1}
    assert ids_of(tmp_path / "out") == sorted(ids)
    rows = {row["id"]: row for row in map(json.loads, rows_of_parts(tmp_path / "out"))}
    assert rows["poison"]["error"]["code"] == "worker_died"


def test_tars_of_webdataset_are_lists(cluster: str, tmp_path: Path):
    content = write_clip(tmp_path / "a.wav").read_bytes()
    members = {"1.txt": b"I left", "1.wav": content, "2.wav": content, "3.txt": b"so"}
    write_tar(tmp_path / "clips.tar", **members)
    counts = finish(start(tmp_path / "clips.tar", tmp_path / "out"))
    assert counts == {"n_clips": 3, "n_kept": 0, "n_failed": 1}
    rows = {row["id"]: row for row in map(json.loads, rows_of_parts(tmp_path / "out"))}
    assert rows["1"]["text"] == "I left"
    assert rows["2"]["text"] is None
    assert rows["3"]["error"]["code"] == "audio_empty"


def test_a_list_that_cannot_be_read_to_its_end_is_refused(cluster: str, tmp_path: Path):
    tar = write_tar(tmp_path / "clips.tar", **{"1.wav": b"1" * 5000, "2.wav": b"2" * 5000})
    tar.write_bytes(tar.read_bytes()[:7000])
    driver = start(tar, tmp_path / "out")
    _, stderr = driver.communicate(timeout=300)
    assert driver.returncode == 1
    assert "ManifestError: the list cannot be read:" in stderr


def test_the_command_writes_parts_that_merge_makes_into_any_form(
    cluster: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("RAY_ADDRESS")  # a machine of its own, though a cluster runs on it
    example = REPOSITORY / "examples" / "i_think_the_weather_is_nice.flac"
    lines = [{"audio": str(example), "text": "I think the weather is nice today.", "id": id} for id in "ab"]
    manifest = tmp_path / "m.jsonl"
    manifest.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    out = tmp_path / "out"
    command = [sys.executable, "-m", "enunciate", "assess", "--manifest", manifest, "--out", out]
    done = subprocess.run(
        [*command, "--engine", "ray", "--workers", "1"], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-4000:]
    assert done.stdout == f"2 clips in {out}, 2 of them new\n"
    merged = run("merge", out, "--manifest", manifest, "--out", tmp_path / "x.jsonl")
    assert merged.exit_code == 0, merged.output
    assert run("assess", "--manifest", manifest, "--out", tmp_path / "y.jsonl").exit_code == 0
    assert (tmp_path / "x.jsonl").read_text() == (tmp_path / "y.jsonl").read_text()
