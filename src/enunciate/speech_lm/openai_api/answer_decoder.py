"""Answers of a server to many requests at once, as the `speech_lm` engine takes them from a decoder."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from enunciate.audio import Samples
from enunciate.errors import EnunciateError
from enunciate.speech_lm.decoding.combined_total import combine_totals
from enunciate.speech_lm.decoding.decoded_answer import DecodedAnswer
from enunciate.speech_lm.openai_api.answer_request import answer_request
from enunciate.speech_lm.openai_api.chat_client import ChatAnswer, ChatClient
from enunciate.speech_lm.openai_api.token_probabilities import phone_probabilities, score_distributions
from enunciate.speech_lm.options import PromptConfig, TargetConfig, Task, TotalWeights
from enunciate.speech_lm.targets import ApaAnswer, MddAnswer, parse

Item = tuple[Samples, str | None]
Key = tuple[Task, bytes, str | None]
Outcome = DecodedAnswer | EnunciateError


class ServedAnswerDecoder:
    """Decodes by asking a server; see `assessor.AnswerDecoder`.

    A batch in which one clip fails is given again in parts (`engines.answer_each`). No request is sent twice
    for that: a call for a part of the last one is answered from it, failures included.
    """

    def __init__(
        self, client: ChatClient, prompt: PromptConfig, parallel: int, target: TargetConfig | None = None
    ) -> None:
        """Prepare to ask.

        Args:
            client: Asks the server.
            prompt: What the model is asked.
            parallel: Requests under way at the same time.
            target: What the model was trained to answer.
        """
        self._client, self._prompt, self._parallel = client, prompt, parallel
        self._total = None if target is None else target.total_weights
        self._last: dict[Key, Outcome] = {}

    def decode_tasks(self, tasks: Sequence[Task], items: Sequence[Item]) -> dict[Task, list[DecodedAnswer]]:
        """Return the answers to several tasks, in the order of the items.

        Raises:
            ModelServerError: The server gave no answer for a clip.
            ModelRefusedError: The model refused to answer for a clip.
        """
        clips = [(hashlib.sha256(samples.tobytes()).digest(), text) for samples, text in items]
        wanted: dict[Key, Item] = {
            (task, *clip): item for clip, item in zip(clips, items, strict=True) for task in tasks
        }
        if not wanted.keys() < self._last.keys():
            with ThreadPoolExecutor(self._parallel) as pool:
                self._last = dict(zip(wanted, pool.map(self._outcome, wanted, wanted.values()), strict=True))
        outcomes = {key: self._last[key] for key in wanted}
        if len(items) == 1:  # it is not divided further, so a later call asks anew
            self._last = {key: value for key, value in self._last.items() if key not in wanted}
        return {task: [_answer_or_raise(outcomes[task, *clip]) for clip in clips] for task in tasks}

    def _outcome(self, key: Key, item: Item) -> Outcome:
        task = key[0]
        try:
            given = self._client.ask(answer_request(task, *item, self._prompt))
            return _decoded(task, given, self._total)
        except EnunciateError as error:
            return error


def _answer_or_raise(outcome: Outcome) -> DecodedAnswer:
    if isinstance(outcome, EnunciateError):
        raise outcome
    return outcome


def _decoded(task: Task, given: ChatAnswer, total: TotalWeights | None) -> DecodedAnswer:
    answer = parse(task, given.text)
    if given.tokens is None:
        return DecodedAnswer(answer, given.text)
    if isinstance(answer, ApaAnswer):
        distributions = score_distributions(given.text, given.tokens)
        combined = None if distributions is None else combine_totals([distributions], total)[0]
        return DecodedAnswer(answer, given.text, combined)
    if isinstance(answer, MddAnswer):
        chances = phone_probabilities(given.text, given.tokens)
        fits = chances is not None and len(chances) == len(answer.phones)
        return DecodedAnswer(answer, given.text, phone_probabilities=chances if fits else None)
    return DecodedAnswer(answer, given.text)
