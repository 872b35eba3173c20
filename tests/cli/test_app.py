"""The command line, with an engine that has no weights."""

import csv
import io
import json
import sys
import tomllib
from pathlib import Path

import pytest
from support.fake_assessor import FakeAssessor, write_clip
from support.paths import RECIPES, REPOSITORY
from typer.testing import CliRunner, Result

import enunciate
from enunciate import engines
from enunciate.cli import environment
from enunciate.cli.app import app
from enunciate.schema import Assessment


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeAssessor:
    """What `load_assessor` gives, whatever it is asked for."""
    engine = FakeAssessor()
    monkeypatch.setattr(engines, "load_assessor", lambda *_args, **_options: engine)
    return engine


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return write_clip(tmp_path / "a.wav")


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def one_line(result: Result) -> str:
    """The error of a run that failed as a user's mistake should: one line, nothing on stdout, code 2."""
    assert result.exit_code == 2, result.output
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""
    return result.stderr


# --------------------------------------------------------------------------------------- one clip


def test_a_table_by_default(fake: FakeAssessor, clip: Path) -> None:
    result = run("assess", clip, "--text", "I think so")
    assert result.exit_code == 0, result.output
    assert "I think* so" in result.stdout
    assert "S 87%" in result.stdout
    assert result.stderr == ""


def test_json_is_exactly_the_assessment(fake: FakeAssessor, clip: Path) -> None:
    result = run("assess", clip, "--text", "I think so", "--format", "json")
    found = Assessment.model_validate_json(result.stdout)
    assert found.id == str(clip)
    assert found.text == "I think so"
    assert json.loads(result.stdout) == found.model_dump(mode="json")


def test_csv(fake: FakeAssessor, clip: Path) -> None:
    result = run("assess", clip, "--text", "I think so", "--format", "csv", "--phones", "ipa")
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert [row["phone"] for row in rows][:3] == ["aɪ", "θ", "ɪ"]
    assert [row["heard"] for row in rows][:3] == ["aɪ", "s", "ɪ"]


def test_without_text(fake: FakeAssessor, clip: Path) -> None:
    result = run("assess", clip, "--phones", "ipa")
    assert "h  ʌ  l  oʊ" in result.stdout
    assert "warning: no text was given" in result.stdout


@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_out_takes_what_would_be_printed(
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


def test_model_and_lexicon_go_to_the_engine(clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(engines, "load_assessor", lambda *a, **k: asked.append((a, k)) or FakeAssessor())
    run("assess", clip, "--model", "weights/mine", "--lexicon", "words.txt")
    assert asked == [(("weights/mine",), {"lexicon": Path("words.txt")})]


def test_a_bad_clip_is_one_line_and_code_2(fake: FakeAssessor, tmp_path: Path) -> None:
    assert "there is no such file" in one_line(run("assess", tmp_path / "none.wav"))


def test_an_output_that_cannot_be_written(fake: FakeAssessor, clip: Path, tmp_path: Path) -> None:
    assert "cannot write to" in one_line(run("assess", clip, "--out", tmp_path / "none" / "x.json"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "either audio files or --manifest"),
        (("a.wav", "--manifest", "m.jsonl"), "either audio files or --manifest"),
        (("--manifest", "m.jsonl", "--text", "hi"), "a manifest holds its own texts"),
        (("a.wav", "b.wav", "--format", "csv"), "--format csv is for one clip"),
        (("a.wav", "--out", "a.wav"), "would write over the clip"),
    ],
)
def test_options_that_do_not_go_together(arguments: tuple[str, ...], message: str) -> None:
    result = run("assess", *arguments)
    assert result.exit_code == 2
    assert message in result.stderr


# -------------------------------------------------------------------------------------- many clips


def test_several_clips_are_rows_on_stdout(fake: FakeAssessor, tmp_path: Path) -> None:
    clips = [write_clip(tmp_path / f"{n}.wav") for n in range(3)]
    result = run("assess", *clips, "--text", "I think so")
    assert result.exit_code == 0
    rows = [Assessment.model_validate_json(line) for line in result.stdout.splitlines()]
    assert [(row.id, row.text) for row in rows] == [(str(path), "I think so") for path in clips]
    assert result.stderr == ""


def test_a_manifest_with_a_bad_clip_goes_on_and_ends_with_code_2(fake: FakeAssessor, tmp_path: Path) -> None:
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
    assert result.stderr == (
        'error: 2 of 3 clips could not be assessed: their rows say why, under "error".\n'
    )


def test_a_run_that_was_stopped_says_what_is_kept_and_goes_on(fake: FakeAssessor, tmp_path: Path) -> None:
    clips = [write_clip(tmp_path / f"{n}.wav") for n in range(3)]
    out = tmp_path / "out.jsonl"
    fake.stop_before = str(clips[2])
    stopped = run("assess", *clips, "--out", out)
    assert stopped.exit_code == 130
    assert stopped.stderr == (
        f"stopped: what was assessed is kept in {out}; the same command goes on from there\n"
    )
    fake.stop_before = None
    fake.assessed.clear()
    again = run("assess", *clips, "--out", out)
    assert again.exit_code == 0, again.output
    assert fake.assessed == [str(clips[2])]
    assert len(out.read_text().splitlines()) == 3


def test_failures_of_an_earlier_run_still_count(fake: FakeAssessor, clip: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    for _ in range(2):
        result = run("assess", clip, tmp_path / "none.wav", "--out", out)
        assert f"delete their rows from {out} and run this again" in one_line(result)


def test_a_broken_manifest_is_one_line(fake: FakeAssessor, tmp_path: Path) -> None:
    (tmp_path / "m.jsonl").write_text('{"audio": "a.wav"}\n{"text": "hi"}\n')
    assert "line 2" in one_line(run("assess", "--manifest", tmp_path / "m.jsonl"))


def test_ctrl_c_with_one_clip(fake: FakeAssessor, clip: Path) -> None:
    fake.stop_before = str(clip)
    result = run("assess", clip)
    assert (result.exit_code, result.stderr) == (130, "stopped: nothing was kept but what is printed\n")


# -------------------------------------------------------------------------------- the other commands


def test_evaluate_needs_a_corpus(fake: FakeAssessor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ENUNCIATE_CORPUS", raising=False)
    assert "--corpus" in run("evaluate", "--out", tmp_path).stderr
    monkeypatch.setenv("ENUNCIATE_CORPUS", str(tmp_path / "none"))
    assert "is not a folder" in one_line(run("evaluate", "--out", tmp_path))


def test_evaluate_names_the_missing_extra(
    fake: FakeAssessor, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "scipy", None)
    message = one_line(run("evaluate", "--corpus", corpus, "--out", tmp_path / "out"))
    assert "pip install 'enunciate[eval]'" in message


def test_evaluate_writes_and_shows_the_figures(fake: FakeAssessor, corpus: Path, tmp_path: Path) -> None:
    pytest.importorskip("scipy")
    pytest.importorskip("kaldialign")
    result = run("evaluate", "--corpus", corpus, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("2 utterances of 2 speakers, 0 failed")
    assert json.loads((tmp_path / "out" / "results.json").read_text())["n_utterances"] == 2


def test_evaluate_takes_part_of_a_corpus(fake: FakeAssessor, corpus: Path, tmp_path: Path) -> None:
    everything = run("evaluate", "--corpus", corpus, "--out", tmp_path / "all")
    assert everything.exit_code == 0, everything.output
    first = json.loads((tmp_path / "all" / "predictions.jsonl").read_text().splitlines()[0])["id"]
    (tmp_path / "held_out.json").write_text(json.dumps({"dev": [], "report": [first]}))
    options = ("evaluate", "--corpus", corpus, "--only", tmp_path / "held_out.json", "--out")
    assert run(*options, tmp_path / "part").stdout.startswith("1 utterances of 1 speakers")
    (tmp_path / "held_out.json").write_text('["nobody"]')
    assert "nobody for one" in one_line(run(*options, tmp_path / "none"))


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Speechocean762 in little: two clips that say "I", in the test split."""
    root = tmp_path / "corpus"
    (root / "test").mkdir(parents=True)
    (root / "resource").mkdir()
    tables: dict[str, list[str]] = {"wav.scp": [], "text": [], "utt2spk": [], "spk2age": [], "spk2gender": []}
    labels = {}
    for n in (1, 2):
        write_clip(root / f"{n}.wav")
        tables["wav.scp"].append(f"u{n}\t{n}.wav")
        tables["text"].append(f"u{n}\tI")
        tables["utt2spk"].append(f"u{n}\ts{n}")
        tables["spk2age"].append(f"s{n}\t20")
        tables["spk2gender"].append(f"s{n}\tf")
        word = {
            "text": "I",
            "phones": ["AY0"],
            "phones-accuracy": [2],
            "accuracy": 9,
            "stress": 10,
            "total": 9,
        }
        scores = dict.fromkeys(("accuracy", "fluency", "prosodic", "total"), 4 + n)
        labels[f"u{n}"] = {"text": "I", "words": [word], "completeness": 10, **scores}
    for name, lines in tables.items():
        (root / "test" / name).write_text("\n".join(lines) + "\n")
    (root / "resource" / "scores.json").write_text(json.dumps(labels))
    return root


def test_train_lists_every_problem_of_a_recipe(tmp_path: Path) -> None:
    recipe = tmp_path / "r.yaml"
    recipe.write_text("kind: recogniser\nsteps: none\ntypo: 1\n")
    result = run("train", recipe, "seed=x", "oops")
    assert (result.exit_code, result.stdout) == (2, "")
    first, *problems = result.stderr.splitlines()
    assert first.startswith("error: ")
    assert sorted(line.strip().split(":")[0] for line in problems) == [
        "corpus", "oops", "out", "seed", "steps", "typo",
    ]  # fmt: skip


def test_train_names_the_missing_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = tmp_path / "r.yaml"
    recipe.write_text("kind: recogniser\ncorpus: c\nout: o\n")
    for name in [name for name in sys.modules if name.split(".")[0] == "torch" or "train_recogniser" in name]:
        monkeypatch.delitem(sys.modules, name)
    for package in ("torch", "kaldialign", "safetensors"):
        monkeypatch.setitem(sys.modules, package, None)
    assert "pip install 'enunciate[train]'" in one_line(run("train", recipe))


def test_version_and_help() -> None:
    assert run("--version").stdout == f"enunciate {enunciate.__version__}\n"
    shown = run("train", "--help").stdout
    assert "pip install 'enunciate[train]'" in shown


def test_info_says_what_a_bug_report_needs(fake: FakeAssessor) -> None:
    result = run("info")
    assert result.exit_code == 0
    lines = dict(line.split(": ", maxsplit=1) for line in result.stdout.splitlines())
    assert lines["model"] == "fake 1"
    assert enunciate.__version__ in lines["enunciate"]
    assert {"Python", "platform", "ONNX Runtime providers", "CPU threads", "torch"} <= set(lines)
    assert any(name.startswith("packages") for name in lines)


def test_info_survives_an_engine_that_cannot_be_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("no such library")

    monkeypatch.setattr(engines, "load_assessor", broken)
    assert "model: cannot be loaded: RuntimeError: no such library" in run("info").stdout


def test_info_sorts_packages_by_extra() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    requirements = list(project["dependencies"])
    for extra, names in project["optional-dependencies"].items():
        requirements += [f"{name} ; extra == '{extra}'" for name in names]
    found = environment.packages_by_extra(requirements)
    assert list(found) == ["core", *project["optional-dependencies"]]
    assert "kaldi-native-fbank" in found["core"]
    assert found["train"][0] == "torch"


def test_recipes_lists_them_and_prints_one() -> None:
    listed = run("recipes").stdout.splitlines()
    assert listed[0].split() == ["recipe", "kind"]
    assert any(line.split()[:2] == ["phi4-lora", "phi4"] for line in listed)
    assert run("recipes", "gop").stdout == (RECIPES / "gop.yaml").read_text(encoding="utf-8")
    assert "enunciate recipes" in run("recipes", "none").stderr


def test_train_takes_a_recipe_by_its_name() -> None:
    result = run("train", "gop", "folds=x", "typo=1")
    assert result.exit_code == 2
    assert result.stderr.startswith("error: the recipe cannot be used:\n  ")
