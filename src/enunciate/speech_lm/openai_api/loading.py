"""From a model's name and a server's address to an engine."""

from __future__ import annotations

from pathlib import Path

from enunciate.audio import MAX_CLIP_S
from enunciate.errors import ModelNotFoundError
from enunciate.phones import Lexicon
from enunciate.schema import Accent
from enunciate.speech_lm.adapter_folder import read_description
from enunciate.speech_lm.assessor import SpeechLmAssessor, SpeechLmOptions
from enunciate.speech_lm.audio_geometry import AudioGeometry
from enunciate.speech_lm.openai_api.answer_decoder import ServedAnswerDecoder
from enunciate.speech_lm.openai_api.chat_client import RETRIES, TIMEOUT_S, ChatClient
from enunciate.speech_lm.options import AdapterDescription
from enunciate.speech_lm.packaged_speech_aligner import packaged_speech_aligner
from enunciate.speech_lm.prompts import UNTRAINED_PROMPT

BATCH_SIZE = 8
"""Clips that are asked about at the same time, with one request for each task."""


def load_served(
    model: str,
    base_url: str | None = None,
    *,
    adapter: Path | None = None,
    lexicon: Path | None = None,
    accent: Accent = "us",
    timeout_s: float = TIMEOUT_S,
    retries: int = RETRIES,
) -> SpeechLmAssessor:
    """Return the engine of a model behind a server of OpenAI's protocol.

    Without an adapter's folder the model is taken for one that was not trained for the tasks: it is asked
    with the full instruction, and its answers are parsed leniently.

    Args:
        model: The model's name on the server.
        base_url: As in `ChatClient`.
        adapter: The folder of the adapter that the server runs under this name; its recipe says how it is
            asked.
        lexicon: A file of extra pronunciations.
        accent: Which pronunciations are right where `Utterance.accent` does not say.
        timeout_s: The longest wait for one answer.
        retries: How often a request is repeated.

    Raises:
        ModelNotFoundError: The server has no such model, or the adapter cannot be asked from outside.
        ModelServerError: The server does not answer, or does not take the key.
        RecipeError: The adapter's recipe is broken.
    """
    words = Lexicon.default(lexicon, accent)
    trained = AdapterDescription(prompt=UNTRAINED_PROMPT) if adapter is None else read_description(adapter)
    if trained.prompt.control == "special":
        raise ModelNotFoundError(
            f"{adapter}: a server cannot be sent control tokens of their own: train with prompt.control: text"
        )
    client = ChatClient(model, base_url, timeout_s=timeout_s, retries=retries)
    client.check()
    return SpeechLmAssessor(
        ServedAnswerDecoder(client, trained.prompt, BATCH_SIZE * len(trained.tasks), trained.target),
        f"openai:{model}",
        options=SpeechLmOptions(
            tasks=trained.tasks,
            reads_text=trained.prompt.reference_text,
            lenient=True,
            batch_size=BATCH_SIZE,
            geometry=AudioGeometry(model, max_s=MAX_CLIP_S),
        ),
        aligner=packaged_speech_aligner(),
        lexicon=words,
    )
