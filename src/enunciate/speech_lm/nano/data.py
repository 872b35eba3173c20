"""What the scale model's base learns from: clips with their phones and what is to be said of them.

Features are made once, by the processor that the base will have, and lie in `acoustic.bank.Bank` on the
device that trains; a batch is indices.
"""

from __future__ import annotations

import multiprocessing
import random
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from enunciate.audio import SAMPLE_RATE_HZ, Samples, load
from enunciate.corpus.synthetic.clip import SyntheticClip
from enunciate.corpus.synthetic.shard_files import read_shards
from enunciate.phones.plain_words import plain_words
from enunciate.pocket.fbank import HOP_S
from enunciate.pocket.symbols import classes_of
from enunciate.pocket.training.feature_bank import NO_SCORE, UNKNOWN, TrainingClip
from enunciate.pocket.training.prepare import frames_of_segments
from enunciate.schema import Utterance
from enunciate.speech_lm.options import CONTROL_TOKENS, TASKS, PromptConfig, TargetConfig
from enunciate.speech_lm.processor import Processor
from enunciate.speech_lm.prompts import AUDIO_TOKEN, user_turn
from enunciate.speech_lm.targets import ApaAnswer, MddAnswer, render, target
from enunciate.speech_lm.training.adapter_recipe import BaseRecipe

BASE_PROMPT = PromptConfig(control="none", rubric=False)
"""What the base is asked with; control tokens come with adapters."""
_SCORE_TAILS = 512
_CHUNK = 16
_NO_ID = -1


@dataclass(frozen=True)
class Source:
    """One clip, before its features are made."""

    audio: Path | npt.NDArray[np.int16]
    answer: str
    """A transcript as JSON."""
    phones: tuple[str, ...]
    """For the auxiliary loss: what was (to be) said."""
    synthetic: bool
    frame_phone: npt.NDArray[np.int16] | None = None
    """For each 10 ms the index of the phone that is said, or PAUSE, where that is known."""


@dataclass(frozen=True)
class Tails:
    """What follows the audio in a sequence, and where the answer begins in it."""

    ids: npt.NDArray[np.int64]
    """(N, T), padded with -1."""
    begins: int
    lengths: npt.NDArray[np.int64]


def recordings(utterances: Sequence[Utterance], config: TargetConfig) -> list[Source]:
    """Those that have the labels of a transcript."""
    found: list[Source] = []
    for utterance in utterances:
        answer = target("mdd", utterance, config)
        if answer is not None and isinstance(utterance.audio, Path):
            phones = tuple(phone for word in utterance.words or () for phone in word.phones)
            found.append(Source(utterance.audio, render(answer), phones, synthetic=False))
    return found


def synthetic_sources(folder: Path, limit: int | None) -> list[Source]:
    """Synthetic clips, whose phones are known."""
    return [_synthetic(clip) for clip in islice((c for c in read_shards(folder) if c.spoken), limit)]


def _synthetic(clip: SyntheticClip) -> Source:
    words = " ".join(plain_words(clip.text))
    answer = MddAnswer(word_transcript=words, phoneme_transcript=" ".join(clip.spoken))
    frame_phone = frames_of_segments(clip, int(len(clip.samples) / SAMPLE_RATE_HZ / HOP_S))
    return Source(clip.samples, render(answer), clip.spoken, synthetic=True, frame_phone=frame_phone)


def texts(recipe: BaseRecipe, sources: Sequence[Source], utterances: Sequence[Utterance]) -> Iterator[str]:
    """What the tokenizer's vocabulary is learnt from: answers, sentences and every kind of prompt."""
    yield from (source.answer for source in sources)
    for utterance in utterances:
        yield user_turn("mdd", PromptConfig(reference_text=True), utterance.text)
    for task in TASKS:
        yield from (user_turn(task, PromptConfig(rubric=rubric), None) for rubric in (True, False))
        yield CONTROL_TOKENS[task]
    yield from _random_scores(recipe.seed, _SCORE_TAILS)


def tails(recipe: BaseRecipe, sources: Sequence[Source], processor: Processor) -> tuple[Tails, Tails]:
    """Of each clip's transcript, and of some random scores."""
    return (
        _tails(user_turn("mdd", BASE_PROMPT, None), (source.answer for source in sources), processor),
        _tails(user_turn("apa", BASE_PROMPT, None), _random_scores(recipe.seed, _SCORE_TAILS), processor),
    )


def head_ids(processor: Processor) -> list[int]:
    """What comes before the audio."""
    return processor.text_ids(user_turn("mdd", BASE_PROMPT, None).partition(AUDIO_TOKEN)[0])


def _tails(turn: str, answers: Iterable[str], processor: Processor) -> Tails:
    prompt = processor.text_ids(turn.partition(AUDIO_TOKEN)[2])
    rows = [prompt + processor.answer_ids(answer) for answer in answers]
    lengths = np.array([len(row) for row in rows])
    ids = np.full((len(rows), int(lengths.max())), _NO_ID)
    for row, values in zip(ids, rows, strict=True):
        row[: len(values)] = values
    return Tails(ids, len(prompt), lengths)


def _random_scores(seed: int, count: int) -> list[str]:
    chance = random.Random(seed)
    return [
        render(ApaAnswer(**{name: chance.randint(0, 10) for name in ApaAnswer.model_fields}))
        for _ in range(count)
    ]


# ------------------------------------------------------------------------------------------------ features


def training_clips(sources: Sequence[Source], processor: Processor, workers: int) -> list[TrainingClip]:
    """Features in parallel, in processes forked off a small one: torch's threads do not survive a fork."""
    if not workers:
        made = [_features(source.audio, processor) for source in sources]
    else:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([__name__])
        with ProcessPoolExecutor(workers, context, _start_worker, (processor,)) as pool:
            made = list(pool.map(_in_worker, (source.audio for source in sources), chunksize=_CHUNK))
    return [_clip(source, features) for source, features in zip(sources, made, strict=True)]


def _clip(source: Source, features: npt.NDArray[np.float16]) -> TrainingClip:
    frame_phone = np.full(len(features), UNKNOWN, dtype=np.int16)
    if source.frame_phone is not None:
        known = source.frame_phone[: len(features)]
        frame_phone[: len(known)] = known
    return TrainingClip(
        features=features,  # pyright: ignore[reportArgumentType]  half precision is what the bank keeps
        classes=np.array(classes_of(source.phones)),
        scores=np.full(len(source.phones), NO_SCORE, dtype=np.float32),
        frame_phone=frame_phone,
        synthetic=source.synthetic,
    )


def _features(audio: Path | npt.NDArray[np.int16], processor: Processor) -> npt.NDArray[np.float16]:
    samples: Samples = (
        load(audio).samples if isinstance(audio, Path) else audio.astype(np.float32) / np.float32(32_768)
    )
    return processor.features(samples).numpy().astype(np.float16)


_processor: Processor | None = None


def _start_worker(processor: Processor) -> None:
    global _processor  # noqa: PLW0603
    torch.set_num_threads(1)
    _processor = processor


def _in_worker(audio: Path | npt.NDArray[np.int16]) -> npt.NDArray[np.float16]:
    assert _processor is not None
    return _features(audio, _processor)
