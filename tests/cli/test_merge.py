"""`enunciate assess --shard` and `enunciate merge`."""

import csv
import json
from pathlib import Path

from support.command_line import run
from support.fake_assessor import FakeAssessor, write_clip


def test_shares_are_merged_into_the_list_in_any_form(fake: FakeAssessor, tmp_path: Path) -> None:
    rows = [{"audio": f"{n}.wav", "text": "I think so"} for n in range(6)]
    for row in rows:
        write_clip(tmp_path / row["audio"])
    manifest = tmp_path / "m.jsonl"
    manifest.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    parts = [tmp_path / f"{k}.jsonl" for k in (1, 2)]
    for k, part in enumerate(parts, start=1):
        assert run("assess", "--manifest", manifest, "--shard", f"{k}/2", "--out", part).exit_code == 0
    merged = run(
        *("merge", *parts, "--manifest", manifest, "--out", tmp_path / "all.csv"),
        *("--format", "csv", "--level", "utterances"),
    )
    assert merged.exit_code == 0, merged.output
    assert merged.stdout.startswith("6 clips written to")
    with (tmp_path / "all.csv").open(newline="") as table:
        assert [row["id"] for row in csv.DictReader(table)] == [f"{n}.wav" for n in range(6)]
    assert run("merge", parts[0], "--manifest", manifest, "--out", tmp_path / "x.jsonl").exit_code == 2


def test_a_share_needs_several_clips(fake: FakeAssessor, clip: Path) -> None:
    refused = run("assess", clip, "--shard", "1/2")
    assert refused.exit_code == 2
    assert "--shard is for several clips" in refused.stderr
