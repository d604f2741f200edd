"""A short page of headings, paragraphs and tables, in Markdown or HTML."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from nodal_staging.study.files import write_text
from nodal_staging.tables import grid
from nodal_staging.tables.grid import Grid

STYLE = """
:root { color-scheme: light; }
body { font: 16px/1.5 system-ui, sans-serif; color: #1b1b1b; margin: 0 auto;
       max-width: 74rem; padding: 1rem; }
h1 { font-size: 1.6rem; line-height: 1.2; } h2 { font-size: 1.2rem; margin-top: 2rem; }
p { max-width: 52rem; } .wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .85rem; margin: .6rem 0 1.2rem;
        min-width: min(40rem, 100%); }
caption { caption-side: bottom; text-align: left; color: #444; padding: .4rem 0;
          max-width: 60rem; }
th, td { padding: .25rem .6rem; text-align: left; border-bottom: 1px solid #ddd;
         vertical-align: top; }
thead th { border-bottom: 2px solid #444; vertical-align: bottom; }
th[scope="row"] { font-weight: 500; } tbody + tbody { border-top: 2px solid #999; }
@media print { body { max-width: none; font-size: 10pt; } tr { break-inside: avoid; } }
"""


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading within the page."""

    text: str


Part = Heading | Grid | str
"""A heading, a table, or a paragraph."""


@dataclass(frozen=True, slots=True)
class Document:
    """A title and what follows."""

    title: str
    parts: tuple[Part, ...]


def write_document(document: Document, paths: Sequence[str | Path]) -> None:
    """Write the page in the forms that the suffixes (.md, .html) name."""
    for path in paths:
        write_text(path, FORMS[Path(path).suffix](document))


def markdown(document: Document) -> str:
    """Render for GitHub and for text editors."""
    parts = [f"# {document.title}", *map(_markdown, document.parts)]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def html(document: Document) -> str:
    """Render a page of its own that needs nothing else."""
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(document.title)}</title>",
            f"<style>{STYLE}</style>",
            "</head>",
            "<body>",
            f"<h1>{escape(document.title)}</h1>",
            *map(_html, document.parts),
            "</body>",
            "</html>",
            "",
        ]
    )


FORMS: dict[str, Callable[[Document], str]] = {".md": markdown, ".html": html}
"""Forms by the suffix of the file."""


def _markdown(part: Part) -> str:
    if isinstance(part, Heading):
        return f"## {part.text}"
    return grid.markdown(part) if isinstance(part, Grid) else part


def _html(part: Part) -> str:
    if isinstance(part, Heading):
        return f"<h2>{escape(part.text)}</h2>"
    if isinstance(part, Grid):
        return f'<div class="wide">{grid.html(part)}</div>'
    return f"<p>{escape(part)}</p>"
