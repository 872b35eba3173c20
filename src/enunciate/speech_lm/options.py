"""Options of the `phi4` engine that training and running share; they are saved with an adapter."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from enunciate.schema import FrozenModel

Task = Literal["apa", "mdd"]
TASKS: tuple[Task, ...] = ("apa", "mdd")
CONTROL_TOKENS: dict[Task, str] = {"apa": "<|APA|>", "mdd": "<|MDD|>"}
HUB_NAME = "microsoft/Phi-4-multimodal-instruct"
HUB_REVISION = "refs/pr/70"
"""Where the checkpoint has the layout of transformers' own classes; its `main` needs remote code."""


def revision_of(name: str, revision: str | None) -> str | None:
    """The revision to fetch of a model on the hub: the one asked for, or the checkpoint's in this layout."""
    return revision or (HUB_REVISION if name == HUB_NAME else None)


class PromptConfig(FrozenModel):
    """What the user turn holds."""

    control: Literal["text", "special", "none"] = "text"
    """The control token as ordinary text, as a token of its own whose embedding is trained, or none."""
    rubric: bool = True
    """The full instruction after the audio; without it the control token alone tells the tasks apart (one
    short line does, where there is no control token)."""
    reference_text: bool = False
    """Put the text that was to be read into the prompt."""


class TargetConfig(FrozenModel):
    """What the assistant turn holds."""

    starred: Literal["keep", "drop"] = "keep"
    """Sounds annotated `K*` ("mostly like K"): symbols of their own, or plain `K`."""


class AdapterConfig(FrozenModel):
    """What is trained."""

    strategy: Literal["lora", "unfreeze"] = "lora"
    """The LoRA adapter alone, or also the audio encoder and the audio projector."""
    start: Literal["speech", "fresh"] = "speech"
    """Go on from the model's own speech adapter, or begin a new one."""
    rank: Annotated[int, Field(gt=0)] = 320
    """Of a fresh adapter; the speech adapter has 320."""
    alpha: Annotated[float, Field(gt=0)] = 640
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.01
