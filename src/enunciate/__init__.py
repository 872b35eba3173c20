"""Judge English pronunciation: scores for a recording, its words and its phones.

>>> import enunciate
>>> assessment = enunciate.assess("clip.wav", "She had your dark suit.")  # doctest: +SKIP
>>> assessment.accuracy.value  # doctest: +SKIP
8.1

`assess` returns an `Assessment`; `load_assessor` returns an engine for many recordings, and `assess_each`
yields the outcome of each, a `Failure` where there is no assessment. All user-correctable errors derive from
`EnunciateError`; the tree is in `enunciate.errors`.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from enunciate.engines import (
        Assessor,
        StreamingAssessor,
        assess,
        assess_each,
        assess_stream,
        load_assessor,
    )
    from enunciate.errors import (
        AudioDecodeError,
        AudioEmptyError,
        AudioError,
        AudioNotFiniteError,
        AudioNotFoundError,
        AudioSilentError,
        AudioTooLongError,
        AudioTooShortError,
        CorpusError,
        DeviceError,
        EnunciateError,
        ManifestError,
        MissingExtraError,
        ModelNotFoundError,
        ModelRefusedError,
        ModelServerBusyError,
        ModelServerError,
        ModelServerTimeoutError,
        NoSpeechError,
        OutputError,
        PronunciationError,
        RecipeError,
        ServiceError,
        TaskNotTrainedError,
        TextEmptyError,
        TextError,
        TextNotEnglishError,
        TextTooLongError,
        TextUnknownWordsError,
    )
    from enunciate.schema import (
        Assessment,
        Clip,
        ClipError,
        Failure,
        HumanScores,
        Mispronunciation,
        Notice,
        Pause,
        PhoneCandidate,
        PhoneQuality,
        PhoneResult,
        PhraseResult,
        Rates,
        ReferenceWord,
        Score,
        UnparsableAnswer,
        Utterance,
        WordResult,
    )

# ONNX Runtime 1.32 sends telemetry unless this is set before it is imported; nothing may leave the machine on
# which a learner's speech is judged. Set it to 0 to allow telemetry.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

__version__ = "0.1.0"
__all__ = [
    "Assessment",
    "Assessor",
    "AudioDecodeError",
    "AudioEmptyError",
    "AudioError",
    "AudioNotFiniteError",
    "AudioNotFoundError",
    "AudioSilentError",
    "AudioTooLongError",
    "AudioTooShortError",
    "Clip",
    "ClipError",
    "CorpusError",
    "DeviceError",
    "EnunciateError",
    "Failure",
    "HumanScores",
    "ManifestError",
    "Mispronunciation",
    "MissingExtraError",
    "ModelNotFoundError",
    "ModelRefusedError",
    "ModelServerBusyError",
    "ModelServerError",
    "ModelServerTimeoutError",
    "NoSpeechError",
    "Notice",
    "OutputError",
    "Pause",
    "PhoneCandidate",
    "PhoneQuality",
    "PhoneResult",
    "PhraseResult",
    "PronunciationError",
    "Rates",
    "RecipeError",
    "ReferenceWord",
    "Score",
    "ServiceError",
    "StreamingAssessor",
    "TaskNotTrainedError",
    "TextEmptyError",
    "TextError",
    "TextNotEnglishError",
    "TextTooLongError",
    "TextUnknownWordsError",
    "UnparsableAnswer",
    "Utterance",
    "WordResult",
    "__version__",
    "assess",
    "assess_each",
    "assess_stream",
    "load_assessor",
]


def __getattr__(name: str) -> object:
    """Import a public name on first use, so that `import enunciate` alone stays quick."""
    if name in __all__:
        for module in ("enunciate.schema", "enunciate.errors", "enunciate.engines"):
            home = import_module(module)
            if name in vars(home):
                return getattr(home, name)
    raise AttributeError(f"module 'enunciate' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted(__all__)
