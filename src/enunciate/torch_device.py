"""The device that torch computes on, and how it computes there."""

from __future__ import annotations

from typing import Literal

import torch

from enunciate.errors import DeviceError


def pick_device(wanted: Literal["auto", "cpu", "cuda"] = "auto") -> torch.device:
    """Return the device that a recipe names; `auto` is a GPU where torch sees one.

    Raises:
        DeviceError: A GPU is named, and torch sees none.
    """
    there = torch.cuda.is_available()
    if wanted == "cuda" and not there:
        raise DeviceError(
            "device is cuda, and torch sees no GPU: `enunciate info` shows whether torch has CUDA. Give "
            "device=auto or device=cpu to train without one"
        )
    if wanted == "auto":
        return torch.device("cuda" if there else "cpu")
    return torch.device(wanted)


def configure_cuda() -> None:
    """Let matrix products use TF32, and keep cuDNN's attention off, which plans again for every shape."""
    torch.backends.cuda.matmul.allow_tf32 = True
    torch.backends.cudnn.allow_tf32 = True
    torch.backends.cuda.enable_cudnn_sdp(False)
