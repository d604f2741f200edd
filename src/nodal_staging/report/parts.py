"""What the page is made of: headings, paragraphs, tables, figures, folded parts."""

import base64
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from nodal_staging.figures.legend import Illustration
from nodal_staging.figures.style import DOUBLE_COLUMN_MM, POINT_MM
from nodal_staging.tables import grid
from nodal_staging.tables.grid import Grid
from nodal_staging.tables.rounding import MISSING, grouped


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading that the contents list."""

    anchor: str
    text: str


@dataclass(frozen=True, slots=True)
class Banner:
    """A paragraph that must not be missed; ``strong`` stands in bold before it."""

    strong: str
    text: str


@dataclass(frozen=True, slots=True)
class Items:
    """A list of short statements."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Html:
    """A finished piece of HTML, escaped where it was made."""

    text: str


@dataclass(frozen=True, slots=True)
class Folded:
    """Parts that open on request, and in print."""

    summary: str
    parts: "tuple[Part, ...]"


Part = Heading | Banner | Items | Html | Folded | Grid | Illustration | str
"""A plain string is a paragraph."""


def render(part: Part) -> str:
    """Render a part as HTML; nothing wider than the screen but in its own scroller."""
    match part:
        case Heading(anchor, text):
            return f'<h2 id="{escape(anchor)}">{escape(text)}</h2>'
        case Banner(strong, text):
            words = f"<strong>{escape(strong)}</strong> {escape(text)}"
            return f'<p class="banner">{words}</p>'
        case Items(items):
            inside = "\n".join(f"<li>{escape(item)}</li>" for item in items)
            return f"<ul>\n{inside}\n</ul>"
        case Html(text):
            return text
        case Folded(summary, parts):
            inside = "\n".join(map(render, parts))
            return (
                f"<details><summary>{escape(summary)}</summary>\n{inside}\n</details>"
            )
        case Grid():
            return scroller(grid.html(part), part.caption)
        case Illustration():
            return _figure(part)
        case str():
            return f"<p>{escape(part)}</p>"


def pointer(words: str, anchor: str, title: str) -> Html:
    """Point to another section: ``words``, then its title as a link, in a paragraph."""
    link = f'<a href="#{escape(anchor)}">{escape(title)}</a>'
    return Html(f"<p>{escape(words)} {link}.</p>")


def subheading(text: str) -> Html:
    """Head what follows within a section; the contents do not list it."""
    return Html(f"<h3>{escape(text)}</h3>")


def scroller(inside: str, label: str) -> str:
    """Put something wide where it can be scrolled, by keyboard too."""
    name = escape(label.partition(".")[0])
    return (
        f'<div class="wide" role="region" tabindex="0" aria-label="{name}">\n'
        f"{inside}\n</div>"
    )


def contents(parts: Sequence[Part]) -> Iterator[tuple[str, str]]:
    """Yield anchor and title of what a reader may look for."""
    for part in parts:
        match part:
            case Heading(anchor, text):
                yield anchor, text
            case Illustration():
                yield part.name, _title(part)


def number(value: float | None, digits: int = 3) -> str:
    """Round for print, thousands parted; a dash where there is no value."""
    if value is None or math.isnan(value):
        return MISSING
    return grouped(value, digits)


def count(value: int) -> str:
    """Write a count, thousands parted."""
    return number(value, 0)


def counted(value: int, one: str, more: str) -> str:
    """Write a count and what is counted, in the singular or the plural."""
    return f"{count(value)} {one if value == 1 else more}"


def interval(lower: float | None, upper: float | None, digits: int = 3) -> str:
    """Write an interval; a dash where there is none."""
    if any(end is None or math.isnan(end) for end in (lower, upper)):
        return MISSING
    return f"{number(lower, digits)} to {number(upper, digits)}"


def percent(value: float | None) -> str:
    """Write a fraction in percent, with a digit after the point."""
    return MISSING if value is None or math.isnan(value) else number(100 * value, 1)


def percents(lower: float, upper: float) -> str:
    """Write an interval of fractions in percent."""
    return interval(100 * lower, 100 * upper, 1)


def _title(drawn: Illustration) -> str:
    label = f"{drawn.label}. " if drawn.label.startswith("Figure ") else ""
    return f"{label}{drawn.legend.title}"


WIDTH = re.compile(r'<svg[^>]*? width="([\d.]+)pt"')


def _width(drawn: Illustration) -> str:
    """Return how much of the page a figure takes that fills less than two columns."""
    found = WIDTH.search(drawn.svg)
    whole = DOUBLE_COLUMN_MM / POINT_MM
    return f"{100 * min(float(found[1]) / whole, 1):.0f}%" if found else "100%"


def _figure(drawn: Illustration) -> str:
    encoded = base64.b64encode(drawn.svg.encode()).decode()
    title = escape(drawn.legend.title)
    source = f"data:image/svg+xml;base64,{encoded}"
    image = f'<img alt="{title}" style="max-width:{_width(drawn)}" src="{source}">'
    return "\n".join(
        [
            f'<figure id="{escape(drawn.name)}">',
            scroller(image, drawn.legend.title),
            f"<figcaption><strong>{escape(_title(drawn))}.</strong>",
            f"{escape(drawn.legend.caption)}</figcaption></figure>",
        ]
    )
