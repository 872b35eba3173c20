"""Training clips from a corpus and synthetic speech: features in parallel, labels as class indices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt

from enunciate.audio import load
from enunciate.conformer.fbank import HOP_S, Features, log_mel
from enunciate.conformer.training.feature_bank import NO_SCORE, PAUSE, UNKNOWN, TrainingClip
from enunciate.corpus.synthetic.clip import SyntheticClip
from enunciate.corpus.synthetic.shard_files import read_shards
from enunciate.pocket.symbols import classes_of
from enunciate.schema import Utterance

CHUNK = 16


def recordings(utterances: Sequence[Utterance], pool: ProcessPoolExecutor) -> list[TrainingClip]:
    """Return features and labels of recordings with known canonical phones, not aligned yet."""
    features = pool.map(_features_of_file, utterances, chunksize=CHUNK)
    return [_recording(u, f) for u, f in zip(utterances, features, strict=True)]


def synthetic_clips(folder: Path, pool: ProcessPoolExecutor) -> list[TrainingClip]:
    """Return features and labels of all synthetic clips in a folder, with their exact times."""
    return list(pool.map(_synthetic, _with_phones(read_shards(folder)), chunksize=CHUNK))


def _with_phones(clips: Iterator[SyntheticClip]) -> Iterator[SyntheticClip]:
    return (clip for clip in clips if clip.spoken)


def _features_of_file(utterance: Utterance) -> Features:
    return log_mel(load(utterance.audio).samples).astype(np.float16).astype(np.float32)


def _recording(utterance: Utterance, features: Features) -> TrainingClip:
    words = utterance.words or ()
    classes = [label for word in words for label in classes_of(word.phones)]
    scores = [s for word in words for s in word.phone_scores or (NO_SCORE,) * len(word.phones)]
    unknown = np.full(len(features), UNKNOWN, dtype=np.int16)
    return TrainingClip(
        features, np.array(classes), np.array(scores, dtype=np.float32), unknown, synthetic=False
    )


def _synthetic(clip: SyntheticClip) -> TrainingClip:
    features = log_mel(clip.samples.astype(np.float32) / 32768.0)
    phones = [segment[0] for segment in clip.segments if segment[0] != "SIL"]
    frame_phone = frames_of_segments(clip, len(features))
    no_scores = np.full(len(phones), NO_SCORE, dtype=np.float32)
    return TrainingClip(features, np.array(classes_of(phones)), no_scores, frame_phone, synthetic=True)


def frames_of_segments(clip: SyntheticClip, n_frames: int) -> npt.NDArray[np.int16]:
    """Return the index of the phone in each 10 ms of a synthetic clip, or PAUSE."""
    frame_phone = np.full(n_frames, PAUSE, dtype=np.int16)
    index = 0
    for phone, start_s, end_s in clip.segments:
        if phone != "SIL":
            frame_phone[round(start_s / HOP_S) : round(end_s / HOP_S)] = index
            index += 1
    return frame_phone
