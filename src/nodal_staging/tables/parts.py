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
class Statement:
    """A statement that begins in bold and may end with a link.

    Attributes
    ----------
    strong, text
        What stands in bold, and what follows it.
    anchor, title
        Section or figure that the link leads to, and the words of the link.
    """

    strong: str
    text: str
    anchor: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Items:
    """A list of short statements."""

    items: tuple[str | Statement, ...]


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
class FileLink:
    """A link to a file of the study, relative to the page."""

    words: str
    place: str


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
    alt
        What the image shows, for readers who do not see it; its title if empty.
    files
        The figure in other formats and its data. The first opens when the image is
        clicked in a browser without scripts.
    """

    name: str
    title: str
    caption: str
    source: str
    width: float
    alt: str = ""
    files: tuple[FileLink, ...] = ()


@dataclass(frozen=True, slots=True)
class NumberedTable:
    """A table with its number and title.

    Attributes
    ----------
    label, title
        ``Table S3``, and what the table shows, without a stop.
    grid
        The table; its name is the anchor.
    files
        Files of the study with the same numbers.
    """

    label: str
    title: str
    grid: Grid
    files: tuple[FileLink, ...] = ()

    @property
    def anchor(self) -> str:
        """Return the id of the table on the page."""
        return f"table-{self.grid.name}"


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with the parts that follow it, which fold away together."""

    heading: Heading
    parts: "tuple[Part, ...]"


@dataclass(frozen=True, slots=True)
class Contents:
    """Links to the sections, figures and tables of a page, in groups with a title."""

    groups: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]


Part = (
    Heading
    | Subheading
    | Banner
    | Items
    | Html
    | Folded
    | Picture
    | NumberedTable
    | Section
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
            inside = "\n".join(f"<li>{_item(item)}</li>" for item in items)
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
        case NumberedTable():
            return _table(part)
        case Section(heading, parts):
            return _section(heading, parts)
        case Contents(groups):
            return _navigation(groups)
        case Grid():
            return scroller(grid.html(part), part.caption)
        case str():
            return f"<p>{escape(part)}</p>"


def _item(item: str | Statement) -> str:
    """Render a statement of a list."""
    if isinstance(item, str):
        return escape(item)
    words = f"<strong>{escape(item.strong)}</strong> {escape(item.text)}"
    return f"{words} {_link(item.anchor, item.title)}." if item.anchor else words


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
    """List what a reader may look for: sections, figures and numbered tables."""
    entries = tuple(_entries(parts))
    titles = ("Sections", "Figures", "Tables")
    groups = (
        (
            title,
            tuple((anchor, words) for group, anchor, words in entries if group == n),
        )
        for n, title in enumerate(titles)
    )
    return Contents(tuple(group for group in groups if group[1]))


def _entries(parts: Sequence[Part]) -> Iterator[tuple[int, str, str]]:
    """Yield group, anchor and title of everything that is listed."""
    for part in parts:
        match part:
            case Heading(text, anchor) if anchor:
                yield 0, anchor, text
            case Picture():
                yield 1, part.name, part.title
            case NumberedTable():
                yield 2, part.anchor, f"{part.label}. {part.title}"
            case Folded(_, inside):
                yield from _entries(inside)
            case Section(heading, inside):
                yield from _entries((heading, *inside))


def in_sections(parts: Sequence[Part]) -> tuple[Part, ...]:
    """Gather what follows each heading with an anchor, so that it can be folded."""
    found: list[Part] = []
    for part in parts:
        if isinstance(part, Heading) and part.anchor:
            found.append(Section(part, ()))
        elif found and isinstance(found[-1], Section):
            found[-1] = Section(found[-1].heading, (*found[-1].parts, part))
        else:
            found.append(part)
    return tuple(found)


def _section(heading: Heading, parts: "Sequence[Part]") -> str:
    inside = "\n".join(map(html, parts))
    return (
        f'<section aria-labelledby="{escape(heading.anchor)}">\n{html(heading)}\n'
        f'<div class="foldable">\n{inside}\n</div>\n</section>'
    )


def _navigation(groups: Sequence[tuple[str, Sequence[tuple[str, str]]]]) -> str:
    lists = "\n".join(
        f"<details{' open' if place == 0 else ''}><summary>{escape(title)}</summary>"
        f"\n{_listed(entries)}\n</details>"
        for place, (title, entries) in enumerate(groups)
    )
    return f'<nav aria-label="Contents">\n{lists}\n</nav>'


def _listed(entries: Sequence[tuple[str, str]]) -> str:
    links = "\n".join(f"<li>{_link(anchor, title)}</li>" for anchor, title in entries)
    return f'<ol class="contents">\n{links}\n</ol>'


def _link(anchor: str, title: str) -> str:
    return f'<a href="#{escape(anchor)}">{escape(title)}</a>'


def _figure(drawn: Picture) -> str:
    title, width = escape(drawn.title), f"{100 * drawn.width:.0f}%"
    stop = "" if title.endswith("?") else "."
    alt = escape(drawn.alt or drawn.title)
    image = f'<img alt="{alt}" style="max-width:{width}" src="{drawn.source}">'
    if drawn.files:
        place = escape(drawn.files[0].place)
        image = f'<a class="enlarge" href="{place}">{image}</a>'
    return "\n".join(
        [
            f'<figure id="{escape(drawn.name)}">',
            scroller(image, drawn.title),
            f"<figcaption><strong>{title}{stop}</strong>",
            f"{escape(drawn.caption)}</figcaption>{_files(drawn.files)}</figure>",
        ]
    )


def _table(table: NumberedTable) -> str:
    """Render a table with its number, and links to its files below it."""
    title = f"{table.label}. {table.title}"
    inside = scroller(grid.html(table.grid, title=f"{title}."), title)
    files = _files(table.files)
    return f'<div class="table" id="{escape(table.anchor)}">\n{inside}{files}\n</div>'


def _files(files: Sequence[FileLink]) -> str:
    """Render links to files of the study, which paper leaves out."""
    links = " ".join(
        f'<a href="{escape(file.place)}">{escape(file.words)}</a>' for file in files
    )
    return f'\n<p class="files">{links}</p>' if files else ""
