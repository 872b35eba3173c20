"""The `Assessor` protocol, and `load_assessor`, which gives any engine behind it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar, cast, runtime_checkable

from enunciate.errors import EnunciateError, ModelNotFoundError, needing
from enunciate.schema import Assessment, Utterance

_Answer = TypeVar("_Answer")


class Assessor(Protocol):
    """An engine with its weights."""

    @property
    def name(self) -> str:
        """Engine and version of the weights, as in `Assessment.model`."""
        ...

    def assess(self, utterances: Sequence[Utterance]) -> list[Assessment]:
        """Assess utterances, in order.

        Raises:
            EnunciateError: the first utterance that cannot be assessed; assess one at a time to keep the
                others.
        """
        ...

    def recognise(self, utterances: Sequence[Utterance]) -> list[tuple[str, ...]]:
        """The phones heard, without looking at the reference text, in order."""
        ...


@runtime_checkable
class DoubleAssessor(Assessor, Protocol):
    """An engine that need not listen twice to do both, which an evaluation asks of each clip."""

    @property
    def batch_size(self) -> int:
        """How many utterances to give it at once."""
        ...

    def assess_and_recognise(
        self, utterances: Sequence[Utterance]
    ) -> Sequence[tuple[Assessment, tuple[str, ...] | None]]:
        """What `assess` and `recognise` say; None where the engine does not hear phones.

        Raises:
            EnunciateError: as `assess`, or as `recognise`.
        """
        ...


@runtime_checkable
class BatchAssessor(Assessor, Protocol):
    """An engine that is quicker with several utterances at once than with one after another."""

    @property
    def together(self) -> int:
        """How many utterances to give it at once."""
        ...


def answer_each(
    answer: Callable[[Sequence[Utterance]], Sequence[_Answer]], batch: Sequence[Utterance]
) -> list[_Answer | EnunciateError]:
    """Have a batch answered; where that fails, half by half, so that a bad clip costs its neighbours nothing.

    Only our own errors are a clip's fault: any other is a bug and must be seen.

    Args:
        answer: a method of an engine, such as `assess`.
        batch: at least one utterance.

    Returns:
        In the order of the utterances, what is said of each, or why nothing can be.
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


def load_assessor(
    name_or_path: str | Path = "pocket", *, lexicon: Path | None = None, threads: int = 1
) -> Assessor:
    """Load an engine.

    Args:
        name_or_path: `pocket` (its weights ship in the package), a folder of pocket weights, or one with
            an adapter of Phi-4-multimodal or a baseline, each as `enunciate train` wrote it. The name
            `microsoft/Phi-4-multimodal-instruct`, or a folder with its checkpoint, is that model as it is.
        lexicon: file of pronunciations of your own, lines of `WORD PH1 PH2 ...`.
        threads: processor threads for one clip, of `pocket` and the baselines.

    Raises:
        ModelNotFoundError: there is no such engine or folder.
        MissingExtraError: the engine needs packages that are not installed.
    """
    from enunciate.baselines.folder import BASELINE
    from enunciate.pocket.assessor import PocketAssessor, packaged_weights
    from enunciate.pocket.weights_folder import DESCRIPTION
    from enunciate.speech_lm.options import HUB_NAME

    folder = packaged_weights() if name_or_path == "pocket" else Path(name_or_path)
    if (folder / DESCRIPTION).is_file():
        return PocketAssessor(folder, lexicon=lexicon, threads=threads)
    if (folder / BASELINE).is_file():
        from enunciate.baselines.loading import load_baseline

        return load_baseline(folder, lexicon=lexicon, threads=threads)
    if (folder / "adapter_config.json").is_file():
        return _load_phi4(folder, adapter=True, lexicon=lexicon)
    if str(name_or_path) == HUB_NAME or _is_checkpoint(folder):
        return _load_phi4(name_or_path, adapter=False, lexicon=lexicon)
    raise ModelNotFoundError(
        f"{name_or_path}: no such model. Use 'pocket', a folder that `enunciate train` wrote, or '{HUB_NAME}'"
    )


def _is_checkpoint(folder: Path) -> bool:
    """Whether a folder holds a whole model of Phi-4-multimodal's classes."""
    try:
        config: Any = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(config, dict) and cast("dict[str, Any]", config).get("model_type") == "phi4_multimodal"


def _load_phi4(name_or_folder: str | Path, *, adapter: bool, lexicon: Path | None) -> Assessor:
    with needing("llm"):
        from enunciate.speech_lm.loading import load_adapted, load_untouched
    if adapter:
        return load_adapted(Path(name_or_folder), lexicon=lexicon)
    return load_untouched(str(name_or_folder), lexicon=lexicon)
