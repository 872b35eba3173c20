"""How well each phone's HMM fits each frame, by pocketsphinx and the American English model that it ships.

One pass of its phone recognition ("allphone", with its phone 3-gram) gives the phones that it hears and, with
`senlogdir` and a beam that gives no phone up, the score of each of their states in every 10 ms. From these
states, without context, everything else follows: the alignment, the phone loop, the rivals of a phone. All of
them are then of the same scores of the same frames, which those of several searches of the decoder are not:
each scales a frame by the best state that it looked at. Its own alignment of phones, a second pass inside the
word spans of a first one, also fails where a short word was given too few frames.

A clip gives the same scores whatever was decoded before it, which a test holds: its features are normalised
over the clip (`cmn=batch`, and `full_utt`), and the front end is set up anew for each (`reinit_feat`).
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt

from enunciate.errors import needing
from enunciate.pocket.symbols import CLASS_OF_PHONE, N_CLASSES, SILENCE

EXTRA = "pocketsphinx"
N_STATES = 3
"""Emitting states of each phone's HMM, passed from left to right: a phone takes 30 ms at least."""
SCORE_NATS = 1024 * math.log(1.0001)
"""Scores are whole numbers in this unit (`SENSCR_SHIFT` of 10 bits, base 1.0001), counted as costs."""
UNSEEN = 200
"""The cost of a state beyond the worst of its frame, where the search had not come to it yet: it begins with
silence, and knows the other phones from the fourth frame on."""
BEAM = 1e-300
"""No phone is given up, so that each has a score in every frame."""
NOISES = ("SIL", "+NSN+", "+SPN+")
States = npt.NDArray[np.float32]


@dataclass(frozen=True)
class HmmScores:
    """What the model makes of one clip of F frames of 10 ms."""

    states: States
    """(F, 40, 3) log-likelihood of each state of each class, relative to the best state in its frame."""
    heard: tuple[int, ...]
    """The classes of the phones recognised without a text."""


class HmmAcoustics:
    """A decoder of this process."""

    def __init__(self) -> None:
        with needing(EXTRA):
            sphinx: Any = import_module("pocketsphinx")
        self._folder = TemporaryDirectory(prefix="enunciate-pocketsphinx-")
        self._hmm = Path(sphinx.get_model_path("en-us")) / "en-us"
        self._decoder: Any = sphinx.Decoder(
            hmm=str(self._hmm),
            dict=None,
            lm=None,
            loglevel="FATAL",
            beam=BEAM,
            senlogdir=self._folder.name,
            cmn="batch",
        )
        self._decoder.add_allphone_file("phones", str(self._hmm.parent / "en-us-phone.lm.bin"))
        self._decoder.activate_search("phones")

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the model's means, by which it is known."""
        return hashlib.sha256((self._hmm / "means").read_bytes()).hexdigest()

    def __call__(self, samples: npt.NDArray[np.float32]) -> HmmScores:
        """Decode 16 kHz samples, shape (n,)."""
        pcm = (np.clip(samples, -1, 1) * 32767).astype(np.int16).tobytes()
        decoder = self._decoder
        decoder.reinit_feat()  # what it keeps of the clip before would change this one's scores
        decoder.start_utt()
        decoder.process_raw(pcm, full_utt=True)
        decoder.end_utt()
        (log,) = Path(self._folder.name).iterdir()
        costs = _read_log(log, N_STATES * len(self._phones))
        log.unlink()
        segments = decoder.seg() if decoder.hyp() is not None else ()
        heard = (CLASS_OF_PHONE.get(segment.word) for segment in segments)
        states = self._classes(-SCORE_NATS * costs.astype(np.float32))
        return HmmScores(states, tuple(label for label in heard if label is not None))

    def _classes(self, states: States) -> States:
        """From the model's phones, (F, P * 3), to our classes: noise of any kind is silence."""
        each = states.reshape(len(states), -1, N_STATES)
        found = np.empty((len(states), N_CLASSES, N_STATES), np.float32)
        found[:, SILENCE] = each[:, [self._phones.index(name) for name in NOISES]].max(axis=1)
        for phone, index in CLASS_OF_PHONE.items():
            found[:, index] = each[:, self._phones.index(phone)]
        return found

    @cached_property
    def _phones(self) -> list[str]:
        return phones_of_definition((self._hmm / "mdef").read_bytes())


def phones_of_definition(content: bytes) -> list[str]:
    """The context-free phones of a binary model definition, in order.

    It begins with "BMDF", a version, the length of a description, that text, ten numbers, of which the first
    counts the phones, and their names, each ended by a zero byte; numbers are of 32 bits.
    """
    length = int(np.frombuffer(content, "<i4", 1, 8)[0])
    numbers = 12 + length
    count = int(np.frombuffer(content, "<i4", 1, numbers)[0])
    names = content[numbers + 40 :].split(b"\0", count)[:count]
    return [name.decode("ascii") for name in names]


def _read_log(path: Path, n_states: int) -> npt.NDArray[np.int32]:
    """The costs of states in each frame of a dump of scores, (F, S).

    It has a text header and a mark of byte order. A frame is the number of active states (16 bits), where
    each is, counted from the one before (8 bits), and their costs (16 bits). Those without context are first.
    """
    content = path.read_bytes()
    place = content.index(b"endhdr\n") + len(b"endhdr\n") + 4
    frames: list[npt.NDArray[np.int32]] = []
    while place < len(content):
        count = int(np.frombuffer(content, np.int16, 1, place)[0])
        steps = np.frombuffer(content, np.uint8, count, place + 2)
        costs = np.frombuffer(content, np.int16, count, place + 2 + count)
        frame = np.full(n_states, int(costs.max()) + UNSEEN, dtype=np.int32)
        frame[np.cumsum(steps)] = costs
        frames.append(frame)
        place += 2 + 3 * count
    return np.stack(frames)
