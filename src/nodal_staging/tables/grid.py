"""A table of finished text, and its forms: Markdown, LaTeX and HTML."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import pandas as pd

from nodal_staging.tables.rounding import MISSING

Row = tuple[str, ...]
Column = tuple[str, Callable[[Mapping[Any, Any]], str]]
"""Title of a column, and what its cell says of a record."""

TAG = re.compile(r"<(?=[A-Za-z/!?])")
"""What Markdown would take for the start of HTML."""

NUMERIC = re.compile(r"(?=.*\d)(?:[\d\s.,:()<>%*+\u2013\u2212/-]|\b(?:to|at)\b)+")
"""A number, an interval, or both: what may not be broken across lines."""

NUMBER = ' class="number"'

TEX = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": "$<$",
    ">": "$>$",
    "≥": r"$\geq$",
    "\u2212": "$-$",
    "\u2013": "--",
}


@dataclass(frozen=True, slots=True)
class Grid:
    """Cells as they are to be read.

    Attributes
    ----------
    name
        One word, for the class of the HTML table and the label in LaTeX.
    caption
        What stands with the table.
    header
        Column titles; the first column names the row.
    groups
        Rows in groups with a rule between them.
    """

    name: str
    caption: str
    header: Row
    groups: tuple[tuple[Row, ...], ...]


def lay_out(
    name: str,
    caption: str,
    columns: Sequence[Column],
    groups: Iterable[Iterable[Mapping[Any, Any]]],
) -> Grid:
    """Lay out records, a row each.

    Parameters
    ----------
    name, caption
        As of ``Grid``.
    columns
        Left to right; the first names the row.
    groups
        Records in groups with a rule between them.
    """
    return Grid(
        name,
        caption,
        tuple(title for title, _ in columns),
        tuple(
            tuple(tuple(cell(record) for _, cell in columns) for record in group)
            for group in groups
        ),
    )


def records_by(frame: pd.DataFrame, column: str) -> list[list[dict[Any, Any]]]:
    """Return the records of each value of a column, in the order of the table."""
    return [rows.to_dict("records") for _, rows in frame.groupby(column, sort=False)]


def markdown(grid: Grid) -> str:
    """Render a pipe table; it has no rules, so a row of dashes parts the groups."""
    parted = (MARKDOWN_RULE,) * len(grid.header)
    rows = [row for group in _filled(grid) for row in (*group, parted)][:-1]
    align = (":--", *("--:" for _ in grid.header[1:]))
    lines = [_piped(row) for row in (grid.header, align, *rows)]
    return "\n".join([*lines, "", grid.caption, ""])


def latex(grid: Grid) -> str:
    """Render a ``table`` without packages."""
    groups = [
        "\n".join(f"{_ampersands(row)} \\\\" for row in group)
        for group in _filled(grid)
    ]
    return "\n".join(
        [
            r"\begin{table}",
            r"\centering",
            rf"\caption{{{_tex(grid.caption)}}}",
            rf"\label{{tab:{grid.name}}}",
            rf"\begin{{tabular}}{{l{'r' * (len(grid.header) - 1)}}}",
            r"\hline",
            rf"{_ampersands(grid.header)} \\",
            r"\hline",
            "\n\\hline\n".join(groups),
            r"\hline",
            r"\end{tabular}",
            r"\end{table}",
            "",
        ]
    )


def html(grid: Grid, *, title: str = "") -> str:
    """Render a fragment, one ``tbody`` a group; the page brings the style.

    Parameters
    ----------
    grid
        The table.
    title
        Its number and title, in bold before the caption.
    """
    first, *others = grid.header
    head = f'<th scope="col">{escape(first)}</th>' + "".join(
        f'<th scope="col"{NUMBER * numeric}>{escape(cell)}</th>'
        for cell, numeric in zip(others, _numeric_columns(grid), strict=True)
    )
    strong = f"<strong>{escape(title)}</strong> " if title else ""
    bodies = [
        "\n".join(["<tbody>", *map(_html_row, group), "</tbody>"])
        for group in _filled(grid)
    ]
    return "\n".join(
        [
            f'<table class="results {grid.name}">',
            f"<caption>{strong}{escape(grid.caption)}</caption>",
            f"<thead><tr>{head}</tr></thead>",
            *bodies,
            "</table>",
            "",
        ]
    )


TO_PASTE: dict[str, Callable[[Grid], str]] = {".md": markdown, ".tex": latex}
"""Forms that are pasted into another document, by the suffix of the file."""

MARKDOWN_RULE = "—"


def _filled(grid: Grid) -> Sequence[Sequence[Row]]:
    """Return the groups that have rows."""
    return [group for group in grid.groups if group]


def _piped(cells: Sequence[str]) -> str:
    escaped = (TAG.sub("&lt;", cell.replace("|", r"\|")) for cell in cells)
    return f"| {' | '.join(escaped)} |"


def _ampersands(cells: Sequence[str]) -> str:
    return " & ".join(map(_tex, cells))


def _tex(text: str) -> str:
    return "".join(TEX.get(letter, letter) for letter in text)


def _html_row(row: Row) -> str:
    cells = "".join(map(_html_cell, row[1:]))
    return f'<tr><th scope="row">{escape(row[0])}</th>{cells}</tr>'


def _html_cell(cell: str) -> str:
    """Mark numbers, which a page keeps on one line and aligns at the right."""
    return f"<td{NUMBER * _is_number(cell)}>{escape(cell)}</td>"


def _is_number(cell: str) -> bool:
    return cell == MISSING or bool(NUMERIC.fullmatch(cell))


def _numeric_columns(grid: Grid) -> list[bool]:
    """Say of each column but the first whether it has numbers alone."""
    rows = [row[1:] for group in grid.groups for row in group]
    return [
        bool(rows) and all(_is_number(row[place]) for row in rows)
        for place in range(len(grid.header) - 1)
    ]
