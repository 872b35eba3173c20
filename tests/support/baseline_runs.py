"""Chords in the place of speech, and an encoder that hears them untrained."""

import numpy as np
from support.tone_corpus import CHORDS_HZ, PHONE_S, RATE_HZ

from enunciate.pocket.acoustic_model import AcousticModel
from enunciate.pocket.features import Outputs
from enunciate.pocket.forced_alignment import Alignment
from enunciate.pocket.pitch import FRAME_S, Prosody, track
from enunciate.pocket.symbols import CLASS_OF_PHONE, N_CLASSES


def hear_chords(samples: np.ndarray) -> Outputs:
    """Frame posteriors by matching each frame's spectrum with each chord's; CTC from the same, with peaks."""
    hop = round(FRAME_S * RATE_HZ)
    n = -(-round(len(samples) / 160) // 3)
    padded = np.pad(samples, (0, hop * n + hop))
    window = np.hanning(2 * hop)
    spectra = np.abs(np.fft.rfft([window * padded[i * hop : (i + 2) * hop] for i in range(n)], 4096))
    frequency = np.fft.rfftfreq(4096, 1 / RATE_HZ)
    logits = np.full((n, N_CLASSES), -12.0)
    power = np.sqrt((spectra**2).sum(axis=1))
    for phone, chord in CHORDS_HZ.items():
        near = np.min([np.abs(np.log(frequency + 1) - np.log(hz)) for hz in chord], axis=0) < 0.06
        shares = [spectra[:, near & (np.abs(frequency - hz) < 0.06 * hz)] for hz in chord]
        found = np.min([(part**2).sum(axis=1) for part in shares], axis=0) * len(chord)
        logits[:, CLASS_OF_PHONE[phone]] = 16 * np.sqrt(found) / (power + 1e-9) - 8
    logits[:, 0] = np.where(power < 1.0, 8.0, -4.0)
    log_probs = (logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))).astype(np.float32)
    return Outputs(log_probs, log_probs, np.zeros((n, 4), np.float32), track(samples, n))


def listen_to_chords(monkeypatch) -> None:
    """Put `hear_chords` in the place of the encoder, whatever its file holds."""
    monkeypatch.setattr(AcousticModel, "__init__", lambda self, path, threads=1: None)
    monkeypatch.setattr(AcousticModel, "__call__", lambda self, samples: hear_chords(samples))


def alignment(classes, spans, words) -> Alignment:
    """Written by hand: spans are (first frame, one past the last)."""
    start, end = np.array(spans).T
    return Alignment(np.array(classes), np.array(words), start, end, (0,), 0.0)


def still(n_frames: int) -> Prosody:
    """A level voice on one pitch."""
    return Prosody(np.full(n_frames, 5.0, np.float32), np.full(n_frames, -10.0, np.float32))


assert round(PHONE_S / FRAME_S) == 4
