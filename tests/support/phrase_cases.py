"""Hand-made frames and phrases for the scorers of `pocket`."""

import torch

from enunciate.pocket.training.encoder_config import EncoderConfig
from enunciate.pocket.training.scorer import EncodedPhrases
from enunciate.pocket.training.scorer_inputs import PhraseBatch

TINY = EncoderConfig(width=16, layers=1, heads=2, hidden=32, positions=200, sound_width=6, melody_width=4)


def random_heard(phrases=2, frames=60, seed=0):
    """Frames of speech with random posteriors, streams and prosody."""
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape):
        return torch.randn(*shape, generator=generator)

    voiced = (torch.rand(phrases, frames, generator=generator) > 0.3).float()
    return EncodedPhrases(
        ctc=(2 * normal(phrases, frames, 40)).log_softmax(2),
        frame=(2 * normal(phrases, frames, 40)).log_softmax(2),
        sound=normal(phrases, frames, TINY.sound_width),
        melody=normal(phrases, frames, TINY.melody_width),
        tone=3 * normal(phrases, frames) * voiced,
        voiced=voiced,
        level=-10 + 5 * normal(phrases, frames),
    )


def even_phrase(classes, word, duration=4.0, gap=1.0, stress=None):
    """One phrase whose phones have equal durations and gaps, in frames."""
    start = torch.arange(len(classes)) * float(duration + gap)
    marks = torch.zeros(len(classes)) if stress is None else torch.tensor(stress, dtype=torch.float32)
    rows = (torch.tensor(classes), marks, torch.tensor(word), start, start + duration)
    return PhraseBatch(*(row[None] for row in rows))


def repeated(phrase, times):
    """The same phrase several times."""
    return PhraseBatch(*(values.repeat(times, 1) for values in vars(phrase).values()))
