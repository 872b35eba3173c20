"""Write a finished LoRA adapter at a lower rank: a smaller file that adds nearly the same.

    python -m enunciate.speech_lm.training.lower_rank ADAPTER --rank 32 --out FOLDER

What a pair of matrices adds to a layer is replaced by the nearest product of the lower rank, by its largest
singular values.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import torch
from safetensors.torch import (
    load_file,  # pyright: ignore[reportUnknownVariableType]
    save_file,  # pyright: ignore[reportUnknownVariableType]
)
from torch import Tensor

from enunciate.errors import ModelNotFoundError
from enunciate.speech_lm.adapter import CONFIG_FILE, WEIGHTS_FILE
from enunciate.storage import write_whole, writing_to

_A, _B = ".lora_A.weight", ".lora_B.weight"


def lower_rank(adapter: Path, rank: int, out: Path) -> float:
    """Write an adapter at a lower rank; everything else in its folder is copied.

    Args:
        adapter: A folder that `enunciate train` or `average` wrote.
        rank: The new rank.
        out: The folder to write, another one.

    Returns:
        The share of what the adapter adds that is lost: the norm of the difference, over all layers, divided
        by the norm of the whole.

    Raises:
        ModelNotFoundError: There is no LoRA adapter of a higher rank in the folder.
        OutputError: A file cannot be written.
    """
    config = _config(adapter)
    if not rank < config["r"]:
        raise ModelNotFoundError(f"{adapter} has rank {config['r']}: give a lower one than that")
    lowered, lost = _lowered(load_file(adapter / WEIGHTS_FILE), rank)
    config["lora_alpha"] = config["lora_alpha"] * rank / config["r"]
    config["r"] = rank
    with writing_to(out):
        shutil.copytree(adapter, out, dirs_exist_ok=True)
        save_file(lowered, out / WEIGHTS_FILE, metadata={"format": "pt"})
        write_whole(out / CONFIG_FILE, json.dumps(config, indent=2) + "\n")
    return lost


def _config(adapter: Path) -> dict[str, Any]:
    try:
        config: dict[str, Any] = json.loads((adapter / CONFIG_FILE).read_text(encoding="utf-8"))
        if config.get("rank_pattern") or config.get("use_rslora"):
            raise ValueError("its ranks differ by layer")
        if not (adapter / WEIGHTS_FILE).is_file():
            raise ValueError(f"{WEIGHTS_FILE} is missing")
    except (OSError, ValueError) as error:
        raise ModelNotFoundError(f"{adapter}: no LoRA adapter of one rank ({error})") from error
    return config


def _lowered(weights: Mapping[str, Tensor], rank: int) -> tuple[dict[str, Tensor], float]:
    found = dict(weights)
    lost = whole = 0.0
    for name in weights:
        if not name.endswith(_A):
            continue
        other = name.replace(_A, _B)
        u, values, v = _singular_values(weights[other].float(), weights[name].float())
        root = values[:rank].sqrt()
        found[other] = (u[:, :rank] * root).to(weights[other].dtype).contiguous()
        found[name] = (root[:, None] * v[:rank]).to(weights[name].dtype).contiguous()
        lost += float(values[rank:].square().sum())
        whole += float(values.square().sum())
    return found, (lost / whole) ** 0.5 if whole else 0.0


def _singular_values(up: Tensor, down: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return U, S and V of the product of (m, r) and (r, n); those of the small product of two triangles."""
    linalg = cast("Any", torch.linalg)
    left, upper = linalg.qr(up)
    right, lower = linalg.qr(down.T)
    u, values, v = linalg.svd(upper @ lower.T)
    return left @ u, values, v @ right.T


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("adapter", type=Path)
    parser.add_argument("--rank", type=int, required=True)
    parser.add_argument("--out", type=Path, required=True, help="the folder to write")
    arguments = parser.parse_args()
    lost = lower_rank(arguments.adapter, arguments.rank, arguments.out)
    print(f"{lost:.1%} of what the adapter adds is lost")


if __name__ == "__main__":
    main()
