"""The `Assessor` protocol that every engine implements, and how to get one: `assess` and `load_assessor`."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar, runtime_checkable

from enunciate.batching import batches_of_similar_length
from enunciate.errors import EnunciateError, ModelNotFoundError, needing
from enunciate.progress import Progress
from enunciate.schema import Accent, Assessment, Clip, ClipError, Failure, PhraseResult, Utterance

if TYPE_CHECKING:
    from enunciate.speech_lm.options import WeightFormat

logger = logging.getLogger(__name__)
_Answer = TypeVar("_Answer")
BATCHES_AHEAD = 4
"""Batches from which clips of similar length are put together; a stopped run loses so many at most."""
SERVED = "openai:"
"""How the name of a model begins that a server runs."""


class Assessor(Protocol):
    """An engine with its weights."""

    @property
    def name(self) -> str:
        """Engine and version of the weights, as in `Assessment.model`."""
        ...

    @property
    def batch_size(self) -> int:
        """The preferred number of utterances in one call; 1 where a larger batch gains nothing."""
        ...

    def assess(self, utterances: Sequence[Utterance]) -> list[Assessment]:
        """Assess utterances, in order.

        Raises:
            EnunciateError: the first utterance that cannot be assessed; `answer_each` keeps the others.
        """
        ...

    def recognise(self, utterances: Sequence[Utterance]) -> list[tuple[str, ...]]:
        """Return the phones heard in each utterance, in order, without use of the reference text."""
        ...


@runtime_checkable
class OnePassAssessor(Assessor, Protocol):
    """An engine that assesses and recognises in one pass over the audio, as an evaluation needs both."""

    def assess_and_recognise(
        self, utterances: Sequence[Utterance]
    ) -> Sequence[tuple[Assessment, tuple[str, ...] | None]]:
        """Return the results of `assess` and `recognise`; None for phones where the engine hears none.

        Raises:
            EnunciateError: as `assess` or `recognise`.
        """
        ...


@runtime_checkable
class StreamingAssessor(Assessor, Protocol):
    """An engine that gives the results of a long reading phrase by phrase."""

    def assess_stream(
        self, utterance: Utterance, progress: Progress | None = None
    ) -> Iterator[PhraseResult | Assessment]:
        """Yield the result of each phrase as it is finished (`PhraseResult.index`), and at the end the whole.

        Args:
            utterance: The clip.
            progress: Told how many seconds of the clip are heard, and how many it has.

        Raises:
            EnunciateError: the utterance cannot be assessed.
        """
        ...


def answer_each(
    answer: Callable[[Sequence[Utterance]], Sequence[_Answer]], batch: Sequence[Utterance]
) -> list[_Answer | EnunciateError]:
    """Call an engine with a batch and keep the good clips of it where one fails.

    A failing batch is split in half until the clip that fails stands alone. Only an `EnunciateError` is a
    clip's fault; any other exception is a bug and propagates.

    Args:
        answer: A method of an engine, such as `assess`.
        batch: At least one utterance.

    Returns:
        For each utterance, in order, its answer or the error that it raised.
    """
    try:
        answers = answer(batch)
    except EnunciateError as error:
        if len(batch) == 1:
            return [error]
        half = len(batch) // 2
        parts = [batch[begin : begin + half] for begin in range(0, len(batch), half)]
        return [answered for part in parts for answered in answer_each(answer, part)]
    assert len(answers) == len(batch), f"{len(answers)} answers for {len(batch)} utterances"
    return list(answers)


def assess_each(assessor: Assessor, utterances: Sequence[Utterance]) -> Iterator[Assessment | Failure]:
    """Yield the outcome of each clip, in order: a clip that cannot be assessed does not affect the others.

    Its audio may be unusable, or its text may have nothing to read or not fit it. Clips are assessed one at a
    time, so that a stopped run loses little. An engine that prefers batches gets clips of similar length, of
    the next `BATCHES_AHEAD` batches, and the outcomes of these come together.

    >>> for outcome in assess_each(load_assessor(), utterances):  # doctest: +SKIP
    ...     print(outcome.id, outcome.error.code if isinstance(outcome, Failure) else outcome.total.value)
    """
    size = assessor.batch_size
    at_once = 1 if size == 1 else size * BATCHES_AHEAD
    for begin in range(0, len(utterances), at_once):
        ahead = utterances[begin : begin + at_once]
        answers: dict[int, Assessment | EnunciateError] = {}
        for batch in batches_of_similar_length(ahead, size):
            found = answer_each(assessor.assess, [ahead[index] for index in batch])
            answers.update(zip(batch, found, strict=True))
        for index, utterance in enumerate(ahead):
            yield _outcome(utterance, answers[index])


def _outcome(utterance: Utterance, answer: Assessment | EnunciateError) -> Assessment | Failure:
    if not isinstance(answer, EnunciateError):
        logger.debug("assessed %s", utterance.id)
        return answer
    logger.info("%s cannot be assessed: %s", utterance.id, answer)
    audio = str(utterance.audio) if isinstance(utterance.audio, Path) else None
    return Failure(id=utterance.id, audio=audio, error=ClipError(code=answer.code, message=str(answer)))


def assess(
    audio: Path | str | bytes | Clip,
    text: str | None = None,
    *,
    model: str | Path = "pocket",
    id: str | None = None,
    lexicon: Path | None = None,
    accent: Accent = "us",
    threads: int = 1,
) -> Assessment:
    """Assess one recording.

    The engine is loaded on the first call and kept for later calls of this process.

    Args:
        audio: A path, the bytes of an audio file, or a `Clip` of samples.
        text: The reference text; without it the recording is assessed without reference.
        model: An engine's name or a folder, as for `load_assessor`.
        id: The id of the result; by default the name of the file, or `clip` where there is none.
        lexicon: A file of extra pronunciations, as for `load_assessor`.
        accent: Which pronunciations are right: American ("us"), British ("gb"), or both ("any").
        threads: Processor threads, as for `load_assessor`.

    Raises:
        AudioError: The audio cannot be assessed.
        TextError: The text cannot be turned into phones, or does not fit the recording.
        ModelNotFoundError: There is no such engine or folder.
        MissingExtraError: The engine needs packages that are not installed.
    """
    (assessment,) = _cached_assessor(model, lexicon, threads).assess([_utterance(audio, text, id, accent)])
    return assessment


def assess_stream(
    audio: Path | str | bytes | Clip,
    text: str | None = None,
    *,
    model: str | Path = "pocket",
    id: str | None = None,
    lexicon: Path | None = None,
    accent: Accent = "us",
    threads: int = 1,
    progress: Progress | None = None,
) -> Iterator[PhraseResult | Assessment]:
    """Assess one recording, and yield the result of each phrase as it is finished; the last is the whole.

    An engine that is no `StreamingAssessor` yields the whole alone. See `PhraseResult.index`.

    Args:
        audio: As for `assess`, like the next six.
        text: The reference text.
        model: An engine's name or a folder.
        id: The id of the result.
        lexicon: A file of extra pronunciations.
        accent: Which pronunciations are right.
        threads: Processor threads.
        progress: Told how many seconds of the recording are heard, and how many it has.

    Raises:
        EnunciateError: as `assess`, when a result is asked for.
    """
    assessor = _cached_assessor(model, lexicon, threads)
    utterance = _utterance(audio, text, id, accent)
    if isinstance(assessor, StreamingAssessor):
        yield from assessor.assess_stream(utterance, progress)
    else:
        yield from assessor.assess([utterance])


def _utterance(
    audio: Path | str | bytes | Clip, text: str | None, id: str | None, accent: Accent
) -> Utterance:
    source = Path(audio) if isinstance(audio, str) else audio
    default_id = source.name if isinstance(source, Path) else "clip"
    return Utterance(id=default_id if id is None else id, audio=source, text=text, accent=accent)


@lru_cache(maxsize=1)
def _cached_assessor(model: str | Path, lexicon: Path | None, threads: int) -> Assessor:
    return load_assessor(model, lexicon=lexicon, threads=threads)


def load_assessor(
    name_or_path: str | Path = "pocket",
    *,
    lexicon: Path | None = None,
    accent: Accent = "us",
    threads: int = 1,
    base_url: str | None = None,
    served_adapter: Path | None = None,
    weights: WeightFormat = "full",
    compile_layers: bool = False,
) -> Assessor:
    """Load an engine.

    Args:
        name_or_path: `pocket` (its weights ship in the package) or a folder that `enunciate train` wrote:
            weights of `pocket`, a baseline, or an adapter of a speech language model. The name
            `microsoft/Phi-4-multimodal-instruct`, or a folder with a checkpoint of any family, loads that
            model without an adapter. `whisper` runs the packaged adapter on a Whisper base of this machine,
            without torch; so does a folder with an adapter of Whisper where torch is not installed.
            `both` averages the utterance scores of `pocket` and `whisper`.
            `openai:MODEL` asks a server of OpenAI's protocol that takes audio.
        lexicon: A file of extra pronunciations, lines of `WORD PH1 PH2 ...`.
        accent: Which pronunciations are right for `pocket` where `Utterance.accent` does not say: American
            ("us"), British ("gb"), or both ("any").
        threads: Processor threads for one clip, for `pocket`, `whisper`, `both` and the baselines; for a
            model that torch runs, how many clips are read and looked at for speech at once.
        base_url: Where the server of `openai:MODEL` is; the default is the environment variable
            OPENAI_BASE_URL or, without it, OpenAI's own. The key is in OPENAI_API_KEY.
        served_adapter: The folder of the adapter that the server runs as MODEL, whose recipe says how it is
            asked; without it MODEL is asked as a model that was not trained for this.
        weights: "int8" and "int4" (on NVIDIA GPUs) round the weights of models that torch runs: less memory.
        compile_layers: Compile the layers of a model that torch runs on an NVIDIA GPU, Phi-4 among them:
            faster answers, but the first, and the first of a batch, take up to half a minute.

    Raises:
        ModelNotFoundError: There is no such engine or folder, or no such model on the server.
        DeviceError: `weights` or `compile_layers` does not fit the model or the machine.
        ModelServerError: The server does not answer, or does not take the key.
        MissingExtraError: The engine needs packages that are not installed.
    """
    from enunciate.baselines.folder import BASELINE
    from enunciate.both.loading import load_both
    from enunciate.pocket.assessor import PocketAssessor, packaged_weights
    from enunciate.pocket.weights_folder import DESCRIPTION
    from enunciate.speech_lm.families.detection import family_of_folder
    from enunciate.speech_lm.families.phi4.hub import HUB_NAME
    from enunciate.speech_lm.options import TorchOptions
    from enunciate.speech_lm.runtimes import (
        load_with_onnx,
        load_with_torch,
        runs_without_torch,
        torch_options_refused,
    )

    folder = packaged_weights() if name_or_path == "pocket" else Path(name_or_path)
    family = family_of_folder(folder)  # of a whole checkpoint, which may have an adapter beside it
    is_adapter = family is None and (folder / "adapter_config.json").is_file()
    is_speech_lm = is_adapter or str(name_or_path) == HUB_NAME or family is not None
    torch_options = TorchOptions(weights=weights, compile_layers=compile_layers)
    if torch_options != TorchOptions() and not is_speech_lm:
        raise torch_options_refused(name_or_path, torch_options)
    if str(name_or_path).startswith(SERVED):
        with needing("openai"):
            import kaldialign  # noqa: F401  # pyright: ignore[reportUnusedImport,reportMissingTypeStubs]

            from enunciate.speech_lm.openai_api.loading import load_served
        model = str(name_or_path).removeprefix(SERVED)
        return load_served(model, base_url, adapter=served_adapter, lexicon=lexicon, accent=accent)
    if name_or_path == "whisper":
        return load_with_onnx(None, lexicon=lexicon, accent=accent, threads=threads)
    if name_or_path == "both":
        return load_both(lexicon=lexicon, accent=accent, threads=threads)
    if (folder / DESCRIPTION).is_file():
        return PocketAssessor(folder, lexicon=lexicon, accent=accent, threads=threads)
    if (folder / BASELINE).is_file():
        from enunciate.baselines.loading import load_baseline

        return load_baseline(folder, lexicon=lexicon, threads=threads)
    if is_adapter and torch_options == TorchOptions() and runs_without_torch(folder):
        return load_with_onnx(folder, lexicon=lexicon, accent=accent, threads=threads)
    if is_speech_lm:
        return load_with_torch(
            name_or_path, torch_options, adapter=is_adapter, lexicon=lexicon, threads=threads
        )
    raise ModelNotFoundError(
        f"{name_or_path}: no such model. Use 'pocket', 'whisper', 'both', a folder that `enunciate train` "
        f"wrote, '{HUB_NAME}', or '{SERVED}MODEL' with the address of its server"
    )
