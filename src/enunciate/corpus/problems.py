"""Every problem of a corpus, collected for one error."""

from __future__ import annotations

from dataclasses import dataclass, field

from enunciate.errors import CorpusError

MAX_SHOWN = 40


@dataclass
class Problems:
    """Problems with their places; a corpus is fixed by hand, so they are reported all at once."""

    lines: list[str] = field(default_factory=list[str])

    def add(self, where: str, what: str) -> None:
        """Note a problem at a place, such as "test/text:3"."""
        self.lines.append(f"{where}: {what}")

    def raise_if_any(self, source: str) -> None:
        """Raise one error for all problems.

        Raises:
            CorpusError: There is a problem. The message shows the first `MAX_SHOWN`, one per line.
        """
        if not self.lines:
            return
        shown = self.lines[:MAX_SHOWN]
        if len(self.lines) > len(shown):
            shown.append(f"... and {len(self.lines) - len(shown)} more")
        count = "1 problem" if len(self.lines) == 1 else f"{len(self.lines)} problems"
        raise CorpusError("\n  ".join([f"{source}: {count}", *shown]))
