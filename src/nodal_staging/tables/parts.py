"""What a page is made of: headings, paragraphs, tables, figures, folded parts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from nodal_staging.tables import grid
from nodal_staging.tables.grid import Grid


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; one with an anchor is listed in the contents."""

    text: str
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Subheading:
    """A heading within a section; the contents do not list it."""

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


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure with its legend.

    Attributes
    ----------
    name
        Anchor of the figure.
    title, caption
        The legend.
    source
        The image as a ``data:`` URL, so that ids inside it stay its own.
    width
        Share of the page that the image takes, 0 to 1.
    """

    name: str
    title: str
    caption: str
    source: str
    width: float


@dataclass(frozen=True, slots=True)
class Contents:
    """Links to sections and figures: anchor and title of each."""

    entries: tuple[tuple[str, str], ...]


Part = (
    Heading
    | Subheading
    | Banner
    | Items
    | Html
    | Folded
    | Picture
    | Contents
    | Grid
    | str
)
"""A plain string is a paragraph."""


def html(part: Part) -> str:
    """Render a part as HTML; nothing wider than the screen but in its own scroller."""
    match part:
        case Heading(text, anchor):
            target = f' id="{escape(anchor)}"' if anchor else ""
            return f"<h2{target}>{escape(text)}</h2>"
        case Subheading(text):
            return f"<h3>{escape(text)}</h3>"
        case Banner(strong, text):
            words = f"<strong>{escape(strong)}</strong> {escape(text)}"
            return f'<p class="banner">{words}</p>'
        case Items(items):
            inside = "\n".join(f"<li>{escape(item)}</li>" for item in items)
            return f"<ul>\n{inside}\n</ul>"
        case Html(text):
            return text
        case Folded(summary, parts):
            inside = "\n".join(map(html, parts))
            return (
                f"<details><summary>{escape(summary)}</summary>\n{inside}\n</details>"
            )
        case Picture():
            return _figure(part)
        case Contents(entries):
            return _navigation(entries)
        case Grid():
            return scroller(grid.html(part), part.caption)
        case str():
            return f"<p>{escape(part)}</p>"


def pointer(words: str, anchor: str, title: str) -> Html:
    """Point to another section: ``words``, then its title as a link, in a paragraph."""
    return Html(f"<p>{escape(words)} {_link(anchor, title)}.</p>")


def scroller(inside: str, label: str) -> str:
    """Put something wide where it can be scrolled, by keyboard too."""
    name = escape(label.partition(".")[0])
    return (
        f'<div class="wide" role="region" tabindex="0" aria-label="{name}">\n'
        f"{inside}\n</div>"
    )


def contents(parts: Sequence[Part]) -> Contents:
    """List what a reader may look for: headings with an anchor, and figures."""
    return Contents(tuple(_entries(parts)))


def _entries(parts: Sequence[Part]) -> Iterator[tuple[str, str]]:
    for part in parts:
        match part:
            case Heading(text, anchor) if anchor:
                yield anchor, text
            case Picture():
                yield part.name, part.title


def _navigation(entries: Sequence[tuple[str, str]]) -> str:
    links = "\n".join(f"<li>{_link(anchor, title)}</li>" for anchor, title in entries)
    return f'<nav aria-label="Contents"><ol class="contents">\n{links}\n</ol></nav>'


def _link(anchor: str, title: str) -> str:
    return f'<a href="#{escape(anchor)}">{escape(title)}</a>'


def _figure(drawn: Picture) -> str:
    title, width = escape(drawn.title), f"{100 * drawn.width:.0f}%"
    image = f'<img alt="{title}" style="max-width:{width}" src="{drawn.source}">'
    return "\n".join(
        [
            f'<figure id="{escape(drawn.name)}">',
            scroller(image, drawn.title),
            f"<figcaption><strong>{title}.</strong>",
            f"{escape(drawn.caption)}</figcaption></figure>",
        ]
    )
