"""From decoded answers to assessments: with a decoder that says what it is told to, and a tiny model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from threading import Barrier

import numpy as np
import pytest
from support.paths import ASSETS
from support.speech_lm_cases import clip, spoken_clip

from enunciate.assembly.ipa import in_ipa
from enunciate.cli.assessment_table import assessment_table
from enunciate.cli.terminal import as_text
from enunciate.engines import OnePassAssessor, assess_each, load_assessor
from enunciate.errors import (
    AudioNotFoundError,
    AudioSilentError,
    AudioTooLongError,
    NoSpeechError,
    TaskNotTrainedError,
    TextEmptyError,
    TextNotEnglishError,
    TextTooLongError,
    TextUnknownWordsError,
)
from enunciate.exports.csv_table import to_csv
from enunciate.exports.level import Level
from enunciate.pocket.assessor import packaged_weights
from enunciate.schema import ASPECTS, Assessment, Clip, Failure, ReferenceWord, Utterance
from enunciate.speech_lm.assessor import SpeechLmAssessor, SpeechLmOptions
from enunciate.speech_lm.decoding.decoded_answer import DecodedAnswer
from enunciate.speech_lm.packaged_speech_aligner import PocketSpeechAligner, packaged_speech_aligner
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
    decoder: FakeDecoder | None = None, *, aligner: PocketSpeechAligner | None = None, **settings
) -> SpeechLmAssessor:
    return SpeechLmAssessor(
        decoder or FakeDecoder(), "phi4 test", options=SpeechLmOptions(**settings), aligner=aligner
    )


def utterance(text: str | None = SENTENCE, duration_s: float = 2.0, id: str = "a", **fields) -> Utterance:
    return sounding(clip(duration_s), text, id=id, **fields)


def sounding(samples: np.ndarray, text: str | None = SENTENCE, id: str = "a", **fields) -> Utterance:
    return Utterance(id=id, audio=Clip(samples=samples, sample_rate_hz=16_000), text=text, **fields)


def white_noise(level: float) -> np.ndarray:
    return (level * np.random.default_rng(0).standard_normal(3 * 16_000)).astype(np.float32)


def never_asked(samples: np.ndarray) -> str:
    raise AssertionError("asked to transcribe what is no speech")


def assess(decoder: FakeDecoder | None = None, given: Utterance | None = None, **settings) -> Assessment:
    (found,) = engine(decoder, **settings).assess([given or utterance()])
    text = found.model_dump_json()
    assert Assessment.model_validate_json(text).model_dump_json() == text
    return found


def codes(found: Assessment) -> list[str]:
    return [notice.code for notice in found.warnings]


@pytest.fixture(scope="module")
def aligner() -> PocketSpeechAligner:
    found = packaged_speech_aligner()
    if found is None:
        pytest.skip("this installation has no weights of pocket")
    return found


# ---------------------------------------------------------------------------------------------- scores


def test_a_score_is_the_expectation_beside_the_most_likely_with_its_distribution() -> None:
    found = assess(FakeDecoder(unsure(8)))
    assert found.accuracy is not None
    assert (found.accuracy.value, found.accuracy.most_likely) == (pytest.approx(8), 8)
    assert (found.accuracy.low, found.accuracy.high) == (7, 9)
    assert found.accuracy.distribution is not None
    assert found.accuracy.distribution[7:10] == (0.25, 0.5, 0.25)


def test_a_bare_number_says_nothing_of_its_uncertainty() -> None:
    found = assess(FakeDecoder(SCORES))
    assert found.fluency is not None
    assert (found.fluency.value, found.fluency.low, found.fluency.high) == (7, 0, 10)
    assert (found.fluency.most_likely, found.fluency.distribution) == (7, None)


# --------------------------------------------------------------------------------------------- threads


def threaded(aligner: PocketSpeechAligner, threads: int) -> SpeechLmAssessor:
    options = SpeechLmOptions(batch_size=8)
    return SpeechLmAssessor(FakeDecoder(), "phi4 test", options=options, aligner=aligner, threads=threads)


def test_clips_that_are_prepared_at_once_have_the_results_of_those_prepared_in_turn(
    aligner: PocketSpeechAligner,
) -> None:
    clips = [sounding(spoken_clip(2.0 + 0.1 * seed, seed), id=str(seed)) for seed in range(6)]
    clips.insert(3, sounding(white_noise(0.1), id="noise"))
    in_turn, at_once = (list(assess_each(threaded(aligner, threads), clips)) for threads in (1, 4))
    assert [one.id for one in at_once] == ["0", "1", "2", "noise", "3", "4", "5"]
    assert isinstance(at_once[3], Failure)
    assert at_once == in_turn


def test_as_many_clips_are_prepared_at_once_as_there_are_threads(aligner: PocketSpeechAligner) -> None:
    together = Barrier(3, timeout=60)

    class Waiting(PocketSpeechAligner):
        def has_speech(self, samples: np.ndarray) -> bool:
            together.wait()  # breaks unless three threads arrive
            return True

    waiting = Waiting(packaged_weights())
    clips = [sounding(spoken_clip(2.0), id=id) for id in "abc"]
    assert [one.id for one in threaded(waiting, 3).assess(clips)] == ["a", "b", "c"]


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
        assert len(to_csv([in_signs], Level.PHONES).splitlines()) == len(found.phones) + 1


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
    assert decoder.asked == [(("apa", "mdd"), 1, [SENTENCE.removesuffix(".")]), (("mdd",), 1, [None])]
    seeing.recognise([utterance()])
    assert decoder.asked[-1] == (("mdd",), 1, [None])


@pytest.mark.parametrize(("reads_text", "shown"), [(True, ["good day", None]), (False, [None, None])])
def test_scores_alone_cost_no_transcript(reads_text: bool, shown: list[str | None]) -> None:
    decoder = FakeDecoder(unsure())
    found = engine(decoder, reads_text=reads_text).score_clips([(clip(1.0), "good day"), (clip(1.0), None)])

    assert decoder.asked == [(("apa",), 2, shown)]
    assert [scores["total"].value for scores in found] == [8, 8]


def test_scores_that_do_not_parse_are_none() -> None:
    (found,) = engine(FakeDecoder(RAMBLING)).score_clips([(clip(1.0), None)])

    assert found == dict.fromkeys(ASPECTS)


def test_pronunciations_in_a_text_are_not_shown_to_the_model() -> None:
    decoder = FakeDecoder()
    engine(decoder, reads_text=True).assess([utterance("a tomato{T AH M AA T OW}")])
    assert decoder.asked[0][2] == ["a tomato"]


def test_the_model_is_shown_the_words_as_they_are_spoken() -> None:
    decoder = FakeDecoder()
    engine(decoder, reads_text=True).assess([utterance("a tomato: $2")])
    assert decoder.asked[0][2] == ["a tomato two dollars"]


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
        (utterance("cat 你好"), TextUnknownWordsError),
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


def test_the_aligner_of_pocket_adds_times_pauses_and_rates(aligner: PocketSpeechAligner) -> None:
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


def test_another_text_is_noticed(aligner: PocketSpeechAligner) -> None:
    other = "Seventy large ducks quarrel behind our house."
    assert "text_mismatch" in codes(assess(given=spoken(other), aligner=aligner))


def test_a_text_too_long_for_its_clip_is_refused_as_by_pocket(aligner: PocketSpeechAligner) -> None:
    with pytest.raises(TextTooLongError, match=r"too many for a clip of 0\.5 s"):
        assess(given=sounding(spoken_clip(0.5)), aligner=aligner)


def test_without_text_the_phones_heard_get_times_but_for_unclear_ones(aligner: PocketSpeechAligner) -> None:
    decoder = FakeDecoder(mdd=told(SOUNDS.replace("TH", "<unk>")))
    found = assess(decoder, spoken(None), aligner=aligner)
    assert [p.phone for p in found.phones if p.start_s is None] == ["<unk>"]
    assert found.rates is not None and found.rates.words_per_s is None


def test_more_phones_than_the_clip_can_hold_have_no_times_and_are_no_error(
    aligner: PocketSpeechAligner,
) -> None:
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


# ------------------------------------------------------------------------------------------- no speech


@pytest.mark.parametrize("text", [None, SENTENCE])
@pytest.mark.parametrize("sound", ["white noise", "tone"])
def test_what_is_no_speech_is_refused_before_the_model_is_asked(
    aligner: PocketSpeechAligner, tone, sound: str, text: str | None
) -> None:
    given = sounding(white_noise(0.05) if sound == "white noise" else tone(1.5), text)
    decoder = FakeDecoder()
    engine = SpeechLmAssessor(decoder, "whisper test", aligner=aligner, transcriber=never_asked)
    for ask in (engine.assess, engine.assess_and_recognise):
        with pytest.raises(NoSpeechError, match=r"^a: no speech was found in the recording: check the mic"):
            ask([given])
    assert decoder.asked == []


def test_silence_is_refused_as_silence(aligner: PocketSpeechAligner) -> None:
    with pytest.raises(AudioSilentError):
        assess(given=sounding(white_noise(1e-4)), aligner=aligner)


def test_a_reading_is_assessed_beside_a_clip_that_is_refused(aligner: PocketSpeechAligner) -> None:
    clips = [sounding(white_noise(0.05), id="noise"), spoken()]
    refused, assessed = assess_each(engine(aligner=aligner, batch_size=2), clips)
    assert isinstance(refused, Failure) and refused.error.code == "audio_no_speech"
    assert isinstance(assessed, Assessment) and assessed.total is not None


def test_without_an_aligner_nothing_is_refused() -> None:
    assert assess(given=sounding(white_noise(0.05))).total is not None
