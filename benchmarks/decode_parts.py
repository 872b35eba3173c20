"""What parts of decoding take: for `decode_latency.py`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any
from unittest.mock import patch

import torch
from phi4_sizes import Clock

from enunciate.speech_lm.decoding.continuation import Continuation
from enunciate.speech_lm.decoding.decoder import ClipFeatures, Decoder
from enunciate.speech_lm.decoding.static_continuation import StaticContinuation
from enunciate.speech_lm.decoding.static_decoding import StaticDecoding
from enunciate.speech_lm.options import TASKS

_KERNELS, _NAME = 25, 90


def seconds_by_part(decoder: Decoder, clips: Sequence[ClipFeatures], clock: Clock) -> dict[str, Any]:
    """Return the seconds of each part of both tasks, and how many passes each has.

    The clock waits for the device before and after each pass, so that together they take longer than without;
    what is in no pass, such as the choice of tokens, is the `rest`.
    """
    seconds: dict[str, float] = defaultdict(float)
    passes: dict[str, int] = defaultdict(int)

    def timed(function: Callable[..., Any], name_of: Callable[[Any], str]) -> Callable[..., Any]:
        def call(self: Any, *inputs: Any) -> Any:
            name = name_of(self)
            seconds["rest"] += clock.read()
            result = function(self, *inputs)
            seconds[name] += clock.read()
            passes[name] += 1
            return result

        return call

    def feeding(sequences: Any) -> str:
        return "prompts" if sequences._mask is None else "branches"

    ways: list[tuple[type, str, Callable[[Any], str]]] = [
        (StaticDecoding, "encode", lambda _: "encode"),
        (Continuation, "feed", feeding),
        (StaticContinuation, "feed", feeding),
        (Continuation, "append", lambda _: "steps"),
        (StaticContinuation, "append", lambda _: "steps"),
    ]
    with ExitStack() as patched:
        for kind, method, name_of in ways:
            patched.enter_context(patch.object(kind, method, timed(getattr(kind, method), name_of)))
        clock.read()
        decoder.decode_features(TASKS, clips)
        seconds["rest"] += clock.read()
    return {f"{name}_s": value for name, value in seconds.items()} | {"passes": dict(passes)}


def profile_of(decoder: Decoder, clips: Sequence[ClipFeatures]) -> list[str]:
    """Return the lines of a table of the kernels that take the longest in both tasks."""
    activities = [torch.profiler.ProfilerActivity.CPU]
    if torch.cuda.is_available():
        activities.append(torch.profiler.ProfilerActivity.CUDA)
    with torch.profiler.profile(activities=activities) as profile:
        decoder.decode_features(TASKS, clips)
        if torch.cuda.is_available():
            torch.cuda.synchronize()
    by = "self_cuda_time_total" if torch.cuda.is_available() else "self_cpu_time_total"
    averages: Any = profile.key_averages()
    table: str = averages.table(sort_by=by, row_limit=_KERNELS, max_name_column_width=_NAME)
    return table.splitlines()
