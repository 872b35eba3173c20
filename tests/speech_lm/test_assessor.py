"""From decoded answers to assessments: with a decoder that says what it is told to, and a tiny model."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from hypothesis import given
from hypothesis import strategies as st
from support.paths import ASSETS, REPOSITORY
from support.speech_lm_cases import clip
from typer.testing import CliRunner

from enunciate.assembly.score_distribution import score_from_distribution
from enunciate.cli.app import app
from enunciate.cli.assessment_table import assessment_table
from enunciate.cli.csv_rows import to_csv
from enunciate.cli.ipa import in_ipa
from enunciate.cli.terminal import as_text
from enunciate.corpus.labels import heard_phones
from enunciate.engines import OnePassAssessor, load_assessor
from enunciate.errors import (
    AudioNotFoundError,
    AudioTooLongError,
    ModelNotFoundError,
    TaskNotTrainedError,
    TextEmptyError,
    TextNotEnglishError,
    TextTooLongError,
    TextUnknownWordsError,
)
from enunciate.evaluation.run import evaluate
from enunciate.phones import PHONES
from enunciate.pocket.assessor import packaged_weights
from enunciate.pocket.phone_timing import PocketAligner
from enunciate.pocket.weights_folder import DESCRIPTION
from enunciate.schema import ASPECTS, Assessment, Clip, HumanScores, ReferenceWord, Utterance
from enunciate.speech_lm.assessor import SpeechLmAssessor, SpeechLmOptions
from enunciate.speech_lm.decoding.decoded_answer import DecodedAnswer
from enunciate.speech_lm.lenient_answers import parse_leniently
from enunciate.speech_lm.targets import ApaAnswer, MddAnswer, Unparsable

SENTENCE = "I think the weather is nice today."
SOUNDS = "AY TH IH NG K DH AH W EH DH ER IH Z N AY S T AH D EY"
SCORES = DecodedAnswer(ApaAnswer(accuracy=8, fluency=7, prosodic=7, total=7), "{...}", None, None)
RAMBLING = DecodedAnswer(Unparsable("I think it was fine", "not JSON"), "I think it was fine")


def told(phones: str, words: str = "i think the weather is nice today", p: float = 0.9) -> DecodedAnswer:
    answer = MddAnswer(word_transcript=words, phoneme_transcript=phones)
    return DecodedAnswer(answer, "{...}", None, (p,) * len(answer.phones))


def unsure(peak: int = 8) -> DecodedAnswer:
    """Three neighbours in the ratio 1:2:1."""
    shares = np.zeros(11)
    shares[peak - 1 : peak + 2] = (0.25, 0.5, 0.25)
    return DecodedAnswer(SCORES.answer, SCORES.raw, dict.fromkeys(ASPECTS, shares))


class FakeDecoder:
    """Answers every clip alike, and notes what it was asked and shown."""

    def __init__(self, apa: DecodedAnswer = SCORES, mdd: DecodedAnswer | None = None) -> None:
        self.answers = {"apa": apa, "mdd": mdd or told(SOUNDS)}
        self.asked: list[tuple[tuple[str, ...], int, list[str | None]]] = []

    def decode_tasks(self, tasks: Sequence[str], items: Sequence[tuple]) -> dict[str, list[DecodedAnswer]]:
        self.asked.append((tuple(tasks), len(items), [text for _, text in items]))
        return {task: [self.answers[task]] * len(items) for task in tasks}


def engine(
    decoder: FakeDecoder | None = None, *, aligner: PocketAligner | None = None, **settings
) -> SpeechLmAssessor:
    return SpeechLmAssessor(
        decoder or FakeDecoder(), "phi4 test", options=SpeechLmOptions(**settings), aligner=aligner
    )


def utterance(text: str | None = SENTENCE, duration_s: float = 2.0, id: str = "a", **fields) -> Utterance:
    audio = Clip(samples=clip(duration_s), sample_rate_hz=16_000)
    return Utterance(id=id, audio=audio, text=text, **fields)


def assess(decoder: FakeDecoder | None = None, given: Utterance | None = None, **settings) -> Assessment:
    (found,) = engine(decoder, **settings).assess([given or utterance()])
    assert Assessment.model_validate_json(found.model_dump_json()) == found
    return found


def codes(found: Assessment) -> list[str]:
    return [notice.code for notice in found.warnings]


@pytest.fixture(scope="module")
def aligner() -> PocketAligner:
    if not (packaged_weights() / DESCRIPTION).is_file():
        pytest.skip(f"no weights in {packaged_weights()}")
    return PocketAligner(packaged_weights())


# ---------------------------------------------------------------------------------------------- scores


def test_a_score_is_the_expectation_beside_the_most_likely_with_its_distribution() -> None:
    found = assess(FakeDecoder(unsure(8)))
    assert found.accuracy is not None
    assert (found.accuracy.value, found.accuracy.most_likely) == (pytest.approx(8), 8)
    assert (found.accuracy.low, found.accuracy.high) == (7, 9)
    assert found.accuracy.distribution is not None
    assert found.accuracy.distribution[7:10] == (0.25, 0.5, 0.25)


def test_the_ends_of_the_interval_are_the_5_and_95_percent_points() -> None:
    shares = [0.04, 0.01, 0.05, 0.0, 0.1, 0.3, 0.3, 0.1, 0.05, 0.03, 0.02]
    found = score_from_distribution(shares)
    assert (found.low, found.high) == (1, 8)
    assert found.value == pytest.approx(float(np.dot(shares, range(11))))


@given(st.lists(st.floats(0, 1), min_size=11, max_size=11).filter(lambda shares: sum(shares) > 1e-3))
def test_every_distribution_gives_a_sound_score(shares: list[float]) -> None:
    found = score_from_distribution(shares)
    assert 0 <= found.low <= found.value <= found.high <= 10
    assert found.distribution is not None
    assert sum(found.distribution) == pytest.approx(1)


def test_a_bare_number_says_nothing_of_its_uncertainty() -> None:
    found = assess(FakeDecoder(SCORES))
    assert found.fluency is not None
    assert (found.fluency.value, found.fluency.low, found.fluency.high) == (7, 0, 10)
    assert (found.fluency.most_likely, found.fluency.distribution) == (7, None)


# ------------------------------------------------------------------------------------------- diagnosis


def test_the_phones_heard_are_laid_along_the_text() -> None:
    found = assess(FakeDecoder(mdd=told(SOUNDS.replace("TH", "S"))))
    think = found.words[1]
    assert (think.text, think.error) == ("think", "mispronunciation")
    assert [(p.phone, p.heard) for p in think.phones if p.mispronounced] == [("TH", "S")]
    assert found.phones == tuple(phone for word in found.words for phone in word.phones)
    assert found.completeness is not None and found.completeness.value == 10
    assert found.transcript == "i think the weather is nice today"
    assert (found.used_reference, found.model, found.id) == (True, "phi4 test", "a")


def test_words_that_were_left_out_lower_completeness() -> None:
    found = assess(FakeDecoder(mdd=told(SOUNDS.removesuffix(" T AH D EY"))))
    assert [word.text for word in found.words if word.error == "omission"] == ["today"]
    assert found.completeness is not None and found.completeness.value == pytest.approx(60 / 7)


def test_given_words_are_the_canonical_phones() -> None:
    words = (ReferenceWord(text="CAT", phones=("K", "AE1", "T")),)
    found = assess(FakeDecoder(mdd=told("K AE D")), utterance("whatever else", words=words))
    assert [p.phone for p in found.phones] == ["K", "AE", "T"]
    assert [p.mispronounced for p in found.phones] == [False, False, True]


def test_without_text_there_are_the_phones_heard_and_scores_of_the_whole() -> None:
    found = assess(FakeDecoder(unsure(), told("HH <unk> L OW*")), utterance(None))
    assert [phone.phone for phone in found.phones] == ["HH", "<unk>", "L", "OW*"]
    assert (found.words, found.completeness, found.used_reference) == ((), None, False)
    assert found.total is not None
    assert codes(found) == ["no_reference"]


def test_every_view_of_an_assessment_takes_what_the_engine_hears() -> None:
    heard = SOUNDS.replace("TH", "<unk>").replace("W", "V*").replace("ER", "AH R")
    for one in (utterance(), utterance(None)):
        found = assess(FakeDecoder(unsure(), told(heard)), one)
        assert "i think the weather is nice today" in as_text(assessment_table(found))
        assert "<unk>" in as_text(assessment_table(found))
        in_signs = in_ipa(found)
        assert "v*" in {phone.heard for phone in in_signs.phones}
        assert len(to_csv(in_signs).splitlines()) == len(found.phones) + 1


# ------------------------------------------------------------------------------ answers that do not parse


@pytest.mark.parametrize("task", ["apa", "mdd"])
def test_an_answer_that_does_not_parse_is_kept_and_told(task: str) -> None:
    found = assess(FakeDecoder(**{task: RAMBLING}))
    (kept,) = found.unparsable
    assert (kept.task, kept.raw, kept.reason) == (task, "I think it was fine", "not JSON")
    assert codes(found) == ["unparsable_answer"]
    assert (found.total is None) == (task == "apa")
    assert (found.words == ()) == (found.transcript is None) == (task == "mdd")


def test_recognition_of_an_answer_that_does_not_parse_is_empty() -> None:
    assert engine(FakeDecoder(mdd=RAMBLING)).recognise([utterance()]) == [()]


def test_a_baseline_is_read_leniently_and_still_counted_where_nothing_can_be_read() -> None:
    raw = 'Sure:\n```json\n{"accuracy": "8", "fluency": 7.0, "prosodic": 6, "total": 7, "why": "clear"}\n```'
    chatty = DecodedAnswer(Unparsable(raw, "not JSON"), raw)
    assert assess(FakeDecoder(chatty), lenient=True).accuracy.value == 8
    assert assess(FakeDecoder(chatty)).accuracy is None
    assert len(assess(FakeDecoder(RAMBLING), lenient=True).unparsable) == 1


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (
            '{"word_transcript": "The bear.", "phoneme_transcript": "ðə DH AH0 b eh r"}',
            MddAnswer(word_transcript="the bear", phoneme_transcript="<unk> DH AH B EH R"),
        ),
        (
            'x { y {"Word_Transcript": "a", "phoneme_transcript": ["AH", "K*", "<unk>"]} z',
            MddAnswer(word_transcript="a", phoneme_transcript="AH K* <unk>"),
        ),
    ],
)
def test_lenient_transcripts(raw: str, expected: MddAnswer) -> None:
    assert parse_leniently("mdd", raw) == expected


@pytest.mark.parametrize(
    "raw",
    ["", "{", "{" * 5000, "[8, 8, 8, 8]", '{"accuracy": 8}', '{"accuracy": 11, "fluency": 1}', "8" * 9000],
)
def test_what_is_no_answer_is_none_however_leniently_read(raw: str) -> None:
    found = parse_leniently("apa", raw)
    assert isinstance(found, Unparsable) and found.raw == raw and found.reason


@given(st.text() | st.text(alphabet='{}[]":,8.e-accuryflnpodi ', max_size=60))
def test_reading_leniently_never_raises(raw: str) -> None:
    for task in ("apa", "mdd"):
        parse_leniently(task, raw)


# ------------------------------------------------------------------------------------- what is looked at


def test_each_clip_is_decoded_once_for_both_tasks_and_for_both_answers() -> None:
    decoder = FakeDecoder()
    both = engine(decoder)
    assert isinstance(both, OnePassAssessor)
    ((assessment, phones),) = both.assess_and_recognise([utterance()])
    assert decoder.asked == [(("apa", "mdd"), 1, [None])]
    assert phones == tuple(SOUNDS.split())
    assert assessment == both.assess([utterance()])[0]


def test_recognition_never_sees_the_text() -> None:
    decoder = FakeDecoder()
    seeing = engine(decoder, reads_text=True)
    seeing.assess_and_recognise([utterance()])
    assert decoder.asked == [(("apa", "mdd"), 1, [SENTENCE]), (("mdd",), 1, [None])]
    seeing.recognise([utterance()])
    assert decoder.asked[-1] == (("mdd",), 1, [None])


def test_pronunciations_in_a_text_are_not_shown_to_the_model() -> None:
    decoder = FakeDecoder()
    engine(decoder, reads_text=True).assess([utterance("a tomato{T AH M AA T OW}")])
    assert decoder.asked[0][2] == ["a tomato"]


def test_a_model_of_one_task_says_nothing_of_the_other() -> None:
    scores = engine(tasks=("apa",))
    ((found, phones),) = scores.assess_and_recognise([utterance()])
    assert found.total is not None
    assert (found.words, found.transcript, found.unparsable, phones) == ((), None, (), None)
    with pytest.raises(TaskNotTrainedError, match="task mdd"):
        scores.recognise([utterance()])
    hears = assess(tasks=("mdd",))
    assert hears.total is None and hears.words


@pytest.mark.parametrize(
    ("given", "error"),
    [
        (utterance(""), TextEmptyError),
        (utterance("xylofone qwrt"), TextUnknownWordsError),
        (utterance("你好"), TextNotEnglishError),
        (Utterance(id="a", audio=Path("nowhere.wav")), AudioNotFoundError),
        (utterance(duration_s=41), AudioTooLongError),
    ],
)
def test_bad_input_is_refused_as_by_pocket_and_before_anything_is_decoded(given, error) -> None:
    decoder = FakeDecoder()
    with pytest.raises(error):
        engine(decoder).assess([utterance(), given])
    assert decoder.asked == []


# ---------------------------------------------------------------------------------------------- times


def spoken(text: str | None = SENTENCE) -> Utterance:
    return Utterance(id="a", audio=ASSETS / "correct.flac", text=text)


def test_the_aligner_of_pocket_adds_times_pauses_and_rates(aligner: PocketAligner) -> None:
    found = assess(given=spoken(), aligner=aligner)
    times = [(phone.start_s, phone.end_s) for phone in found.phones]
    assert times == sorted(times)
    assert all(0 <= start < end <= found.duration_s + 0.03 for start, end in times)
    assert found.rates is not None and found.rates.words_per_s is not None
    pocket = load_assessor("pocket").assess([spoken()])[0]
    assert found.rates == pocket.rates
    assert found.pauses == pocket.pauses
    assert [(w.start_s, w.end_s) for w in found.words] == [(w.start_s, w.end_s) for w in pocket.words]
    assert codes(found) == []


def test_another_text_is_noticed(aligner: PocketAligner) -> None:
    other = "Seventy large ducks quarrel behind our house."
    assert "text_mismatch" in codes(assess(given=spoken(other), aligner=aligner))


def test_a_text_too_long_for_its_clip_is_refused_as_by_pocket(aligner: PocketAligner) -> None:
    with pytest.raises(TextTooLongError, match=r"too many for a clip of 0\.5 s"):
        assess(given=utterance(SENTENCE, duration_s=0.5), aligner=aligner)


def test_without_text_the_phones_heard_get_times_but_for_unclear_ones(aligner: PocketAligner) -> None:
    decoder = FakeDecoder(mdd=told(SOUNDS.replace("TH", "<unk>")))
    found = assess(decoder, spoken(None), aligner=aligner)
    assert [p.phone for p in found.phones if p.start_s is None] == ["<unk>"]
    assert found.rates is not None and found.rates.words_per_s is None


def test_more_phones_than_the_clip_can_hold_have_no_times_and_are_no_error(aligner: PocketAligner) -> None:
    found = assess(FakeDecoder(mdd=told(" ".join(["AH"] * 400))), spoken(None), aligner=aligner)
    assert len(found.phones) == 400 and found.phones[0].start_s is None and found.rates is None


def test_without_an_aligner_there_are_no_times() -> None:
    found = assess()
    assert (found.phones[0].start_s, found.words[0].end_s, found.rates, found.pauses) == (
        None,
        None,
        None,
        (),
    )


# ------------------------------------------------------------------------------------- a tiny model


@pytest.fixture(scope="module")
def tiny(tiny_adapter: Path) -> SpeechLmAssessor:
    found = load_assessor(tiny_adapter)
    assert isinstance(found, SpeechLmAssessor)
    return found


def test_an_adapter_folder_is_an_engine_whose_answers_all_parse(tiny: SpeechLmAssessor) -> None:
    given = [utterance(id="a", duration_s=0.6), utterance(id="b", text=None), utterance("Good day", id="c")]
    given[0] = given[0].model_copy(update={"text": "Yes"})
    found = tiny.assess(given)
    assert [one.id for one in found] == ["a", "b", "c"]
    for one in found:
        assert one.unparsable == ()
        assert one.transcript is not None
        assert one.accuracy is not None and one.accuracy.distribution is not None
        assert one.accuracy.most_likely is not None
    assert [bool(one.words) for one in found] == [True, False, True]


def test_a_clip_is_assessed_alone_as_among_others(tiny: SpeechLmAssessor) -> None:
    given = [utterance("Good day", id=str(i), duration_s=0.7 + 0.4 * i) for i in range(3)]
    together = tiny.assess(given)
    for one, other in zip(given, together, strict=True):
        (alone,) = tiny.assess([one])
        assert alone.transcript == other.transcript
        assert [p.heard for p in alone.phones] == [p.heard for p in other.phones]
        assert alone.total is not None and other.total is not None
        assert alone.total.value == pytest.approx(other.total.value, abs=1e-4)


def test_names_tell_adapters_apart(tiny: SpeechLmAssessor, make_adapter, tmp_path: Path) -> None:
    other = load_assessor(make_adapter(tmp_path / "adapter"))
    assert tiny.name.startswith("phi4 adapter")
    assert other.name.startswith("phi4 adapter") and other.name != tiny.name


def test_a_folder_with_a_checkpoint_is_the_untouched_baseline(checkpoint: Path) -> None:
    baseline = load_assessor(checkpoint)
    assert baseline.name.endswith("untouched")
    (found,) = baseline.assess([utterance("Yes", duration_s=0.5)])
    # Random weights do not write JSON by themselves.
    assert {answer.task for answer in found.unparsable} == {"apa", "mdd"}
    assert found.total is None and found.words == ()


def test_an_adapter_and_the_baseline_are_evaluated_whole(
    tiny: SpeechLmAssessor, checkpoint: Path, tmp_path: Path
) -> None:
    corpus = [
        utterance(
            "Good day",
            id=str(i),
            duration_s=0.5 + 0.1 * i,
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
    untouched = evaluate(load_assessor(checkpoint), corpus, tmp_path / "baseline")
    assert (untouched.n_unparsable_apa, untouched.n_unparsable_mdd) == (6, 6)
    assert (untouched.wer, untouched.per, untouched.mdd.recall) == (1, 1, 0)
    assert untouched.apa.total.n_unanswered == 6


def test_the_command_line_takes_an_adapter(tiny_adapter: Path, tmp_path: Path) -> None:
    sf.write(tmp_path / "a.wav", clip(0.6), 16_000)
    options = [str(tmp_path / "a.wav"), "--text", "Yes", "--model", str(tiny_adapter)]
    as_json = CliRunner().invoke(app, ["assess", *options, "--format", "json"])
    assert as_json.exit_code == 0, as_json.output
    found = Assessment.model_validate_json(as_json.stdout)
    assert found.transcript is not None and found.total is not None
    table = CliRunner().invoke(app, ["assess", *options, "--phones", "ipa"])
    assert table.exit_code == 0, table.output
    assert "words heard" in table.stdout
    unknown = CliRunner().invoke(app, ["assess", *options, "--text", "qwrt"])
    assert unknown.exit_code == 2 and unknown.stderr.startswith("error: not in the lexicon: qwrt")


@pytest.mark.parametrize("config", [None, "{", "[]", '{"model_type": "llama"}'])
def test_a_folder_with_another_model_is_no_model(tmp_path: Path, config: str | None) -> None:
    if config is not None:
        (tmp_path / "config.json").write_text(config)
    with pytest.raises(ModelNotFoundError, match="no such model"):
        load_assessor(tmp_path)


def test_nothing_but_the_answer_is_printed(tiny_adapter: Path, tmp_path: Path) -> None:
    sf.write(tmp_path / "a.wav", clip(0.6), 16_000)
    command = ["assess", str(tmp_path / "a.wav"), "--text", "Yes", "--model", str(tiny_adapter)]
    done = subprocess.run(
        [sys.executable, "-m", "enunciate", *command, "--format", "json"],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY / "src")},
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert Assessment.model_validate_json(done.stdout).transcript is not None


def test_a_missing_package_names_the_extra(tiny_adapter: Path) -> None:
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "from enunciate.engines import load_assessor\n"
        "from enunciate.errors import MissingExtraError\n"
        f"try: load_assessor({str(tiny_adapter)!r})\n"
        "except MissingExtraError as error: print(error)"
    )
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY / "src")}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False
    )
    assert done.stdout == "torch is not installed: pip install 'enunciate[llm]'\n", done.stderr


def test_phones_of_an_adapter_are_of_the_known_set(tiny: SpeechLmAssessor) -> None:
    (phones,) = tiny.recognise([utterance(duration_s=0.8)])
    assert {phone.rstrip("*") for phone in phones} <= {*PHONES, "<unk>"}
