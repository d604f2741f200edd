"""Pieces of Markdown that the pages share."""

import re
from collections.abc import Iterable, Sequence
from html import escape


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a pipe table; line ends and bars within cells are kept out of its way."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines) + "\n"


def stacked(rows: str, *classes: str) -> str:
    """Return a table whose rows become blocks on a narrow screen (extra.css)."""
    names = " ".join(("stacked", *classes))
    return f'<div class="{names}" markdown>\n\n{rows}\n\n</div>'


def code(text: str) -> str:
    """Return text set as code.

    A regular expression can look like the begin of an HTML declaration, on which the
    parser of the site stops, and its bars end the cells of a table; it is written as
    HTML.
    """
    if not re.search(r"<!|\|", text):
        return f"`{text}`"
    marks = re.sub(r"[][|*_\\`]", lambda mark: f"&#{ord(mark[0])};", escape(text))
    return f"<code>{marks}</code>"


def prose(text: str) -> str:
    """Return text in which ``<study>`` or a regular expression is no markup."""
    return re.sub(r"([][*_\\`])", r"\\\1", escape(text, quote=False))


def anchor(name: str) -> str:
    """Return an invisible place that links can name, without the marks ``<>``."""
    return f'<span id="{re.sub("[<>]", "", name)}"></span>'


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", r"\|")
