"""Pieces of Markdown that the pages share."""

import re
from collections.abc import Iterable, Sequence
from html import escape


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a pipe table; line ends and bars within cells are kept out of its way."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines) + "\n"


def code(text: str) -> str:
    """Return text set as code.

    A regular expression can look like the begin of an HTML declaration, on which the
    parser of the site stops; it is written as HTML.
    """
    return f"<code>{escape(text)}</code>" if "<!" in text else f"`{text}`"


def prose(text: str) -> str:
    """Return text in which ``<study>`` or a regular expression is no markup."""
    return re.sub(r"([][*_\\`])", r"\\\1", escape(text, quote=False))


def anchor(name: str) -> str:
    """Return an invisible place that links can name, without the marks ``<>``."""
    return f'<span id="{re.sub("[<>]", "", name)}"></span>'


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", r"\|")
