"""`gop-hmm`: loop and alignment by hand, the decoder on speech, and the engine from its recipe."""

import numpy as np
import pytest
from support.paths import ASSETS
from support.tone_corpus import make_corpus

from enunciate.audio import load
from enunciate.baselines.baseline_recipes import HmmGopRecipe
from enunciate.baselines.phone_posteriors import FLOOR
from enunciate.baselines.pocketsphinx.acoustics import (
    N_STATES,
    HmmAcoustics,
    HmmScores,
    phones_of_definition,
)
from enunciate.baselines.pocketsphinx.goodness import encoder_outputs, hmm_goodness, with_omissions
from enunciate.baselines.pocketsphinx.hmm_alignment import (
    align_phones_heard,
    align_words,
    loop_scores,
    spread_evenly,
)
from enunciate.baselines.pocketsphinx.train import listen_to_clips
from enunciate.corpus.speechocean762 import load_corpus
from enunciate.engines import load_assessor
from enunciate.errors import TextTooLongError
from enunciate.evaluation.run import evaluate
from enunciate.pocket.forced_alignment import AlignmentError
from enunciate.pocket.symbols import N_CLASSES, classes_of
from enunciate.schema import Utterance
from enunciate.trainers import run

pytestmark = pytest.mark.slow

pytest.importorskip("pocketsphinx")
CLIPS = sorted((ASSETS.parents[1] / "examples").glob("*.flac"))
TEXT = "I think the weather is lice today"
K, AE, T = classes_of(["K", "AE", "T"])
OTHERS = classes_of(["S", "M"])


def states_of(labels, n_each=2, other=-5.0):
    """Every state of each phone takes so many frames, fits by -1 there, and everything else badly."""
    states = np.full((len(labels) * N_STATES * n_each, N_CLASSES, N_STATES), other, np.float32)
    for place, label in enumerate(labels):
        for state in range(N_STATES):
            first = (place * N_STATES + state) * n_each
            states[first : first + n_each, label, state] = -1.0
    return states


@pytest.fixture(scope="module")
def acoustics():
    return HmmAcoustics()


@pytest.fixture(scope="module")
def samples():
    return load(CLIPS[0]).samples


def test_phones_that_were_said_score_0_against_the_loop():
    states = states_of([K, AE, T])
    aligned = align_words(states, [[[K, AE, T]]])

    assert loop_scores(states).tolist() == [-1.0] * 18
    assert aligned.loop == pytest.approx([0, 0, 0])
    assert list(zip(aligned.alignment.start, aligned.alignment.end, strict=True)) == [(0, 3), (3, 6), (6, 9)]


def test_a_wrong_phone_scores_its_loss_against_the_loop():
    """T was said in the place of K: K takes the three frames that it must have, and loses 4 in each.

    The other three of them go to the first state of AE, which loses as much in three of its nine frames.
    """
    aligned = align_words(states_of([T, AE, T]), [[[K, AE, T]]])

    assert aligned.loop == pytest.approx([-4, -12 / 9, 0])


def test_the_loop_passes_each_phone_from_first_state_to_last():
    """It cannot take the one good state of a phone alone: three frames, one of each state."""
    states = np.full((3, N_CLASSES, N_STATES), -5.0, np.float32)
    states[:, K, 1] = 0.0

    assert loop_scores(states).sum() == pytest.approx(-10)


def test_the_pronunciation_that_fits_best_is_chosen():
    assert align_words(states_of([K, T]), [[[K, AE], [K, T]]]).alignment.variants == (1,)


def test_phones_that_no_alignment_can_hold_are_spread_evenly():
    states = states_of([K])
    with pytest.raises(AlignmentError):
        align_words(states, [[[K, AE, T]]])
    fallback = spread_evenly(2, [[[K, AE, T]]])

    assert fallback.loop.tolist() == [FLOOR] * 3
    assert (fallback.alignment.end > fallback.alignment.start).all() and fallback.alignment.end.max() <= 2


def test_a_word_that_fits_badly_in_a_short_place_is_omitted():
    """K AE T was said twice, once slowly. A word of two other phones gets a short place at the end."""
    states = np.concatenate((states_of([K, AE, T], n_each=4), states_of([K, AE, T], n_each=1, other=-30.0)))
    out = encoder_outputs(HmmScores(states, ()), np.zeros(160 * len(states), np.float32))
    aligned = align_words(states, [[[K, AE, T]], [OTHERS]])

    assert with_omissions(out, aligned.alignment).omitted == (1,)
    assert with_omissions(out, align_words(states, [[[K, AE, T]], [[K, AE, T]]]).alignment).omitted == ()


def test_the_forms_of_goodness_fall_where_another_phone_was_said():
    states = states_of([T, AE, T], n_each=3)
    samples = np.random.default_rng(0).normal(0, 0.1, 160 * len(states)).astype(np.float32)
    aligned = align_words(states, [[[K, AE, T]]])
    goodness = hmm_goodness(encoder_outputs(HmmScores(states, ()), samples), aligned)

    assert goodness.forms == ("posterior", "ratio", "loop")
    assert (goodness.phones[0] < goodness.phones[1:]).all()


def test_a_clip_is_scored_the_same_alone_and_after_others(acoustics, samples):
    alone = HmmAcoustics()(samples)
    acoustics(np.tile(samples[::-1], 2).copy())
    acoustics(0.1 * samples[: len(samples) // 2])
    after = acoustics(samples)

    assert np.array_equal(alone.states, after.states) and alone.heard == after.heard


def test_every_state_has_a_score_in_every_frame(acoustics, samples):
    scores = acoustics(samples)

    assert scores.states.shape[1:] == (N_CLASSES, N_STATES)
    assert abs(len(scores.states) - len(samples) / 160) <= 2
    assert np.isfinite(scores.states).all() and scores.states.max() <= 0
    assert align_phones_heard(scores) is not None


def test_the_text_fits_its_clip_better_than_another(acoustics, samples):
    states = acoustics(samples).states
    own, other = (
        align_words(states, [[classes_of(word.split())] for word in words]).loop.mean()
        for words in (
            ("AY", "TH IH NG K", "DH AH", "W EH DH ER", "IH Z", "L AY S", "T AH D EY"),
            ("HH UW", "S OW L D", "M AY", "B L UW", "G AA R D AH N", "F EH N S"),
        )
    )

    assert own > other + 0.5


def test_phone_names_are_read_from_a_model_definition():
    description = b"any text"
    head = b"BMDF" + np.array([1, len(description)], "<i4").tobytes() + description
    numbers = np.arange(10, dtype="<i4")
    numbers[0] = 3
    names = b"+NSN+\0AA\0ZH\0" + b"\0"

    assert phones_of_definition(head + numbers.tobytes() + names) == ["+NSN+", "AA", "ZH"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    corpus = make_corpus(tmp_path_factory.mktemp("corpus"), {"train": 4, "test": 2}, clips_each=2)
    out = tmp_path_factory.mktemp("gop-hmm")
    recipe = HmmGopRecipe(kind="gop-hmm", corpus=corpus, out=out, members=2, workers=1)
    return corpus, out, run(recipe)


def test_the_engine_of_a_recipe_is_evaluated_without_failures(trained, tmp_path):
    corpus, out, metrics = trained
    engine = load_assessor(out)
    results = evaluate(engine, load_corpus(corpus, "test"), tmp_path)

    assert engine.name == "gop-hmm dev"
    assert metrics["unaligned_clips"] == "0" and set(metrics) >= {"accuracy", "phone"}
    assert results.n_failed == 0 and results.phone.n_unanswered == 0
    assert results.recognition.per_without_text is not None


def test_a_clip_without_reference_is_scored_and_a_text_too_long_is_refused(trained):
    engine = load_assessor(trained[1])
    (assessment,) = engine.assess([Utterance(id="a", audio=CLIPS[0])])

    assert assessment.words == () and assessment.accuracy is not None
    with pytest.raises(TextTooLongError, match="too many for a clip"):
        engine.assess([Utterance(id="a", audio=CLIPS[0], text=" ".join([TEXT] * 20))])


def test_a_clip_whose_text_cannot_be_aligned_is_counted_and_learnt_from(trained):
    corpus, _, _ = trained
    (first, second, *_) = load_corpus(corpus, "test")
    crowded = first.model_copy(update={"words": (first.words or ()) * 40})
    clips, unaligned = listen_to_clips([crowded, second], workers=1)

    assert unaligned == 1 and len(clips) == 2
    assert (clips[0].with_reference.phones[:, 2] == FLOOR).all()
