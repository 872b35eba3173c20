"""Requests to a server of OpenAI's protocol, by the `openai` package; its errors become those of a clip.

The client waits and asks again after a rate limit, a time-out or a failure of the server, as long as
`Retry-After` says, or else twice as long each time. What a server refuses to support (a schema of the answer,
log-probabilities) is left out from then on: answers without a schema are parsed leniently, and scores without
log-probabilities are plain numbers.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import openai
from openai.types.chat import ChatCompletionTokenLogprob

from enunciate.errors import (
    EnunciateError,
    ModelNotFoundError,
    ModelRefusedError,
    ModelServerBusyError,
    ModelServerError,
    ModelServerTimeoutError,
)

logger = logging.getLogger(__name__)

TIMEOUT_S = 60.0
RETRIES = 4
OPTIONAL = {"response_format": ("response_format", "json_schema"), "logprobs": ("logprobs",)}
"""Parts of a request that are left out for a server that refuses them, by the words of its refusal."""
_TOGETHER = {"response_format": ("response_format",), "logprobs": ("logprobs", "top_logprobs")}
NO_KEY = "none"
"""Sent where there is no key: servers of one's own need none, but the client insists."""


@dataclass(frozen=True)
class ChatAnswer:
    """The text of an answer, and its tokens with their log-probabilities where the server gives them."""

    text: str
    tokens: Sequence[ChatCompletionTokenLogprob] | None


class ChatClient:
    """Asks one model of one server; may be used by several threads."""

    def __init__(
        self, model: str, base_url: str | None, *, timeout_s: float = TIMEOUT_S, retries: int = RETRIES
    ) -> None:
        """Make a client; nothing is sent yet.

        Args:
            model: The model's name on the server.
            base_url: Where the server is, such as `http://localhost:8000/v1`; the default is the environment
                variable OPENAI_BASE_URL or, without it, OpenAI's own. The key is in OPENAI_API_KEY.
            timeout_s: The longest wait for one answer.
            retries: How often a request is repeated.
        """
        self.model = model
        self._client = openai.OpenAI(
            api_key=os.environ.get("OPENAI_API_KEY") or NO_KEY,
            base_url=base_url,
            timeout=timeout_s,
            max_retries=retries,
        )
        self._left_out: frozenset[str] = frozenset()

    @property
    def url(self) -> str:
        """Where the server is."""
        return str(self._client.base_url)

    def check(self) -> None:
        """Ask the server whether it has the model, before the first clip.

        Raises:
            ModelNotFoundError: It has no such model.
            ModelServerError: It does not answer, or does not take the key.
        """
        try:
            names = [one.id for one in self._client.models.list()]
        except openai.APIStatusError as error:
            if error.status_code in (404, 405, 501):
                return  # this server has no list of its models
            raise self._error(error) from None
        except openai.APIConnectionError as error:
            raise self._error(error) from None
        if self.model not in names:
            some = ", ".join(names[:5]) or "none"
            raise ModelNotFoundError(f"{self.url} has no model {self.model}; it has {some}")

    def ask(self, request: dict[str, Any]) -> ChatAnswer:
        """Return the answer to a request.

        Args:
            request: The arguments of a chat completion, without the model.

        Raises:
            ModelServerError: There is no answer, for one of the reasons that its subclasses name or another.
            ModelRefusedError: The model or a filter refused to answer.
        """
        while True:
            sent = self._supported(request)
            try:
                return self._answer(self._client.chat.completions.create(model=self.model, **sent))
            except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
                self._leave_out(error, sent)
            except openai.OpenAIError as error:
                raise self._error(error) from None

    def _supported(self, request: dict[str, Any]) -> dict[str, Any]:
        names = {name for part in self._left_out for name in _TOGETHER[part]}
        return {name: value for name, value in request.items() if name not in names}

    def _leave_out(self, error: openai.APIStatusError, sent: dict[str, Any]) -> None:
        """Leave out what a server says that it does not support, or raise if that is nothing sent."""
        said = f"{error.param or ''} {error.message}".lower()
        refused = {part for part, words in OPTIONAL.items() if any(word in said for word in words)}
        if not refused & sent.keys():
            raise self._error(error) from None
        if refused - self._left_out:
            logger.warning(
                "%s does not support %s: it is left out", self.model, " and ".join(sorted(refused))
            )
        self._left_out |= refused

    def _answer(self, given: Any) -> ChatAnswer:
        if not given.choices:
            raise ModelServerError(f"{self.model} at {self.url} gave an answer without a choice")
        choice = given.choices[0]
        refusal = cast("str | None", getattr(choice.message, "refusal", None))
        if refusal or choice.finish_reason == "content_filter":
            raise ModelRefusedError(f"{self.model} refused to answer: {refusal or 'a filter of content'}")
        tokens = None if choice.logprobs is None else choice.logprobs.content
        return ChatAnswer(choice.message.content or "", tokens or None)

    def _error(self, error: openai.OpenAIError) -> EnunciateError:
        """Return our error for one of the client; its message never has the key."""
        at = f"{self.model} at {self.url}"
        if isinstance(error, openai.APITimeoutError):
            return ModelServerTimeoutError(f"{at} did not answer in time: try again when it has less to do")
        if isinstance(error, openai.APIConnectionError):
            return ModelServerError(f"{at} cannot be reached ({_plain(error)}): is the server running?")
        if isinstance(error, openai.RateLimitError):
            return ModelServerBusyError(f"{at} takes no more requests now ({_plain(error)}): try again later")
        if isinstance(error, openai.AuthenticationError | openai.PermissionDeniedError):
            return ModelServerError(f"{at} does not accept the key in OPENAI_API_KEY")
        return ModelServerError(f"{at} gave no answer ({_plain(error)})")


def _plain(error: openai.OpenAIError) -> str:
    """Return the first line of a message, without the key should a server repeat it."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    key = os.environ.get("OPENAI_API_KEY")
    return lines[0].replace(key, "...") if key else lines[0]
