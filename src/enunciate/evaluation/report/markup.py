"""HTML and SVG assembled from parts, so that text cannot become markup.

`tag` escapes every child that is not `Markup`, and every attribute; only what `tag` itself returned, and
constants of this package, are `Markup`. A transcript of `</script>` therefore stays text wherever it is used.
"""

from __future__ import annotations

from html import escape

VOID = frozenset({"meta", "br", "hr", "img", "input", "link"})
"""HTML elements that have no content and no end tag."""


class Markup(str):
    """Text that is already markup."""

    __slots__ = ()


Child = str | None
"""Text, escaped unless it is `Markup`; None adds nothing."""


def tag(name: str, *children: Child, **attributes: str | float | None) -> Markup:
    """Return an element.

    >>> tag("p", "1 < 2", class_="note")
    '<p class="note">1 &lt; 2</p>'

    Args:
        name: The name of the element; a constant.
        children: Its content.
        attributes: Attributes by name, with `_` for `-` and a trailing `_` after a keyword of Python
            (`class_`). A value of None omits the attribute.
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
    """Concatenate parts."""
    return Markup("".join(_markup(child) for child in children if child is not None))


def _markup(child: str) -> str:
    return child if isinstance(child, Markup) else escape(child)


def _shown(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.5g}"


# ------------------------------------------------------------------------------------- parts of a page


def section(id: str, title: str, *children: Child, note: str | None = None, level: int = 3) -> Markup:
    """Return a part of a page with its heading, and a sentence on how to read it."""
    lead = tag("p", note, class_="note") if note else None
    return tag("section", tag(f"h{level}", title), lead, *children, id=id)


def table(head: tuple[Child, ...], rows: list[tuple[Child, ...]], caption: str) -> Markup:
    """Return a table whose first column names the rows; it scrolls sideways where it is too wide.

    Args:
        head: The names of the columns.
        rows: The cells, as many per row as there are columns.
        caption: The content of the table in a few words.
    """
    top = tag("tr", *(tag("th", cell, scope="col") for cell in head))
    body = [
        tag("tr", tag("th", cells[0], scope="row"), *(tag("td", cell) for cell in cells[1:]))
        for cells in rows
    ]
    inner = tag("table", tag("caption", caption), tag("thead", top), tag("tbody", *body))
    return tag("div", inner, class_="wide", tabindex="0")


def figure(picture: Markup, caption: str) -> Markup:
    """Return a picture with its caption."""
    return tag("figure", picture, tag("figcaption", caption))


def number(value: float | None, digits: int = 3) -> str:
    """Format a number with a true minus sign; None becomes a dash."""
    return "–" if value is None else f"{value:.{digits}f}".replace("-", "−")


def with_interval(value: float | None, interval: tuple[float, float] | None, digits: int = 3) -> Markup:
    """Format a metric with its 95% interval below it."""
    if value is None or interval is None:
        return join(number(value, digits))
    low, high = (number(end, digits) for end in interval)
    return join(number(value, digits), tag("small", f"{low} to {high}"))
