"""HTML and SVG put together from parts, so that text cannot become markup.

`tag` escapes every child that is not `Markup`, and every attribute; only what `tag` itself returned, and the
constants of this package, are `Markup`. A transcript of `</script>` is therefore text wherever it is put.
"""

from __future__ import annotations

from html import escape

VOID = frozenset({"meta", "br", "hr", "img", "input", "link"})
"""HTML elements that have no content and no end tag."""


class Markup(str):
    """Text that is markup already."""

    __slots__ = ()


Child = str | None
"""Escaped unless it is `Markup`; None is nothing."""


def tag(name: str, *children: Child, **attributes: str | float | None) -> Markup:
    """An element.

    Args:
        name: Of the element; a constant.
        children: Its content.
        attributes: By name, `_` for `-` and with a last `_` where the name is a word of Python (`class_`).
            A value of None leaves the attribute out.

    Returns:
        For example `tag("p", "1 < 2", class_="note")` gives `<p class="note">1 &lt; 2</p>`.
    """
    opened = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_shown(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in VOID:
        return Markup(f"<{name}{opened}>")
    return Markup(f"<{name}{opened}>{join(*children)}</{name}>")


def join(*children: Child) -> Markup:
    """Parts one after another."""
    return Markup("".join(_markup(child) for child in children if child is not None))


def _markup(child: str) -> str:
    return child if isinstance(child, Markup) else escape(child)


def _shown(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.5g}"


# ------------------------------------------------------------------------------------- what pages are of


def section(id: str, title: str, *children: Child, note: str | None = None, level: int = 3) -> Markup:
    """A part of a page with its heading, and a sentence on how to read it."""
    lead = tag("p", note, class_="note") if note else None
    return tag("section", tag(f"h{level}", title), lead, *children, id=id)


def table(head: tuple[Child, ...], rows: list[tuple[Child, ...]], caption: str) -> Markup:
    """A table whose first column names the rows; it scrolls sideways where it is too wide.

    Args:
        head: Names of the columns.
        rows: As long as the head.
        caption: Says what the table holds.
    """
    top = tag("tr", *(tag("th", cell, scope="col") for cell in head))
    body = [
        tag("tr", tag("th", cells[0], scope="row"), *(tag("td", cell) for cell in cells[1:]))
        for cells in rows
    ]
    inner = tag("table", tag("caption", caption), tag("thead", top), tag("tbody", *body))
    return tag("div", inner, class_="wide", tabindex="0")


def figure(picture: Markup, caption: str) -> Markup:
    """A picture with its caption."""
    return tag("figure", picture, tag("figcaption", caption))


def number(value: float | None, digits: int = 3) -> str:
    """A figure, or a dash where there is none; a true minus sign, as negative figures stand alone."""
    return "–" if value is None else f"{value:.{digits}f}".replace("-", "−")


def with_interval(value: float | None, interval: tuple[float, float] | None, digits: int = 3) -> Markup:
    """A figure with its 95% interval under it."""
    if value is None or interval is None:
        return join(number(value, digits))
    low, high = (number(end, digits) for end in interval)
    return join(number(value, digits), tag("small", f"{low} to {high}"))
