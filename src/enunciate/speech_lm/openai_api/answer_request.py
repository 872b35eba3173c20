"""A request for one task on one clip, in the form of OpenAI's chat completions.

The user's message is the turn of `prompts`: control token, audio, instruction. Where the server puts the
audio among the texts is up to its chat template.
"""

from __future__ import annotations

import base64
import io
from typing import Any

import soundfile as sf  # pyright: ignore[reportMissingTypeStubs]

from enunciate.audio import SAMPLE_RATE_HZ, Samples
from enunciate.speech_lm.openai_api.answer_schema import response_format
from enunciate.speech_lm.options import CONTROL_TOKENS, PromptConfig, Task
from enunciate.speech_lm.prompts import TurnFormat, user_turn

MAX_ANSWER_TOKENS = 1024
"""Far more than the longest transcript of a clip of a minute needs."""
TOP_LOGPROBS = 20
"""The most that servers give; eleven scores fit in it."""
_BARE = TurnFormat(before="", audio="", after="", end="", pad="")
"""A turn without the special tokens of a family: the server adds its own."""


def answer_request(task: Task, samples: Samples, text: str | None, prompt: PromptConfig) -> dict[str, Any]:
    """Return the arguments of a chat completion, without the model.

    Args:
        task: The task that the model is to do.
        samples: (n,) float32 at 16 kHz, sent as a WAV file of 16 bits.
        text: The reference text; used only if the prompt has it.
        prompt: The contents of the turn.
    """
    control = "" if prompt.control == "none" else CONTROL_TOKENS[task]
    instruction = user_turn(task, prompt, text, _BARE).removeprefix(control)
    before, after = ([{"type": "text", "text": part}] if part else [] for part in (control, instruction))
    audio = {"type": "input_audio", "input_audio": {"data": _wav(samples), "format": "wav"}}
    return {
        "messages": [{"role": "user", "content": [*before, audio, *after]}],
        "temperature": 0,
        "max_completion_tokens": MAX_ANSWER_TOKENS,
        "response_format": response_format(task),
        "logprobs": True,
        # A transcript needs only the probabilities of the tokens that were chosen.
        "top_logprobs": TOP_LOGPROBS if task == "apa" else 0,
    }


def _wav(samples: Samples) -> str:
    file = io.BytesIO()
    sf.write(file, samples, SAMPLE_RATE_HZ, subtype="PCM_16", format="WAV")
    return base64.b64encode(file.getvalue()).decode("ascii")
