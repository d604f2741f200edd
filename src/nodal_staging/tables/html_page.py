"""A page of its own: one scaffold, one style sheet, nothing to fetch."""

from collections.abc import Sequence
from html import escape

from nodal_staging.tables.parts import Contents, Part, html
from nodal_staging.tables.style_sheet import STYLE, running_heads

ALONE = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
    "script-src 'unsafe-inline'"
)
"""What a page may load: nothing but what is written in it."""


def render_page(
    title: str,
    parts: Sequence[Part],
    *,
    tab: str | None = None,
    script: str = "",
    navigation: Contents | None = None,
    loads: str = ALONE,
    style: str = "",
) -> str:
    """Render a page that needs nothing else.

    Parameters
    ----------
    title
        First heading of the page.
    parts
        What follows it.
    tab
        Title of the browser's tab and of printed sheets, if not that of the page.
    script
        JavaScript that runs when the page has been read.
    navigation
        Links that stay in view next to the text.
    loads
        Content security policy: what the browser may load.
    style
        What the page adds to the style sheet.
    """
    body = "<body>" if navigation is None else '<body class="guided">'
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f'<meta http-equiv="Content-Security-Policy" content="{loads}">',
            f"<title>{escape(tab or title)}</title>",
            f"<style>{STYLE}{style}{running_heads(tab or title)}</style>",
            "</head>",
            body,
            *([] if navigation is None else [SKIP, html(navigation)]),
            '<main id="text" tabindex="-1">',
            f"<h1>{escape(title)}</h1>",
            *map(html, parts),
            "</main>",
            *([f"<script>{script}</script>"] if script else []),
            "</body>",
            "</html>",
            "",
        ]
    )


SKIP = '<a class="skip" href="#text">Skip to the text</a>'
