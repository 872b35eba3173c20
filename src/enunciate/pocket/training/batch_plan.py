"""Drawing of training batches: phrases alone and joined, silence about them, pauses in them, other tempi."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from enunciate.pocket.training.options import MixtureOptions
from enunciate.pocket.training.row_plan import PhrasePlan, Piece, RowPlan
from enunciate.pocket.training.waveform_bank import WaveformBank

LONGEST_ROW = 2_900
"""Frames of 10 ms after the tempo has changed that the encoder can take."""
_USUAL_LONGEST = 1_600
"""A row gets no more silence at its end than up to this length."""
_MIN_PHRASES = 8
"""A batch of fewer phrases joins the one before: the scorers normalise over a batch."""
_LENGTH_NOISE = 8.0
"""Rows of about the same length come into batches together; frames of 10 ms."""
_WHOLE_SHARE = 0.35
"""Share of phrases alone that keep the silences of their clip."""
_LONG_EDGE = 300


class BatchPlanner:
    """Draws plans of batches for ever.

    Args:
        bank: The clips; neural ones without times are left out until they have some.
        learn: The clips to learn from, as numbers in the bank.
        mixture: How rows are made up.
        rng: The source of randomness; the same state gives the same plans.
    """

    def __init__(
        self, bank: WaveformBank, learn: Sequence[int], mixture: MixtureOptions, rng: np.random.Generator
    ) -> None:
        self.bank, self.mixture, self.rng = bank, mixture, rng
        self.scoring = False
        """Whether scores are learnt, for which the mixture may have another share of synthetic speech."""
        self.recordings, self.neural, self.formant = (
            [index for index in learn if bank.labels[index].source == source]
            for source in ("corpus", "neural", "formant")
        )

    def __iter__(self) -> Iterator[list[RowPlan]]:
        """Yield batches, one epoch after the other."""
        while True:
            yield from self.epoch()

    def epoch(self) -> list[list[RowPlan]]:
        """Plan each recording once, with its share of synthetic clips, in batches of like length."""
        rows = [self._row(group) for group in self._groups(self._clips())]
        rows.sort(key=lambda row: row.frames / row.tempo + self.rng.normal(0, _LENGTH_NOISE))
        batches = _packed(rows, self.mixture.budget)
        return [batches[index] for index in self.rng.permutation(len(batches))]

    def _clips(self) -> list[int]:
        share, rng = self._synthetic_share(), self.rng
        neural = [index for index in self.neural if self.bank.has_times(index)]
        n_synthetic = int(len(self.recordings) * share / (1 - share))
        n_neural = int(n_synthetic * self.mixture.neural) if neural else 0
        clips = list(self.recordings)
        if neural:
            clips += rng.choice(neural, n_neural).tolist()
        if self.formant:
            clips += rng.choice(self.formant, n_synthetic - n_neural).tolist()
        return clips

    def _synthetic_share(self) -> float:
        scored = self.mixture.scored_synthetic
        return self.mixture.synthetic if scored is None or not self.scoring else scored

    def _groups(self, clips: Sequence[int]) -> Iterator[list[int]]:
        """Yield clips alone, or two or three of one speaker together."""
        by_speaker: dict[str, list[int]] = {}
        for position in self.rng.permutation(len(clips)):
            clip = clips[int(position)]
            by_speaker.setdefault(self.bank.labels[clip].speaker, []).append(clip)
        for own in by_speaker.values():
            while own:
                joins = self.rng.random() < self.mixture.join / 2
                size = int(self.rng.integers(2, 4)) if joins else 1
                group, own[:size] = own[:size], []
                while (
                    len(group) > 1 and sum(self.bank.lengths[c] for c in group) > self.mixture.longest - 150
                ):
                    own.append(group.pop())
                yield group

    def _row(self, clips: Sequence[int]) -> RowPlan:
        rng, mixture = self.rng, self.mixture
        row = RowPlan(tempo=float(rng.uniform(1 - mixture.tempo, 1 + mixture.tempo)))
        place = self._edge()
        for number, clip in enumerate(clips):
            place += int(rng.uniform(25, 70)) if number else 0
            place = self._add_phrase(row, clip, place, alone=len(clips) == 1)
        row.frames = min(place + self._edge(), max(place, _USUAL_LONGEST))
        if len(clips) == 1 and rng.random() < mixture.extreme_tempo and row.phrases[0].change == "":
            fast = rng.random() < 0.7
            row.tempo = float(rng.uniform(1.35, 2.0) if fast else rng.uniform(0.65, 0.8))
        row.tempo = max(row.tempo, row.frames / LONGEST_ROW)
        return row

    def _edge(self) -> int:
        long = self.rng.random() < self.mixture.long_edge / 2
        return int(self.rng.uniform(0, _LONG_EDGE if long else 100 * self.mixture.edge_s))

    def _add_phrase(self, row: RowPlan, clip: int, place: int, alone: bool) -> int:
        """Put a clip, cut to its speech and a little more, at a place of the row; return where it ends."""
        rng, bank = self.rng, self.bank
        start, end, length = bank.start[clip], bank.end[clip], bank.lengths[clip]
        first = max(0, int(start[0]) - int(rng.uniform(3, 25)))
        last = min(length, int(end[-1]) + int(rng.uniform(5, 30)))
        if alone and rng.random() < _WHOLE_SHARE:
            first, last = 0, length
        words = np.array(bank.labels[clip].word)
        borders = np.flatnonzero(words[1:] != words[:-1])
        may_pause = len(borders) > 0 and bank.labels[clip].source != "formant"
        if may_pause and rng.random() < self.mixture.pause:
            before = int(rng.choice(borders))
            cut = round(float(end[before] + start[before + 1]) / 2)
            gap = int(rng.uniform(60, 300))
            row.pieces.append(Piece(clip, first, cut - first, place))
            row.pieces.append(Piece(clip, cut, last - cut, place + cut - first + gap))
            moved = place - first + gap * (np.arange(len(start)) > before)
            row.phrases.append(PhrasePlan(clip, start + moved, end + moved, "pause"))
            return place + last - first + gap
        row.pieces.append(Piece(clip, first, last - first, place))
        row.phrases.append(PhrasePlan(clip, start - first + place, end - first + place, ""))
        return place + last - first


def _packed(rows: Sequence[RowPlan], budget: int) -> list[list[RowPlan]]:
    """Put rows into batches in their order, as many as the budget of frames holds."""
    batches: list[list[RowPlan]] = []
    current: list[RowPlan] = []
    for row in rows:
        longest = max([other.frames for other in current] + [row.frames])
        if current and longest * (len(current) + 1) > budget:
            batches.append(current)
            current = []
        current.append(row)
    if len(current) < _MIN_PHRASES and batches:
        batches[-1] += current
    else:
        batches.append(current)
    return batches


def whole_rows(bank: WaveformBank, clips: Sequence[int], budget: int) -> list[list[RowPlan]]:
    """Plan clips as they are, for measuring and aligning, in batches of like length.

    A clip whose times are not known gets phones that are spread evenly.
    """
    batches: list[list[RowPlan]] = [[]]
    for clip in sorted(clips, key=lambda index: bank.lengths[index]):
        length = bank.lengths[clip]
        if batches[-1] and length * (len(batches[-1]) + 1) > budget:
            batches.append([])
        start, end = bank.start[clip], bank.end[clip]
        if not bank.has_times(clip):
            borders = np.linspace(0, length, len(bank.labels[clip].classes) + 1)
            start, end = borders[:-1], borders[1:]
        plan = PhrasePlan(clip, start, end, "")
        batches[-1].append(RowPlan([Piece(clip, 0, length, 0)], [plan], length, 1.0))
    return batches
