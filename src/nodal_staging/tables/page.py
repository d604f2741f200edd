"""A page of its own: one scaffold, one style sheet, nothing to fetch."""

from collections.abc import Sequence
from html import escape

from nodal_staging.tables.parts import Part, html
from nodal_staging.tables.style_sheet import STYLE


def render_page(
    title: str, parts: Sequence[Part], *, tab: str | None = None, script: str = ""
) -> str:
    """Render a page that needs nothing else.

    Parameters
    ----------
    title
        First heading of the page.
    parts
        What follows it.
    tab
        Title of the browser's tab, if not that of the page.
    script
        JavaScript that runs when the page has been read.
    """
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(tab or title)}</title>",
            f"<style>{STYLE}</style>",
            "</head>",
            "<body>",
            "<main>",
            f"<h1>{escape(title)}</h1>",
            *map(html, parts),
            "</main>",
            *([f"<script>{script}</script>"] if script else []),
            "</body>",
            "</html>",
            "",
        ]
    )
