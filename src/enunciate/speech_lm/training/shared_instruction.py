"""Which examples begin with the same instruction, and what a pass over them computes.

With the instruction before the audio (`PromptConfig.instruction`), most tokens of a prompt are those of every
other prompt of the task. A pass over examples of one task computes them once (`families/packed_rows.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar


class BeginsWithInstruction(Protocol):
    """What is asked of an example, such as `AdapterExample`."""

    @property
    def instruction(self) -> tuple[int, ...]:
        """The tokens that other examples may share."""
        ...

    @property
    def length(self) -> int:
        """Number of all tokens."""
        ...


_Example = TypeVar("_Example", bound=BeginsWithInstruction)


def common_instruction(examples: Sequence[BeginsWithInstruction]) -> tuple[int, ...]:
    """Return the instruction of examples; an empty one if they have several, or none."""
    first = examples[0].instruction
    return first if all(example.instruction == first for example in examples) else ()


def shared_tokens(examples: Sequence[BeginsWithInstruction]) -> int:
    """Return how many tokens a pass over examples computes once in place of once for each."""
    return len(common_instruction(examples)) if len(examples) > 1 else 0


def pass_tokens(examples: Sequence[BeginsWithInstruction]) -> int:
    """Return how many tokens a pass over examples computes, padding included."""
    shared = shared_tokens(examples)
    return shared + len(examples) * (max(example.length for example in examples) - shared)


def by_instruction(examples: Sequence[_Example]) -> list[list[_Example]]:
    """Return the examples of each instruction, in their order."""
    found: dict[tuple[int, ...], list[_Example]] = {}
    for example in examples:
        found.setdefault(example.instruction, []).append(example)
    return list(found.values())
