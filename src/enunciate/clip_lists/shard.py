"""A share of a list of clips for one of several machines, the same on every machine and in every run."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

from enunciate.errors import ManifestError
from enunciate.schema import Utterance


@dataclass(frozen=True)
class Shard:
    """Share `number` (from 1) of `count` shares.

    A clip's share follows from its id alone, so it stays the same when clips are added to a list or moved in
    it. Shares are of nearly equal size, not of exactly equal size.
    """

    number: int
    count: int

    @classmethod
    def parse(cls, text: str) -> Shard:
        """Parse a share as users write it, such as "2/8".

        Raises:
            ManifestError: It is not written so, or there is no such share.
        """
        match = re.fullmatch(r"(\d+)/(\d+)", text)
        if not match or not 1 <= int(match[1]) <= int(match[2]):
            raise ManifestError(f"--shard {text}: write the number of the share and of all, from 1/8 to 8/8")
        return cls(int(match[1]), int(match[2]))

    def has(self, id: str) -> bool:
        """Whether the clip with this id belongs to the share."""
        digest = blake2b(id.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        return int.from_bytes(digest, "big") % self.count == self.number - 1

    def of(self, utterances: Sequence[Utterance]) -> list[Utterance]:
        """Return the clips of the share, in the order of the list; there may be none."""
        return [utterance for utterance in utterances if self.has(utterance.id)]
