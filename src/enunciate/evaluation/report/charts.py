"""Small charts as inline SVG.

They are drawn here and not by matplotlib: colours come from the style sheet of the page, so that one chart
serves light, dark and print; text stays text; and thousands of points are one short path (a scatter plot of
2,000 clips takes 20 KB). A unit is a pixel of CSS in all of them, so that their text has one size; they
are 320 wide, as a mobile screen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from enunciate.evaluation.report.markup import Markup, join, tag
from enunciate.metrics.correlation import FloatArray

WIDTH, HEIGHT = 320, 250
LEFT, RIGHT, TOP, BOTTOM = 38, 10, 10, 38
JITTER = 0.3
"""The largest horizontal displacement of points: human scores are whole numbers, so points would coincide."""
MAX_DOTS = 2_500
"""More points than these cover each other, and take 13 KB per thousand; a random part of them is drawn."""


@dataclass(frozen=True)
class Axis:
    """An axis from `low` to `high` with its ticks."""

    label: str
    low: float
    high: float
    ticks: tuple[float, ...]

    def place(self, values: FloatArray | float, start: float, end: float) -> FloatArray:
        """Map values to coordinates between two ends; values beyond the axis are put on its end."""
        share = (np.clip(np.asarray(values, dtype=np.float64), self.low, self.high) - self.low) / (
            self.high - self.low
        )
        return start + share * (end - start)


def score_axis(label: str, margin: float = 0.0) -> Axis:
    """Return an axis for utterance scores from 0 to 10, with a margin at both ends."""
    return Axis(label, -margin, 10 + margin, (0, 2, 4, 6, 8, 10))


def _x(axis: Axis, values: FloatArray | float) -> FloatArray:
    return axis.place(values, LEFT, WIDTH - RIGHT)


def _y(axis: Axis, values: FloatArray | float, height: float = HEIGHT) -> FloatArray:
    return axis.place(values, height - BOTTOM, TOP)


def _frame(x: Axis, y: Axis, height: float = HEIGHT) -> Markup:
    """Draw grid, ticks and labels."""
    parts: list[Markup] = []
    for tick in y.ticks:
        at = float(_y(y, tick, height))
        parts.append(tag("line", x1=LEFT, x2=WIDTH - RIGHT, y1=at, y2=at, class_="grid"))
        parts.append(tag("text", f"{tick:g}", x=LEFT - 5, y=at + 3.5, text_anchor="end"))
    parts += [
        tag("text", f"{tick:g}", x=float(_x(x, tick)), y=height - 23, text_anchor="middle")
        for tick in x.ticks
    ]
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(tag("text", x.label, x=middle, y=height - 6, text_anchor="middle", class_="label"))
    turn = f"translate(11 {(TOP + height - BOTTOM) / 2:g}) rotate(-90)"
    parts.append(tag("text", y.label, transform=turn, text_anchor="middle", class_="label"))
    return join(*parts)


def _svg(description: str, *parts: Markup, height: float = HEIGHT, width: float = WIDTH) -> Markup:
    size = {"width": width, "height": height, "viewBox": f"0 0 {width:g} {height:g}"}
    return tag("svg", *parts, **size, role="img", aria_label=description)


def _dots(x: FloatArray, y: FloatArray, class_: str) -> Markup:
    """Draw points as a path of lines of length zero, which round line caps turn into dots."""
    steps = "".join(f"M{a:.1f} {b:.1f}h0" for a, b in zip(x, y, strict=True))
    return tag("path", d=steps or "M0 0", class_=class_)


def scatter(
    x: FloatArray, y: FloatArray, axes: tuple[Axis, Axis], description: str, *, diagonal: bool = False
) -> Markup:
    """Draw points, with jitter where x is whole, and the mean of all points around each whole x.

    Of more than `MAX_DOTS` points, a random part is drawn.

    Args:
        x: Shape `(N,)`.
        y: Shape `(N,)`.
        axes: The axes of x and y.
        description: The text alternative for screen readers.
        diagonal: Whether to draw the line y = x.
    """
    rng = np.random.default_rng(0)
    drawn = rng.permutation(len(x))[:MAX_DOTS] if len(x) > MAX_DOTS else np.arange(len(x))
    jitter = rng.uniform(-JITTER, JITTER, len(x))
    moved = np.where(x == np.rint(x), x + jitter, x)
    parts = [_frame(*axes)]
    if diagonal:
        ends = np.array([max(axis.low for axis in axes), min(axis.high for axis in axes)])
        (x1, x2), (y1, y2) = _x(axes[0], ends), _y(axes[1], ends)
        parts.append(tag("line", x1=float(x1), x2=float(x2), y1=float(y1), y2=float(y2), class_="ideal"))
    parts.append(_dots(_x(axes[0], moved[drawn]), _y(axes[1], y[drawn]), "dots"))
    whole = np.rint(x)
    for value in np.unique(whole):
        at = float(_y(axes[1], float(y[whole == value].mean())))
        x1, x2 = (float(_x(axes[0], float(value) + side)) for side in (-0.4, 0.4))
        parts.append(tag("line", x1=x1, x2=x2, y1=at, y2=at, class_="mean"))
    return _svg(description, *parts)


def histograms(human: FloatArray, predicted: FloatArray, description: str) -> Markup:
    """Draw the shares of clips by score: human scores as bars, predicted scores as a step line."""
    edges = np.arange(-0.5, 11)
    shares = [
        np.histogram(v, edges)[0] / max(1, len(v)) if len(v) else np.zeros(11) for v in (human, predicted)
    ]
    top = max(10.0, 10 * np.ceil(10 * max(float(s.max()) for s in shares)))
    x = Axis("score", -0.5, 10.5, (0, 2, 4, 6, 8, 10))
    y = Axis("% of clips", 0, top, tuple(float(t) for t in np.linspace(0, top, 3)))
    base = float(_y(y, 0.0))
    parts = [_frame(x, y)]
    for score, share in enumerate(shares[0]):
        left, right = (float(_x(x, score + side)) for side in (-0.4, 0.4))
        at = float(_y(y, 100 * share))
        parts.append(tag("rect", x=left, y=at, width=right - left, height=base - at, class_="human"))
    path = "".join(
        f"{'M' if score == 0 else 'L'}{float(_x(x, score - 0.5)):.1f} {float(_y(y, 100 * share)):.1f}"
        f"H{float(_x(x, score + 0.5)):.1f}"
        for score, share in enumerate(shares[1])
    )
    parts.append(tag("path", d=path, class_="predicted"))
    return _svg(description, *parts)


def dumbbells(human: FloatArray, predicted: FloatArray, description: str) -> Markup:
    """Draw one vertical line per speaker, from the human score (ring) to the predicted one (dot)."""
    n = len(human)
    x = Axis("speakers, by human score", -1, max(1, n), ())
    y = score_axis("mean total score")
    places = _x(x, np.arange(n, dtype=np.float64))
    ys = _y(y, human), _y(y, predicted)
    lines = "".join(f"M{a:.1f} {b:.1f}V{c:.1f}" for a, b, c in zip(places, *ys, strict=True))
    return _svg(
        description,
        _frame(x, y),
        tag("path", d=lines or "M0 0", class_="between"),
        _dots(places, ys[0], "ring"),
        _dots(places, ys[0], "hole"),
        _dots(places, ys[1], "dot"),
    )


def coverage_bars(rows: Sequence[tuple[str, float | None]], nominal: float, description: str) -> Markup:
    """Draw the coverage of intervals as bars, with a line at the nominal coverage."""
    height = 26 * len(rows) + 34
    start, end = 74.0, WIDTH - 44.0
    parts: list[Markup] = []
    for number, (name, value) in enumerate(rows):
        y = 8 + 26 * number
        shown = "–" if value is None else f"{100 * value:.1f}%"
        parts.append(tag("text", name, x=start - 6, y=y + 13, text_anchor="end"))
        parts.append(tag("rect", x=start, y=y, width=end - start, height=18, class_="track"))
        parts.append(tag("rect", x=start, y=y, width=(end - start) * (value or 0), height=18, class_="bar"))
        parts.append(tag("text", shown, x=end + 5, y=y + 13))
    at = start + (end - start) * nominal
    parts.append(tag("line", x1=at, x2=at, y1=3, y2=height - 26, class_="mark"))
    label = f"nominal: {100 * nominal:g}%"
    parts.append(tag("text", label, x=at, y=height - 10, text_anchor="middle", class_="label"))
    return _svg(description, *parts, height=height)


def heat_map(names: tuple[Sequence[str], Sequence[str]], counts: FloatArray, description: str) -> Markup:
    """Draw counts `(rows, columns)` as squares, darker for more, each with its count as a tooltip."""
    cell, left, top = 15, 54, 38
    # At least as wide as the words of its sides, where there are few columns.
    width = max(cell * len(names[1]), 40)
    size = left + width + 4, top + cell * len(names[0]) + 4
    # Square root: most cells hold one or two, a few hold a hundred, and both should be visible.
    strength = np.sqrt(counts / max(1.0, float(counts.max(initial=0))))
    parts = [
        tag("text", "expected", x=left - 4, y=top - 6, text_anchor="end", class_="label"),
        tag("text", "heard", x=left + 2, y=9, class_="label"),
    ]
    for row, name in enumerate(names[0]):
        parts.append(tag("text", name, x=left - 4, y=top + cell * row + 11, text_anchor="end"))
    for column, name in enumerate(names[1]):
        turn = f"translate({left + cell * column + 11:g} {top - 4:g}) rotate(-90)"
        parts.append(tag("text", name, transform=turn))
    for row, column in np.argwhere(counts > 0):
        label = f"{names[0][row]} heard as {names[1][column]}: {counts[row, column]:g} times"
        square = {"x": left + cell * int(column), "y": top + cell * int(row)}
        opacity = 0.15 + 0.85 * float(strength[row, column])
        parts.append(
            tag(
                "rect",
                tag("title", label),
                **square,
                width=cell - 1,
                height=cell - 1,
                fill_opacity=opacity,
                class_="bar",
            )
        )
    outline = tag("rect", x=left, y=top, width=size[0] - left - 4, height=size[1] - top - 4, class_="outline")
    return _svg(description, outline, *parts, width=size[0], height=size[1])
