"""Training data of the nano base: clips with their phones and the answer to learn for each.

Features are computed once, by the processor that the base will have, and stay in a `feature_bank.Bank` on the
training device; a batch consists of indices into it.
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
from enunciate.corpus.synthetic.mispronunciations import SILENCE
from enunciate.corpus.synthetic.shard_files import read_shards
from enunciate.pocket.symbols import classes_of
from enunciate.reading.plain_words import plain_words
from enunciate.schema import Utterance
from enunciate.speech_lm.families.phi4.special_tokens import AUDIO, PHI4_FORMAT
from enunciate.speech_lm.nano.base_recipe import NanoBaseRecipe
from enunciate.speech_lm.nano.feature_bank import PAUSE, UNKNOWN, TrainingClip
from enunciate.speech_lm.options import CONTROL_TOKENS, TASKS, PromptConfig, TargetConfig, Task
from enunciate.speech_lm.processor import Processor
from enunciate.speech_lm.prompts import user_turn
from enunciate.speech_lm.targets import ApaAnswer, MddAnswer, render, target

BASE_PROMPT = PromptConfig(control="none", rubric=False)
"""The prompt of the base; control tokens come with adapters."""
_N_SCORE_TAILS = 512
"""Random answers to the scoring task."""
_CHUNK = 16
FRAME_S = 0.01
"""The time from one feature frame to the next."""
_NO_ID = -1


@dataclass(frozen=True)
class ClipSource:
    """One clip, before its features are computed."""

    audio: Path | npt.NDArray[np.int16]
    answer: str
    """The transcript as JSON."""
    phones: tuple[str, ...]
    """Targets of the CTC loss: the canonical phones of a recording, or the phones that were synthesised."""
    synthetic: bool
    frame_phone: npt.NDArray[np.int16] | None = None
    """Index of the phone in each 10 ms frame, or `PAUSE`; None if the boundaries are unknown."""


@dataclass(frozen=True)
class SequenceTails:
    """The tokens after the audio: the rest of the prompt, then the answer."""

    ids: npt.NDArray[np.int64]
    """(N, T), padded with -1."""
    answer_start: int
    """Index of the first token of the answer."""
    lengths: npt.NDArray[np.int64]


def recorded_sources(utterances: Sequence[Utterance], config: TargetConfig) -> list[ClipSource]:
    """Return the recordings that have phone labels."""
    sources: list[ClipSource] = []
    for utterance in utterances:
        answer = target("mdd", utterance, config)
        if answer is not None and isinstance(utterance.audio, Path):
            phones = tuple(phone for word in utterance.words or () for phone in word.phones)
            sources.append(ClipSource(utterance.audio, render(answer), phones, synthetic=False))
    return sources


def synthetic_sources(folder: Path, limit: int | None) -> list[ClipSource]:
    """Read synthetic clips, whose phones are known."""
    return [_synthetic(clip) for clip in islice((c for c in read_shards(folder) if c.spoken), limit)]


def _synthetic(clip: SyntheticClip) -> ClipSource:
    words = " ".join(plain_words(clip.text))
    answer = MddAnswer(word_transcript=words, phoneme_transcript=" ".join(clip.spoken))
    frame_phone = _frames_of_segments(clip, int(len(clip.samples) / SAMPLE_RATE_HZ / FRAME_S))
    return ClipSource(clip.samples, render(answer), clip.spoken, synthetic=True, frame_phone=frame_phone)


def _frames_of_segments(clip: SyntheticClip, n_frames: int) -> npt.NDArray[np.int16]:
    """Return the index of the phone in each 10 ms of a synthetic clip, or `PAUSE`."""
    frame_phone = np.full(n_frames, PAUSE, dtype=np.int16)
    index = 0
    for phone, start_s, end_s in clip.segments:
        if phone != SILENCE:
            frame_phone[round(start_s / FRAME_S) : round(end_s / FRAME_S)] = index
            index += 1
    return frame_phone


def tokenizer_texts(
    recipe: NanoBaseRecipe, sources: Sequence[ClipSource], utterances: Sequence[Utterance]
) -> Iterator[str]:
    """Yield the texts from which the vocabulary is learnt: answers, sentences and every kind of prompt."""
    yield from (source.answer for source in sources)
    for utterance in utterances:
        yield user_turn("mdd", PromptConfig(reference_text=True), utterance.text, PHI4_FORMAT)
    for task in TASKS:
        yield from (
            user_turn(task, PromptConfig(rubric=rubric), None, PHI4_FORMAT) for rubric in (True, False)
        )
        yield CONTROL_TOKENS[task]
    yield from _random_scores(recipe.seed, _N_SCORE_TAILS)


def sequence_tails(
    recipe: NanoBaseRecipe, sources: Sequence[ClipSource], processor: Processor
) -> tuple[SequenceTails, SequenceTails]:
    """Return the tails with the transcript of each clip, and tails with random scores."""
    return (
        _tails("mdd", (source.answer for source in sources), processor),
        _tails(
            "apa",
            _random_scores(recipe.seed, _N_SCORE_TAILS),
            processor,
        ),
    )


def prompt_prefix_ids(processor: Processor) -> list[int]:
    """Return the ids before the audio."""
    return processor.text_ids(user_turn("mdd", BASE_PROMPT, None, PHI4_FORMAT).partition(AUDIO)[0])


def _tails(task: Task, answers: Iterable[str], processor: Processor) -> SequenceTails:
    turn = user_turn(task, BASE_PROMPT, None, PHI4_FORMAT)
    prompt = processor.text_ids(turn.partition(AUDIO)[2])
    rows = [prompt + processor.answer_ids(answer) for answer in answers]
    lengths = np.array([len(row) for row in rows])
    ids = np.full((len(rows), int(lengths.max())), _NO_ID)
    for row, values in zip(ids, rows, strict=True):
        row[: len(values)] = values
    return SequenceTails(ids, len(prompt), lengths)


def _random_scores(seed: int, count: int) -> list[str]:
    chance = random.Random(seed)
    return [
        render(ApaAnswer(**{name: chance.randint(0, 10) for name in ApaAnswer.model_fields}))
        for _ in range(count)
    ]


# ------------------------------------------------------------------------------------------------ features


def training_clips(sources: Sequence[ClipSource], processor: Processor, workers: int) -> list[TrainingClip]:
    """Compute features in parallel, by a fork server: torch's threads do not survive a fork."""
    if not workers:
        features = [_features(source.audio, processor) for source in sources]
    else:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([__name__])
        with ProcessPoolExecutor(workers, context, _start_worker, (processor,)) as pool:
            features = list(pool.map(_in_worker, (source.audio for source in sources), chunksize=_CHUNK))
    return [_clip(source, computed) for source, computed in zip(sources, features, strict=True)]


def _clip(source: ClipSource, features: npt.NDArray[np.float16]) -> TrainingClip:
    frame_phone = np.full(len(features), UNKNOWN, dtype=np.int16)
    if source.frame_phone is not None:
        known = source.frame_phone[: len(features)]
        frame_phone[: len(known)] = known
    return TrainingClip(
        features=features,
        classes=np.array(classes_of(source.phones)),
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
