from dataclasses import replace

import pytest
import torch
from support.phrase_cases import even_phrase, random_heard

from enunciate.pocket.symbols import CLASS_OF_PHONE
from enunciate.pocket.training import scorer_inputs as inputs
from enunciate.pocket.training.scorer_inputs import PhraseBatch

AA, IY, S, T = (CLASS_OF_PHONE[phone] for phone in ("AA", "IY", "S", "T"))


def phrase_at(*spans, classes=None, word=None):
    n = len(spans)
    start, end = (torch.tensor([values], dtype=torch.float32) for values in zip(*spans, strict=True))
    labels = torch.tensor([classes or [S] * n])
    return PhraseBatch(labels, torch.zeros(1, n), torch.tensor([word or [0] * n]), start, end)


def certain(classes, confidence=0.9):
    """Log-probabilities of one class per frame."""
    rest = (1 - confidence) / 39
    probs = torch.full((1, len(classes), 40), rest)
    probs[0, torch.arange(len(classes)), torch.tensor(classes)] = confidence
    return probs.log()


def test_membership_is_the_share_of_each_frame_within_the_phone():
    phrase = phrase_at((0.5, 2.25), (2.25, 4.0))

    member = inputs.membership(phrase, 5)

    assert member[0].tolist() == [[0.5, 1.0, 0.25, 0.0, 0.0], [0.0, 0.0, 0.75, 1.0, 0.0]]


def test_padding_has_no_frames():
    phrase = phrase_at((0, 2), (0, 3), classes=[S, 0])

    assert inputs.membership(phrase, 4)[0, 1].tolist() == [0, 0, 0, 0]


def test_weights_of_a_phone_sum_to_one():
    weights = inputs.frame_weights(inputs.membership(phrase_at((0.5, 2.25), (2.25, 4.0)), 5))

    assert weights.sum(2)[0].tolist() == pytest.approx([1, 1])


def test_means_and_spreads_leave_out_padding():
    values, real = torch.tensor([[1.0, 3.0, 99.0]]), torch.tensor([[1.0, 1.0, 0.0]])

    assert inputs.mean_over(values, real).tolist() == [2]
    assert inputs.mean_over(values[..., None], real).tolist() == [[2]]
    assert float(inputs.spread_over(values, real)) == pytest.approx(1, abs=1e-3)


def test_goodness_is_high_for_the_phone_that_was_said_and_low_for_another():
    log_probs = certain([S, S, S, IY, IY, IY])
    phrase = phrase_at((0, 3), (3, 6), classes=[S, T])

    good = inputs.goodness(log_probs, log_probs, inputs.membership(phrase, 6), phrase.classes)[0]

    assert good.shape == (2, inputs.N_GOODNESS)
    own, ratio, posterior = good[:, 0], good[:, 1], good[:, 7]
    assert own[0] > own[1] and ratio[0] > 0 > ratio[1]
    assert posterior.tolist() == pytest.approx([0.9, 0.1 / 39], rel=1e-3)


def test_peaks_next_to_a_phone_count_for_it():
    blank, peak = certain([0] * 6), certain([0, 0, T, 0, 0, 0])
    phrase = phrase_at((3, 5), classes=[T])
    member = inputs.membership(phrase, 6)

    with_peak = inputs.goodness(peak, blank, member, phrase.classes)[0, 0]
    without = inputs.goodness(blank, blank, member, phrase.classes)[0, 0]

    assert with_peak[3] > without[3] and with_peak[6] > without[6]


def test_timing_gives_durations_and_gaps_in_seconds():
    phrase = phrase_at((0, 5), (5, 10), (30, 40), word=[0, 0, 1])

    timed, before, duration = inputs.timing(phrase)

    assert before[0].tolist() == pytest.approx([0, 0, 0.4])
    assert duration[0].tolist() == pytest.approx([0.1, 0.1, 0.2])
    assert timed[0, :, 4].tolist() == [1, 0, 1], "first of its word"
    assert timed[0, :, 5].tolist() == [0, 1, 1], "last of its word"


def flow(phrase):
    _, before, duration = inputs.timing(phrase)
    good = torch.ones(1, phrase.classes.shape[1], inputs.N_GOODNESS)
    return inputs.flow_summary(phrase, before, duration, good)[0]


def test_a_pause_raises_the_share_of_silence_and_not_the_articulation_rate():
    fluent = phrase_at((0, 5), (5, 10), (11, 16), word=[0, 0, 1])
    paused = phrase_at((0, 5), (5, 10), (60, 65), word=[0, 0, 1])

    a, b = flow(fluent), flow(paused)

    assert float(a[0]) == pytest.approx(float(b[0]))
    assert b[1] < a[1]
    assert a[2:6].tolist() == [0, 0, 0, 0], "a gap of 20 ms is no pause"
    assert b[2].item() == pytest.approx(0.5) and b[3].item() == pytest.approx(1.0 / 1.3)


def test_faster_speech_has_higher_rates():
    slow, fast = even_phrase([S, AA] * 3, [0] * 6, duration=8), even_phrase([S, AA] * 3, [0] * 6, duration=4)

    assert flow(fast)[0] - flow(slow)[0] == pytest.approx(0.693, abs=1e-3)


def pitched(tone, phrase):
    frames = len(tone)
    member = inputs.membership(phrase, frames)
    return inputs.pitch(torch.tensor([tone]), torch.ones(1, frames), torch.zeros(1, frames), member, phrase)


def test_pitch_of_a_phone_is_its_mean_and_its_slope():
    phrase = phrase_at((0, 10), (10, 20), classes=[AA, S])
    rising = [0.5 * t for t in range(10)]

    tones = pitched([*rising, *([6.0] * 10)], phrase)[0]

    assert tones[:, 0].tolist() == pytest.approx([2.25 / 6, 1.0])
    assert 0.4 < tones[0, 1] < 0.5 and abs(float(tones[1, 1])) < 1e-5
    assert tones[:, 5].tolist() == [1, 0], "vowel"


def test_unvoiced_frames_have_no_say_in_the_pitch():
    phrase = phrase_at((0, 4), classes=[AA])
    member = inputs.membership(phrase, 4)
    voiced = torch.tensor([[1.0, 1.0, 0.0, 0.0]])

    tones = inputs.pitch(torch.tensor([[3.0, 3.0, 9.0, 9.0]]), voiced, torch.zeros(1, 4), member, phrase)

    assert float(tones[0, 0, 0]) == pytest.approx(0.5)


def test_melody_shows_falling_pitch_and_prominent_stress():
    classes, word = [AA] * 4, [0, 1, 2, 3]
    phrase = even_phrase(classes, word, duration=5, gap=0, stress=[1, 0, 1, 0])
    timed, _, _ = inputs.timing(phrase)
    falling = pitched([6.0] * 5 + [2.0] * 5 + [0.0] * 5 + [-4.0] * 5, phrase)
    flat = pitched([1.0] * 20, phrase)

    a, b = (inputs.melody_summary(tones, timed, phrase)[0] for tones in (falling, flat))

    assert a[0] > 0.5 > b[0], "range"
    assert a[2] < 0 and a[3] < 0, "declination and end"
    assert a[4].item() == pytest.approx((3.0 + 1.0) / 6), "stressed vowels are higher"
    assert abs(float(b[4])) < 1e-5


def test_inputs_of_a_phrase_do_not_depend_on_padding():
    heard = random_heard(phrases=1)
    phrase = even_phrase([S, AA, T, IY], [0, 0, 1, 1])
    pads = {"classes": 0, "stress": 0, "word": 1, "start": 0, "end": 0}
    padded = replace(
        phrase,
        **{
            name: torch.nn.functional.pad(getattr(phrase, name), (0, 3), value=value)
            for name, value in pads.items()
        },
    )

    for before, after in zip(summaries(heard, phrase), summaries(heard, padded), strict=True):
        torch.testing.assert_close(before, after)


def summaries(heard, phrase):
    member = inputs.membership(phrase, heard.ctc.shape[1])
    good = inputs.goodness(heard.ctc, heard.frame, member, phrase.classes)
    timed, before, duration = inputs.timing(phrase)
    tones = inputs.pitch(heard.tone, heard.voiced, heard.level, member, phrase)
    return (
        inputs.sound_summary(good, phrase.real),
        inputs.flow_summary(phrase, before, duration, good),
        inputs.melody_summary(tones, timed, phrase),
    )


def test_vowels_that_alternate_in_length_vary_and_even_ones_do_not():
    lengths = torch.tensor([[0.2, 0.05, 0.1, 0.2, 0.1], [0.1, 0.3, 0.1, 0.1, 0.1]])
    vowel = torch.tensor([[1.0, 0.0, 1.0, 1.0, 1.0], [1.0, 0.0, 1.0, 1.0, 1.0]])

    varied, even = inputs.vowel_variability(lengths.log(), vowel).tolist()

    assert varied == pytest.approx(2 / 3)
    assert even == pytest.approx(0, abs=1e-6)


def test_one_vowel_alone_has_no_variability():
    assert inputs.vowel_variability(torch.zeros(1, 2), torch.tensor([[1.0, 0.0]])).tolist() == [0]
