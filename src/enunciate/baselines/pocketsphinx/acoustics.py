"""How well each phone's HMM fits each frame, by pocketsphinx and the American English model that it ships.

One pass of pocketsphinx's phone recognition ("allphone", with its phone 3-gram) gives the phones heard and,
with `senlogdir` and a beam that prunes no phone, the score of each of their states in each frame of 10 ms.
Everything else is computed from these context-free states: the alignment, the phone loop, and the rivals of a
phone. So all of them compare the same scores of the same frames. Scores of several searches of the decoder
are not comparable, because each search scales a frame by the best state that it visited. The decoder's own
alignment of phones, a second pass inside the word spans of a first one, also fails where a short word was
given too few frames.

A clip gets the same scores whatever was decoded before it: its features are normalised over the clip
(`cmn=batch`, and `full_utt`), and the front end is set up anew for each clip (`reinit_feat`).
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any
from weakref import finalize

import numpy as np
import numpy.typing as npt

from enunciate.errors import needing
from enunciate.pocket.symbols import CLASS_OF_PHONE, N_CLASSES, SILENCE

EXTRA = "pocketsphinx"
N_STATES = 3
"""Emitting states of each phone's HMM, passed from left to right, so that a phone lasts at least 30 ms."""
SCORE_NATS = 1024 * math.log(1.0001)
"""The unit of the decoder's costs, which are integers (`SENSCR_SHIFT` of 10 bits, base 1.0001), in nats."""
UNVISITED_COST = 200
"""Added to the worst cost of a frame for a state that the search had not reached. It starts in silence and
reaches the other phones by the fourth frame."""
BEAM = 1e-300
"""Prunes no phone, so that each has a score in every frame."""
NOISES = ("SIL", "+NSN+", "+SPN+")
States = npt.NDArray[np.float32]


@dataclass(frozen=True)
class HmmScores:
    """The scores of one clip of F frames of 10 ms."""

    states: States
    """(F, 40, 3) log-likelihood of each state of each class, relative to the best state in its frame."""
    heard: tuple[int, ...]
    """The classes of the phones recognised without reference text."""


class HmmAcoustics:
    """A decoder with the model loaded.

    Raises:
        MissingExtraError: pocketsphinx is not installed.
    """

    def __init__(self) -> None:
        with needing(EXTRA):
            sphinx: Any = import_module("pocketsphinx")
        self._folder = Path(mkdtemp(prefix="enunciate-pocketsphinx-"))
        finalize(self, rmtree, self._folder, ignore_errors=True)
        self._hmm = Path(sphinx.get_model_path("en-us")) / "en-us"
        self._decoder: Any = sphinx.Decoder(
            hmm=str(self._hmm),
            dict=None,
            lm=None,
            loglevel="FATAL",
            beam=BEAM,
            senlogdir=str(self._folder),
            cmn="batch",
        )
        self._decoder.add_allphone_file("phones", str(self._hmm.parent / "en-us-phone.lm.bin"))
        self._decoder.activate_search("phones")

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the model's means, which identifies it."""
        return hashlib.sha256((self._hmm / "means").read_bytes()).hexdigest()

    def __call__(self, samples: npt.NDArray[np.float32]) -> HmmScores:
        """Decode samples, (n,) at 16 kHz."""
        pcm = (np.clip(samples, -1, 1) * 32767).astype(np.int16).tobytes()
        decoder = self._decoder
        decoder.reinit_feat()  # state left from the previous clip would change the scores
        decoder.start_utt()
        decoder.process_raw(pcm, full_utt=True)
        decoder.end_utt()
        (log,) = self._folder.iterdir()
        costs = _read_log(log, N_STATES * len(self._phones))
        log.unlink()
        segments = decoder.seg() if decoder.hyp() is not None else ()
        heard = (CLASS_OF_PHONE.get(segment.word) for segment in segments)
        states = self._classes(-SCORE_NATS * costs.astype(np.float32))
        return HmmScores(states, tuple(label for label in heard if label is not None))

    def _classes(self, states: States) -> States:
        """Convert the model's phones, (F, P * 3), into our classes; any noise becomes silence."""
        each = states.reshape(len(states), -1, N_STATES)
        classes = np.empty((len(states), N_CLASSES, N_STATES), np.float32)
        classes[:, SILENCE] = each[:, [self._phones.index(name) for name in NOISES]].max(axis=1)
        for phone, index in CLASS_OF_PHONE.items():
            classes[:, index] = each[:, self._phones.index(phone)]
        return classes

    @cached_property
    def _phones(self) -> list[str]:
        return phones_of_definition((self._hmm / "mdef").read_bytes())


def phones_of_definition(content: bytes) -> list[str]:
    """Read the context-free phones of a binary model definition, in order.

    The file begins with "BMDF", a version, the length of a description, the description, ten numbers, of
    which the first counts the phones, and the names of the phones, each ended by a zero byte. Numbers have
    32 bits.
    """
    length = int(np.frombuffer(content, "<i4", 1, 8)[0])
    numbers = 12 + length
    count = int(np.frombuffer(content, "<i4", 1, numbers)[0])
    names = content[numbers + 40 :].split(b"\0", count)[:count]
    return [name.decode("ascii") for name in names]


def _read_log(path: Path, n_states: int) -> npt.NDArray[np.int32]:
    """Read the costs of the first S states in each frame of a dump of scores, (F, S).

    The file has a text header and a byte-order mark. A frame holds the number of active states (16 bits), the
    distance of each state's index from the one before (8 bits), and their costs (16 bits). The context-free
    states come first.
    """
    content = path.read_bytes()
    offset = content.index(b"endhdr\n") + len(b"endhdr\n") + 4
    frames: list[npt.NDArray[np.int32]] = []
    while offset < len(content):
        count = int(np.frombuffer(content, np.int16, 1, offset)[0])
        steps = np.frombuffer(content, np.uint8, count, offset + 2)
        costs = np.frombuffer(content, np.int16, count, offset + 2 + count)
        frame = np.full(n_states, int(costs.max()) + UNVISITED_COST, dtype=np.int32)
        frame[np.cumsum(steps)] = costs
        frames.append(frame)
        offset += 2 + 3 * count
    return np.stack(frames)
