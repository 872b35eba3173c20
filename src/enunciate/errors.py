"""One exception tree: each message says what is wrong, where, and what to do about it.

Everything that a user's input or set-up can cause derives from `EnunciateError`; the command line
prints such an error as one line and exits with `EXIT_CODE`. Whatever else is raised is a bug of ours.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import ClassVar

EXIT_CODE = 2


class EnunciateError(Exception):
    """Base of all errors that a user can mend; `code` is its stable, machine-readable name."""

    code: ClassVar[str] = "error"


class AudioError(EnunciateError):
    """The audio cannot be assessed."""

    code = "audio"


class AudioNotFoundError(AudioError):
    """There is no file at the path."""

    code = "audio_not_found"


class AudioDecodeError(AudioError):
    """The bytes are not audio in a format that libsndfile reads."""

    code = "audio_not_readable"


class AudioEmptyError(AudioError):
    """The file, or the audio in it, has no samples."""

    code = "audio_empty"


class AudioTooShortError(AudioError):
    """The clip is shorter than `audio.MIN_DURATION_S`."""

    code = "audio_too_short"


class AudioTooLongError(AudioError):
    """The clip is longer than `audio.MAX_DURATION_S`."""

    code = "audio_too_long"


class AudioSilentError(AudioError):
    """Nothing in the clip is loud enough to be speech."""

    code = "audio_silent"


class AudioNotFiniteError(AudioError):
    """Some samples are NaN or infinite."""

    code = "audio_not_finite"


class TextError(EnunciateError):
    """The reference text cannot be turned into phones, or not fitted to the clip."""

    code = "text"


class TextEmptyError(TextError):
    """The reference text is empty."""

    code = "text_empty"


class TextNotEnglishError(TextError):
    """The reference text holds no English word."""

    code = "text_not_english"


class TextUnknownWordsError(TextError):
    """Words of the reference text are not in the lexicon; `words` names all of them."""

    code = "text_unknown_words"

    def __init__(self, words: list[str]) -> None:
        self.words = words
        example = words[0].lower()
        super().__init__(
            f"not in the lexicon: {', '.join(words)}. Give a pronunciation in the text, as in "
            f"'{example}{{T AH M EY T OW}}', or a lexicon file with --lexicon"
        )


class TextTooLongError(TextError):
    """The reference text has more phones than the clip can hold."""

    code = "text_too_long"


class PronunciationError(TextError):
    """A pronunciation that the user gave (inline or in a lexicon file) is not made of ARPAbet phones."""

    code = "pronunciation"


class CorpusError(EnunciateError):
    """A corpus folder lacks a file or a field, or has a broken one."""

    code = "corpus"


class ManifestError(EnunciateError):
    """A manifest of clips cannot be read, or a line of it is broken."""

    code = "manifest"


class OutputError(EnunciateError):
    """An output file cannot be written, or belongs to a different run."""

    code = "output"


class RecipeError(EnunciateError):
    """A recipe has errors; `problems` names every one of them with its key."""

    code = "recipe"

    def __init__(self, source: str, problems: list[str]) -> None:
        self.problems = problems
        super().__init__(f"{source}: " + "; ".join(problems))


class ModelNotFoundError(EnunciateError):
    """No engine has this name, and there is no model at this path."""

    code = "model_not_found"


class TaskNotTrainedError(EnunciateError):
    """The model was not trained for what is asked of it."""

    code = "task_not_trained"


class DeviceError(EnunciateError):
    """The machine has no device that the work fits on."""

    code = "device"


class ServiceError(EnunciateError):
    """The service cannot start: its port is taken, say, or its file of keys is broken."""

    code = "service"


class MissingExtraError(EnunciateError):
    """An optional dependency is not installed."""

    code = "missing_extra"

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(f"{package} is not installed: pip install 'enunciate[{extra}]'")


@contextmanager
def needing(extra: str) -> Generator[None, None, None]:
    """Name the pip command where a package of an extra is missing.

    Raises:
        MissingExtraError: what ran in this context imports a package that is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package in ("", "enunciate"):
            raise
        raise MissingExtraError(package, extra) from None
