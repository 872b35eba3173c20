"""What a row needs and a machine lacks, each with the way to get it."""

import pytest
from support.paths import RECIPES

from enunciate.benchmark import requirements
from enunciate.benchmark.plan import choose_rows, read_plan
from enunciate.benchmark.requirements import missing_checkpoint, missing_requirements
from enunciate.benchmark.stages import resolve_recipe, stage_runs

PLAN = read_plan(RECIPES / "benchmark.yaml")


def missing(name, folder):
    (row,) = choose_rows(PLAN, [name])
    stages = stage_runs(row, PLAN, "official", [])
    folders = {run.key.rpartition("/")[2]: folder / run.key for run in stages}
    recipes = [resolve_recipe(run, folder, folder / run.key, folders) for run in stages]
    return missing_requirements(row, recipes, None, list(folders.values()))


def test_each_requirement_that_is_missing_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(requirements, "find_spec", lambda name: None)
    problems = missing("pocket", tmp_path)

    for part in ("enunciate[train]", "enunciate[eval]", "there is no build/formant", "GPU"):
        assert any(part in problem for problem in problems), part


def test_the_folders_that_earlier_stages_write_need_not_exist(tmp_path):
    assert not any(str(tmp_path) in problem for problem in missing("gop", tmp_path))


def test_a_folder_with_a_checkpoint_is_not_missing(tmp_path):
    (tmp_path / "config.json").write_text("{}")

    assert missing_checkpoint(str(tmp_path), None) == []


def test_a_checkpoint_is_never_downloaded_unasked(tmp_path):
    assert "not a folder" in missing_checkpoint(str(tmp_path / "none"), None)[0]
    assert "hf download" in missing_checkpoint("nobody/such-a-model", None)[0]


@pytest.mark.parametrize("name", ["whisper", "both"])
def test_engines_with_whisper_need_a_base_of_this_machine(name, tmp_path, monkeypatch):
    (row,) = choose_rows(PLAN, ["pocket"])
    monkeypatch.setenv("ENUNCIATE_WHISPER", str(tmp_path))
    (problem,) = missing_requirements(row, [], name, [])
    assert "no Whisper in it" in problem

    for file in ("tokenizer.json", "model.bin"):
        (tmp_path / file).write_bytes(b"")
    assert missing_requirements(row, [], name, []) == []
    assert missing_requirements(row, [], "pocket", []) == []


def test_recordings_are_sent_to_a_server_only_where_one_is_named(monkeypatch):
    (row,) = choose_rows(PLAN, ["gpt-4o-audio"])
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    (problem,) = missing_requirements(row, [], row.weights, [])
    assert "set OPENAI_BASE_URL" in problem

    monkeypatch.setenv("OPENAI_BASE_URL", "http://localhost:8000/v1")
    assert missing_requirements(row, [], row.weights, []) == []
