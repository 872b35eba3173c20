"""An encoder that recognises the chords of the tone corpus untrained, and recipes of baselines on it."""

import json
from pathlib import Path

import numpy as np
from support.tone_corpus import CHORDS_HZ, PHONE_S, RATE_HZ, WORDS, make_corpus, render

from enunciate.baselines.baseline_recipes import ForestRecipe, GopRecipe, GoptConfig, GoptRecipe
from enunciate.corpus.speechocean762 import load_corpus
from enunciate.pocket.acoustic_model import FRAME_S, FRAME_SAMPLES, AcousticModel, Outputs, prosody_tracks
from enunciate.pocket.ctc import save_phone_model, train_phone_model
from enunciate.pocket.forced_alignment import Alignment
from enunciate.pocket.symbols import CLASS_OF_PHONE, N_CLASSES, classes_of
from enunciate.schema import Clip, Utterance

ENCODER_BYTES = b"chords"
BAD_WORD = 1
"""The index of the word that is scored badly in every text, whatever its phones."""
WINDOW = 960


def hear_chords(samples: np.ndarray) -> Outputs:
    """Compute frame posteriors by matching the spectrum of each frame with each chord; CTC is the same."""
    n = max(1, len(samples) // FRAME_SAMPLES)
    padded = np.pad(samples, ((WINDOW - FRAME_SAMPLES) // 2, WINDOW))
    window = np.hanning(WINDOW)
    spectra = np.abs(np.fft.rfft([window * padded[i * FRAME_SAMPLES :][:WINDOW] for i in range(n)], 4096))
    frequency = np.fft.rfftfreq(4096, 1 / RATE_HZ)
    logits = np.full((n, N_CLASSES), -12.0)
    power = np.sqrt((spectra**2).sum(axis=1))
    for phone, chord in CHORDS_HZ.items():
        near = np.min([np.abs(np.log(frequency + 1) - np.log(hz)) for hz in chord], axis=0) < 0.06
        shares = [spectra[:, near & (np.abs(frequency - hz) < 0.06 * hz)] for hz in chord]
        energy = np.min([(part**2).sum(axis=1) for part in shares], axis=0) * len(chord)
        logits[:, CLASS_OF_PHONE[phone]] = 16 * np.sqrt(energy) / (power + 1e-9) - 8
    logits[:, 0] = np.where(power < 1.0, 8.0, -4.0)
    log_probs = (logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))).astype(np.float32)
    return outputs_of(log_probs, *prosody_tracks(samples, n))


def outputs_of(log_probs: np.ndarray, *tracks: np.ndarray) -> Outputs:
    """Make outputs whose heads agree and whose streams are empty; without tracks, of a level voice."""
    n = len(log_probs)
    tracks = tracks or level_voice(n)
    no_stream = np.zeros((n, 0), np.float32)
    return Outputs(log_probs, log_probs, no_stream, no_stream, *tracks)


def listen_to_chords(monkeypatch) -> None:
    """Replace the encoder by `hear_chords`, whatever its file holds."""
    monkeypatch.setattr(AcousticModel, "__init__", lambda self, path, threads=1: None)
    monkeypatch.setattr(AcousticModel, "__call__", lambda self, samples, progress=None: hear_chords(samples))


def alignment(classes, spans, words) -> Alignment:
    """Make an alignment by hand; spans are (first frame, one past the last)."""
    start, end = np.array(spans).T
    return Alignment(np.array(classes), np.array(words), start, end, (0,), 0.0)


def level_voice(n_frames: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the tone, the voicing and the level of a voice on one pitch and one level."""
    return tuple(np.full(n_frames, value, np.float32) for value in (0.0, 1.0, -10.0))


def make_chord_corpus(root: Path, clips_each: int = 4) -> Path:
    """Write a corpus of chords in which people also scored words, `BAD_WORD` worse than the others."""
    make_corpus(root, {"train": 6, "test": 4}, clips_each)
    path = root / "resource" / "scores.json"
    rows = json.loads(path.read_text())
    for row in rows.values():
        for index, word in enumerate(row["words"]):
            word |= {"accuracy": 2 if index == BAD_WORD else 9, "stress": 10, "total": 5}
    path.write_text(json.dumps(rows))
    return root


def make_encoder(folder: Path, corpus: Path) -> Path:
    """Write a folder as training of `pocket` on the train split does, as far as baselines read it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "encoder.onnx").write_bytes(ENCODER_BYTES)
    texts = [[label for w in u.words for label in classes_of(w.phones)] for u in load_corpus(corpus, "train")]
    save_phone_model(train_phone_model(texts), folder / "phones.npz")
    (folder / "held_out.json").write_text(json.dumps([u.id for u in load_corpus(corpus, "test")]))
    return folder


def recipe_of(kind: str, corpus: Path, out: Path, **changes) -> GopRecipe | GoptRecipe | ForestRecipe:
    """Make a small recipe of one kind, with an encoder beside its `out`."""
    encoder = changes.get("encoder") or make_encoder(out.parent / "encoder", corpus)
    values = {"kind": kind, "corpus": corpus, "out": out, "encoder": encoder, "workers": 1}
    if kind == "gop":
        return GopRecipe(**(values | {"members": 2} | changes))
    if kind == "gopt":
        small = GoptConfig(width=32, layers=1, epochs=80, batch=8, learning_rate=1e-2, dropout=0.0)
        return GoptRecipe(**(values | {"members": 2, "network": small} | changes))
    return ForestRecipe(**(values | {"trees": 20, "min_leaf": 2} | changes))


def clip_of(words: tuple[str, ...], id: str = "a", **fields) -> Utterance:
    """Render words of the tone corpus as a clip."""
    samples = render([list(WORDS[word]) for word in words], np.random.default_rng(0))
    return Utterance(id=id, audio=Clip(samples=samples, sample_rate_hz=RATE_HZ), **fields)


assert round(PHONE_S / FRAME_S) == 6
