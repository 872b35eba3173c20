"""`enunciate assess`, with an engine that has no weights."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.text import Text
from support.command_line import error_line, run
from support.fake_assessor import FakeAssessor, write_clip

from enunciate import engines
from enunciate.progress import Progress
from enunciate.schema import Assessment, Utterance

# --------------------------------------------------------------------------------------- one clip


def test_one_clip_is_shown_as_a_table(fake: FakeAssessor, clip: Path) -> None:
    result = run("assess", clip, "--text", "I think so")
    assert result.exit_code == 0, result.output
    assert "I think* so" in result.stdout
    assert "S 87%" in result.stdout
    assert result.stderr == ""


def test_json_is_exactly_the_assessment(fake: FakeAssessor, clip: Path) -> None:
    result = run("assess", clip, "--text", "I think so", "--format", "json")
    assessment = Assessment.model_validate_json(result.stdout)
    assert assessment.id == str(clip)
    assert assessment.text == "I think so"
    assert json.loads(result.stdout) == assessment.model_dump(mode="json")


def test_csv_has_a_row_per_phone(fake: FakeAssessor, clip: Path) -> None:
    result = run("assess", clip, "--text", "I think so", "--format", "csv", "--phones", "ipa")
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert [row["phone"] for row in rows][:3] == ["aɪ", "θ", "ɪ"]
    assert [row["heard"] for row in rows][:3] == ["aɪ", "s", "ɪ"]


def test_without_a_text_the_phones_heard_are_shown(fake: FakeAssessor, clip: Path) -> None:
    result = run("assess", clip, "--phones", "ipa")
    assert "h  ʌ  l  oʊ" in result.stdout
    assert "warning: no text was given" in result.stdout


class StreamingFake(FakeAssessor):
    """Hears a second at a time."""

    def assess_stream(self, utterance: Utterance, progress: Progress | None = None) -> Iterator[Assessment]:
        (whole,) = self.assess([utterance])
        for second in range(round(whole.duration_s)):
            if progress:
                progress(second + 1, round(whole.duration_s))
        yield whole


@pytest.mark.parametrize(
    ("terminal", "duration_s", "shown"), [(True, 30, True), (True, 3, False), (False, 30, False)]
)
def test_a_long_reading_shows_its_progress_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, terminal: bool, duration_s: float, shown: bool
) -> None:
    monkeypatch.setattr(engines, "load_assessor", lambda *_args, **_options: StreamingFake())
    if terminal:
        monkeypatch.setenv("FORCE_COLOR", "1")
    result = run("assess", write_clip(tmp_path / "a.wav", duration_s), "--text", "I think so")
    assert result.exit_code == 0, result.output
    assert "I think" in Text.from_ansi(result.stdout).plain
    if shown:
        assert "seconds heard" in result.stderr and "30/30" in Text.from_ansi(result.stderr).plain
    else:
        assert result.stderr == ""


@pytest.mark.parametrize("form", ["table", "json", "csv", "textgrid"])
def test_out_receives_what_would_be_printed(
    fake: FakeAssessor, clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    out = tmp_path / "result"
    printed = run("assess", clip, "--text", "I think so", "--format", form)
    written = run("assess", clip, "--text", "I think so", "--format", form, "--out", out)
    assert (written.exit_code, written.stdout) == (0, "")
    assert [line.rstrip() for line in out.read_text().splitlines()] == [
        line.rstrip() for line in printed.stdout.splitlines()
    ]


def test_model_and_lexicon_are_passed_to_the_engine(clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(engines, "load_assessor", lambda *a, **k: asked.append((a, k)) or FakeAssessor())
    run("assess", clip, "--model", "weights/mine", "--lexicon", "words.txt", "--weights", "int8")
    run("assess", clip, "--model", "weights/mine", "--compile-layers", "--threads", 4)
    usual = {
        "lexicon": None,
        "base_url": None,
        "served_adapter": None,
        "weights": "full",
        "compile_layers": False,
        "threads": 1,
    }
    rounded = usual | {"lexicon": Path("words.txt"), "weights": "int8"}
    assert asked == [
        (("weights/mine",), rounded),
        (("weights/mine",), usual | {"compile_layers": True, "threads": 4}),
    ]


def test_the_accent_is_that_of_the_utterance(clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    accents = []

    class Listening(FakeAssessor):
        def assess(self, utterances):
            accents.extend(utterance.accent for utterance in utterances)
            return super().assess(utterances)

    monkeypatch.setattr(engines, "load_assessor", lambda *_args, **_options: Listening())
    for options in ([], ["--accent", "gb"], ["--accent", "any"]):
        assert run("assess", clip, "--text", "a car", *options).exit_code == 0
    assert accents == ["us", "gb", "any"]
    assert run("assess", clip, "--accent", "scots").exit_code == 2


def test_a_bad_clip_ends_with_one_line_and_code_2(fake: FakeAssessor, tmp_path: Path) -> None:
    assert "there is no such file" in error_line(run("assess", tmp_path / "none.wav"))


def test_an_output_that_cannot_be_written_is_one_line(fake: FakeAssessor, clip: Path, tmp_path: Path) -> None:
    assert "cannot write to" in error_line(run("assess", clip, "--out", tmp_path / "none" / "x.json"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "either audio files or --manifest"),
        (("a.wav", "--manifest", "m.jsonl"), "either audio files or --manifest"),
        (("--manifest", "m.jsonl", "--text", "hi"), "in a manifest, each line has its own"),
        (("a.wav", "b.wav", "--format", "table"), "--format table is for one clip"),
        (("a.wav", "--format", "parquet"), "--format parquet needs --out"),
        (("a.wav", "b.wav", "--format", "textgrid"), "--format textgrid needs --out"),
        (("a.wav", "--out", "a.wav"), "would overwrite the clip"),
    ],
)
def test_options_that_exclude_each_other_are_refused(arguments: tuple[str, ...], message: str) -> None:
    result = run("assess", *arguments)
    assert result.exit_code == 2
    assert message in result.stderr


# -------------------------------------------------------------------------------------- many clips


def test_several_clips_are_json_lines_on_stdout(fake: FakeAssessor, tmp_path: Path) -> None:
    clips = [write_clip(tmp_path / f"{n}.wav") for n in range(3)]
    result = run("assess", *clips, "--text", "I think so")
    assert result.exit_code == 0
    rows = [Assessment.model_validate_json(line) for line in result.stdout.splitlines()]
    assert [(row.id, row.text) for row in rows] == [(str(path), "I think so") for path in clips]
    assert result.stderr == ""


def test_a_bad_clip_of_a_manifest_gets_a_row_and_code_2(fake: FakeAssessor, tmp_path: Path) -> None:
    write_clip(tmp_path / "a.wav")
    write_clip(tmp_path / "c.wav", duration_s=0.1)
    manifest = tmp_path / "clips.jsonl"
    lines = [{"audio": "none.wav"}, {"audio": "a.wav", "text": "think"}, {"audio": "c.wav", "id": "short"}]
    manifest.write_text("\n".join(json.dumps(line) for line in lines))
    result = run("assess", "--manifest", manifest, "--phones", "ipa")
    assert result.exit_code == 2
    bad, good, short = [json.loads(line) for line in result.stdout.splitlines()]
    assert (bad["id"], bad["audio"]) == ("none.wav", str(tmp_path / "none.wav"))
    assert bad["error"]["code"] == "audio_not_found"
    assert good["phones"][0]["phone"] == "θ"
    assert (short["id"], short["error"]["code"]) == ("short", "audio_too_short")
    assert result.stderr == ('error: 2 of 3 clips could not be assessed: "error" in their rows says why.\n')


def test_a_stopped_run_says_what_is_kept_and_resumes(fake: FakeAssessor, tmp_path: Path) -> None:
    clips = [write_clip(tmp_path / f"{n}.wav") for n in range(3)]
    out = tmp_path / "out.jsonl"
    fake.stop_before = str(clips[2])
    stopped = run("assess", *clips, "--out", out)
    assert stopped.exit_code == 130
    assert stopped.stderr == (f"stopped: what was done is kept in {out}; rerun the same command to resume\n")
    fake.stop_before = None
    fake.assessed.clear()
    resumed = run("assess", *clips, "--out", out)
    assert resumed.exit_code == 0, resumed.output
    assert fake.assessed == [str(clips[2])]
    assert len(out.read_text().splitlines()) == 3


def test_failures_of_an_earlier_run_still_count(fake: FakeAssessor, clip: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    for _ in range(2):
        result = run("assess", clip, tmp_path / "none.wav", "--out", out)
        assert f"delete their rows from {out} and rerun this command" in error_line(result)


def test_a_broken_manifest_ends_with_one_line(fake: FakeAssessor, tmp_path: Path) -> None:
    (tmp_path / "m.jsonl").write_text('{"audio": "a.wav"}\n{"text": "hi"}\n')
    assert "line 2" in error_line(run("assess", "--manifest", tmp_path / "m.jsonl"))


def test_ctrl_c_during_one_clip_ends_with_code_130(fake: FakeAssessor, clip: Path) -> None:
    fake.stop_before = str(clip)
    result = run("assess", clip)
    assert (result.exit_code, result.stderr) == (130, "stopped: nothing was kept\n")
