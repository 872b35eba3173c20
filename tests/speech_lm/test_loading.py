"""From a folder to an engine: an adapter, an untrained checkpoint, or a broken folder, which is refused."""

from pathlib import Path

import pytest
import soundfile as sf
from support.speech_lm_cases import spoken_clip
from support.speech_lm_runs import run_python
from typer.testing import CliRunner

from enunciate.cli.app import app
from enunciate.corpus.labels import heard_phones
from enunciate.engines import load_assessor
from enunciate.errors import ModelNotFoundError, RecipeError
from enunciate.evaluation.run import evaluate
from enunciate.phones import PHONES
from enunciate.schema import ASPECTS, Assessment, Clip, HumanScores, ReferenceWord, Utterance
from enunciate.speech_lm import loading
from enunciate.speech_lm.assessor import SpeechLmAssessor
from enunciate.speech_lm.decoding.static_decoding import StaticDecoding
from enunciate.speech_lm.loading import read_description

pytestmark = pytest.mark.slow

RUN = """
import sys
from pathlib import Path
from enunciate.cli.app import app

modules, *arguments = sys.argv[1:]
assert not app(arguments, standalone_mode=False)
names = [name for name in sys.modules if name.startswith("enunciate.")]
found = [name for name in names if "training" in name.split(".") or name == "enunciate.trainers"]
Path(modules).write_text("\\n".join(found))
"""


def utterance(text: str | None, duration_s: float = 0.6, id: str = "a", **fields) -> Utterance:
    audio = Clip(samples=spoken_clip(duration_s), sample_rate_hz=16_000)
    return Utterance(id=id, audio=audio, text=text, **fields)


@pytest.fixture(scope="module")
def untouched(checkpoint: Path) -> SpeechLmAssessor:
    return load_assessor(checkpoint)


@pytest.fixture(scope="module")
def tiny(tiny_adapter: Path) -> SpeechLmAssessor:
    found = load_assessor(tiny_adapter)
    assert isinstance(found, SpeechLmAssessor)
    return found


def test_an_adapter_folder_is_an_engine_whose_answers_all_parse(tiny: SpeechLmAssessor) -> None:
    given = [utterance("Yes", id="a"), utterance(None, id="b"), utterance("Good day", id="c")]
    found = tiny.assess(given)
    assert [one.id for one in found] == ["a", "b", "c"]
    for one in found:
        assert one.unparsable == ()
        assert one.transcript is not None
        assert one.accuracy is not None and one.accuracy.distribution is not None
        assert one.accuracy.most_likely is not None
    assert [bool(one.words) for one in found] == [True, False, True]


def test_a_clip_is_assessed_alone_as_among_others(tiny: SpeechLmAssessor) -> None:
    given = [utterance("Good day", id=str(i), duration_s=0.4 + 0.3 * i) for i in range(3)]
    together = tiny.assess(given)
    for one, other in zip(given, together, strict=True):
        (alone,) = tiny.assess([one])
        assert alone.transcript == other.transcript
        assert [p.heard for p in alone.phones] == [p.heard for p in other.phones]
        assert alone.total is not None and other.total is not None
        assert alone.total.value == pytest.approx(other.total.value, abs=1e-4)


def test_engines_decode_in_static_passes_where_that_pays_and_say_the_same(
    checkpoint: Path, tiny_adapter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = [utterance("Good day", id=str(i), duration_s=0.4 + 0.3 * i) for i in range(3)]
    made = []
    monkeypatch.setattr(
        StaticDecoding, "begin", lambda *a, begin=StaticDecoding.begin: made.append(1) or begin(*a)
    )
    for folder in (tiny_adapter, checkpoint):
        plain = load_assessor(folder).assess(given)
        assert not made, "not on a CPU"
        with monkeypatch.context() as on_a_gpu:
            on_a_gpu.setattr(loading, "pays_on", lambda device: True)
            found = load_assessor(folder).assess(given)
        assert made
        made.clear()
        for one, other in zip(found, plain, strict=True):
            assert one.transcript == other.transcript
            assert [answer.raw for answer in one.unparsable] == [answer.raw for answer in other.unparsable]
            totals = [None if a.total is None else a.total.value for a in (one, other)]
            assert totals[0] == pytest.approx(totals[1], abs=1e-4)


def test_names_tell_adapters_apart(tiny: SpeechLmAssessor, make_adapter, tmp_path: Path) -> None:
    other = load_assessor(make_adapter(tmp_path / "adapter"))
    assert tiny.name.startswith("phi4 adapter")
    assert other.name.startswith("phi4 adapter") and other.name != tiny.name


def test_a_folder_with_a_checkpoint_is_the_untouched_baseline(untouched: SpeechLmAssessor) -> None:
    assert untouched.name.endswith("untouched")
    (found,) = untouched.assess([utterance("Yes", duration_s=0.5)])
    # Random weights do not write JSON by themselves.
    assert {answer.task for answer in found.unparsable} == {"apa", "mdd"}
    assert found.total is None and found.words == ()


def test_an_adapter_and_the_baseline_are_evaluated(
    tiny: SpeechLmAssessor, untouched: SpeechLmAssessor, tmp_path: Path
) -> None:
    corpus = [
        utterance(
            "Good day",
            id=str(i),
            duration_s=0.4 + 0.04 * i,
            speaker=f"s{i % 3}",
            scores=HumanScores(**dict.fromkeys(ASPECTS, i)),
            words=(
                ReferenceWord(text="GOOD", phones=("G", "UH1", "D"), phone_scores=(2, 2, 0.2 * i)),
                ReferenceWord(text="DAY", phones=("D", "EY1"), phone_scores=(2, 1.8)),
            ),
        )
        for i in range(6)
    ]
    assert heard_phones(corpus[0])[2] == "<unk>"
    found = evaluate(tiny, corpus, tmp_path / "adapter")
    assert (found.n_failed, found.n_unparsable) == (0, 0)
    assert found.apa.total.n_unanswered == 0
    assert None not in (found.wer, found.per, found.phone_match.f1, found.mdd.recall)
    assert found.calibration.total.n == 6
    baseline = evaluate(untouched, corpus, tmp_path / "baseline")
    assert (baseline.n_unparsable_apa, baseline.n_unparsable_mdd) == (6, 6)
    assert (baseline.wer, baseline.per, baseline.mdd.recall) == (1, 1, 0)
    assert baseline.apa.total.n_unanswered == 6


def test_the_command_line_takes_an_adapter(tiny_adapter: Path, tmp_path: Path) -> None:
    sf.write(tmp_path / "a.wav", spoken_clip(0.6), 16_000)
    options = [str(tmp_path / "a.wav"), "--text", "Yes", "--model", str(tiny_adapter)]
    as_json = CliRunner().invoke(app, ["assess", *options, "--format", "json"])
    assert as_json.exit_code == 0, as_json.output
    found = Assessment.model_validate_json(as_json.stdout)
    assert found.transcript is not None and found.total is not None
    table = CliRunner().invoke(app, ["assess", *options, "--phones", "ipa"])
    assert table.exit_code == 0, table.output
    assert "words heard" in table.stdout
    unknown = CliRunner().invoke(app, ["assess", *options, "--text", "你好 ok"])
    assert unknown.exit_code == 2 and unknown.stderr.startswith("error: no English words: 你好")


@pytest.mark.parametrize("config", [None, "{", "[]", '{"model_type": "llama"}'])
def test_a_folder_with_another_model_is_no_model(tmp_path: Path, config: str | None) -> None:
    if config is not None:
        (tmp_path / "config.json").write_text(config)
    with pytest.raises(ModelNotFoundError, match="no such model"):
        load_assessor(tmp_path)


@pytest.mark.slow
def test_a_new_process_prints_the_answer_alone_and_imports_nothing_of_training(
    tiny_adapter: Path, tmp_path: Path
) -> None:
    sf.write(tmp_path / "a.wav", spoken_clip(0.6), 16_000)
    command = ["assess", tmp_path / "a.wav", "--text", "Yes", "--model", tiny_adapter, "--format", "json"]
    done = run_python("-c", RUN, tmp_path / "modules", *command)
    assert done.stderr == ""
    assert Assessment.model_validate_json(done.stdout).transcript is not None
    assert (tmp_path / "modules").read_text() == ""


def test_a_missing_package_names_the_extra(tiny_adapter: Path) -> None:
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "from enunciate.engines import load_assessor\n"
        "from enunciate.errors import MissingExtraError\n"
        f"try: load_assessor({str(tiny_adapter)!r})\n"
        "except MissingExtraError as error: print(error)"
    )
    done = run_python("-c", code)
    assert done.stdout == "torch is not installed: pip install 'enunciate[llm]'\n", done.stderr


def test_phones_of_an_adapter_are_of_the_known_set(tiny: SpeechLmAssessor) -> None:
    (phones,) = tiny.recognise([utterance(None)])
    assert {phone.rstrip("*") for phone in phones} <= {*PHONES, "<unk>"}


def test_an_adapter_without_its_recipe_is_refused(tiny_adapter: Path, tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").write_bytes((tiny_adapter / "adapter_config.json").read_bytes())
    with pytest.raises(ModelNotFoundError, match=r"no recipe\.json"):
        load_assessor(tmp_path)


def test_every_problem_of_a_saved_recipe_is_named(tiny_adapter: Path, tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").write_bytes((tiny_adapter / "adapter_config.json").read_bytes())
    (tmp_path / "recipe.json").write_text(
        '{"kind": "phi4", "tasks": ["poetry"], "precision": "half", "prompt": {"colour": "red"}}'
    )
    with pytest.raises(RecipeError) as caught:
        load_assessor(tmp_path)
    keys = {problem.split(":")[0] for problem in caught.value.problems}
    assert keys >= {"tasks.0", "precision", "prompt.colour"}


def test_a_saved_recipe_may_have_values_that_only_training_knows(tiny_adapter: Path, tmp_path: Path) -> None:
    (tmp_path / "recipe.json").write_text('{"kind": "phi4", "tasks": ["mdd"], "epochs": 3, "later": true}')
    assert read_description(tmp_path).tasks == ("mdd",)
