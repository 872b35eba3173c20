"""Every exception that a user can cause, in one tree.

    EnunciateError
    ├── AudioError
    │   ├── AudioNotFoundError
    │   ├── AudioDecodeError
    │   ├── AudioEmptyError
    │   ├── AudioTooShortError
    │   ├── AudioTooLongError
    │   ├── AudioSilentError
    │   ├── NoSpeechError
    │   └── AudioNotFiniteError
    ├── TextError
    │   ├── TextEmptyError
    │   ├── TextNotEnglishError
    │   ├── TextUnknownWordsError
    │   ├── TextTooLongError
    │   └── PronunciationError
    ├── CorpusError
    ├── ManifestError
    ├── OutputError
    ├── RecipeError
    ├── ModelNotFoundError
    ├── TaskNotTrainedError
    ├── DeviceError
    ├── ModelServerError
    │   ├── ModelServerTimeoutError
    │   └── ModelServerBusyError
    ├── ModelRefusedError
    ├── ServiceError
    └── MissingExtraError

Each message says what is wrong, where, and how to fix it. The command line prints it on one line and exits
with `EXIT_CODE`; the service answers with `code`. Any other exception is a bug of this package.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import ClassVar

EXIT_CODE = 2


class EnunciateError(Exception):
    """Base of all user-correctable errors; `code` is a stable, machine-readable name."""

    code: ClassVar[str] = "error"


class AudioError(EnunciateError):
    """The audio cannot be assessed."""

    code = "audio"


class AudioNotFoundError(AudioError):
    """The path leads to no file."""

    code = "audio_not_found"


class AudioDecodeError(AudioError):
    """The data are not audio in a format that is read here."""

    code = "audio_not_readable"


class AudioEmptyError(AudioError):
    """The file, or the audio in it, has no samples."""

    code = "audio_empty"


class AudioTooShortError(AudioError):
    """The clip is shorter than `audio.MIN_DURATION_S`."""

    code = "audio_too_short"


class AudioTooLongError(AudioError):
    """The clip is longer than the engine takes: ten minutes for `pocket`, a minute or less for others."""

    code = "audio_too_long"


class AudioSilentError(AudioError):
    """Nothing in the clip is loud enough to be speech."""

    code = "audio_silent"


class NoSpeechError(AudioError):
    """There is sound in the clip, but nobody speaks: noise, music, a tone."""

    code = "audio_no_speech"

    @classmethod
    def in_clip(cls, utterance_id: str) -> NoSpeechError:
        """The error for a clip in which nobody speaks."""
        return cls(
            f"{utterance_id}: no speech was found in the recording: check the microphone, and record again"
        )


class AudioNotFiniteError(AudioError):
    """Some samples are NaN or infinite."""

    code = "audio_not_finite"


class TextError(EnunciateError):
    """The reference text cannot be turned into phones, or does not fit the clip."""

    code = "text"


class TextEmptyError(TextError):
    """The reference text is empty."""

    code = "text_empty"


class TextNotEnglishError(TextError):
    """The reference text contains no English word."""

    code = "text_not_english"


class TextUnknownWordsError(TextError):
    """Words of the reference text have no letter of English; `words` lists all of them."""

    code = "text_unknown_words"

    def __init__(self, words: list[str]) -> None:
        self.words = words
        example = words[0].lower()
        super().__init__(
            f"no English words: {', '.join(words)}. Give a pronunciation in the text, as in "
            f"'{example}{{T AH M EY T OW}}', or a lexicon file with --lexicon"
        )


class TextTooLongError(TextError):
    """The reference text has more phones than the clip can hold, and nothing shows which part was read."""

    code = "text_too_long"

    @classmethod
    def for_clip(cls, utterance_id: str, n_phones: int, duration_s: float) -> TextTooLongError:
        """Return the error for a text of `n_phones` phones and a clip of this length."""
        return cls(
            f"{utterance_id}: the text has {n_phones} phones, too many for a clip of {duration_s:.1f} s, "
            "and nothing shows which part of it was read: check that text and recording belong together, and "
            "give the text of this clip alone"
        )


class PronunciationError(TextError):
    """A pronunciation given in the text or in a lexicon file is not made of ARPAbet phones."""

    code = "pronunciation"


class CorpusError(EnunciateError):
    """A corpus lacks a file or a field, or has an invalid one."""

    code = "corpus"


class ManifestError(EnunciateError):
    """A manifest of clips cannot be read, or one of its lines is invalid."""

    code = "manifest"


class OutputError(EnunciateError):
    """An output file cannot be written, or belongs to another run."""

    code = "output"


class RecipeError(EnunciateError):
    """A recipe is invalid; `source` names it, and `problems` lists every error with its key."""

    code = "recipe"

    def __init__(self, source: str, problems: list[str]) -> None:
        self.source = source
        self.problems = problems
        super().__init__(f"{source}: " + "; ".join(problems))


class ModelNotFoundError(EnunciateError):
    """No engine has this name, and there is no model at this path."""

    code = "model_not_found"


class TaskNotTrainedError(EnunciateError):
    """The model was not trained for the task asked of it."""

    code = "task_not_trained"


class DeviceError(EnunciateError):
    """The machine lacks the device that the work needs."""

    code = "device"


class ModelServerError(EnunciateError):
    """The server of a model gave no answer."""

    code = "model_server"


class ModelServerTimeoutError(ModelServerError):
    """The server of a model did not answer in time."""

    code = "model_server_timeout"


class ModelServerBusyError(ModelServerError):
    """The server of a model takes no more requests for now: its rate limit is reached."""

    code = "model_server_busy"


class ModelRefusedError(EnunciateError):
    """The model behind a server, or a filter before it, refused to answer."""

    code = "model_refused"


class ServiceError(EnunciateError):
    """The service cannot start, for example because its port is in use."""

    code = "service"


class MissingExtraError(EnunciateError):
    """An optional dependency is not installed."""

    code = "missing_extra"

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(f"{package} is not installed: pip install 'enunciate[{extra}]'")


@contextmanager
def needing(extra: str) -> Generator[None, None, None]:
    """Turn a failed import of an optional package into an error that names the pip command.

    Raises:
        MissingExtraError: Code in this context imports a package that is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package in ("", "enunciate"):
            raise
        raise MissingExtraError(package, extra) from None
