"""Tables and short pages of tables, in every form that their file names ask for."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from nodal_staging.study.files import write_text
from nodal_staging.tables import contract, grid
from nodal_staging.tables.columns import TableSchema
from nodal_staging.tables.grid import Grid
from nodal_staging.tables.html_page import render_page
from nodal_staging.tables.page_scripts import DOCUMENT
from nodal_staging.tables.parts import Heading

Paths = Sequence[str | Path]
Part = Heading | Grid | str
"""What Markdown can show too; a string is a paragraph."""


@dataclass(frozen=True, slots=True)
class Document:
    """A title, and the headings, tables and paragraphs that follow."""

    title: str
    parts: tuple[Part, ...]


def write_document(document: Document, paths: Paths) -> None:
    """Write the page in the forms that the suffixes (.md, .html) name."""
    forms = {".md": markdown, ".html": html}
    for path in paths:
        write_text(path, forms[Path(path).suffix](document))


def write_grid(
    layout: Grid | tuple[Grid, ...],
    paths: Paths,
    *,
    title: str,
    frame: pd.DataFrame | None = None,
    schema: TableSchema | None = None,
) -> None:
    """Write a table, or some that belong together, in the forms of the suffixes.

    Parameters
    ----------
    layout
        The tables to be read: for .md and .tex tables to paste, for .html a page.
    paths
        Outputs.
    title
        Of the page.
    frame, schema
        The table for machines, for .tsv.
    """
    layouts = layout if isinstance(layout, tuple) else (layout,)
    for path in paths:
        suffix = Path(path).suffix
        if suffix == ".tsv" and frame is not None and schema is not None:
            contract.write(frame, path, schema)
        elif suffix == ".html":
            write_text(path, render_page(title, layouts, script=DOCUMENT))
        else:
            write_text(path, "\n".join(map(grid.TO_PASTE[suffix], layouts)))


def markdown(document: Document) -> str:
    """Render for GitHub and for text editors."""
    parts = [f"# {document.title}", *map(_markdown, document.parts)]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def html(document: Document) -> str:
    """Render as a page of its own."""
    return render_page(document.title, document.parts, script=DOCUMENT)


def _markdown(part: Part) -> str:
    if isinstance(part, Heading):
        return f"## {part.text}"
    return grid.markdown(part) if isinstance(part, Grid) else part
