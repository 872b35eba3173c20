"""Two adapters of one base: one reads the reference text, the other serves clips that have none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

from enunciate.audio import Samples
from enunciate.speech_lm.assessor import AnswerDecoder
from enunciate.speech_lm.decoding.decoded_answer import DecodedAnswer
from enunciate.speech_lm.options import Task


class ByText:
    """Asks the adapter that reads the text about clips with one, and the other adapter about the rest.

    Each is loaded for the first clip that needs it.
    """

    def __init__(
        self, load_reading: Callable[[], AnswerDecoder], load_free: Callable[[], AnswerDecoder]
    ) -> None:
        """Prepare to decode.

        Args:
            load_reading: Loads the decoder of the adapter that reads the text.
            load_free: Loads that of the other.
        """
        self._load_reading, self._load_free = load_reading, load_free

    def decode_tasks(
        self, tasks: Sequence[Task], items: Sequence[tuple[Samples, str | None]]
    ) -> Mapping[Task, Sequence[DecodedAnswer]]:
        """Return the answers to several tasks about clips, (n,) float32 at 16 kHz, with their texts.

        Raises:
            AudioError: As the decoders.
        """
        answers: dict[Task, list[DecodedAnswer]] = {task: [] for task in tasks}
        for samples, text in items:
            decoder = self._reading if text is not None and text.strip() else self._free
            for task, decoded in decoder.decode_tasks(tasks, [(samples, text)]).items():
                answers[task] += decoded
        return answers

    @cached_property
    def _reading(self) -> AnswerDecoder:
        return self._load_reading()

    @cached_property
    def _free(self) -> AnswerDecoder:
        return self._load_free()
