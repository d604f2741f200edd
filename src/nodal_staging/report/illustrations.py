"""Drawn figures as parts of the page."""

import base64
import re
from pathlib import Path

from nodal_staging.figures.legend import Illustration
from nodal_staging.figures.style import DOUBLE_COLUMN_MM, POINT_MM
from nodal_staging.tables.parts import Picture

WIDTH = re.compile(r'<svg[^>]*? width="([\d.]+)pt"')


def picture(path: str | Path) -> Picture:
    """Read a figure for the page; one of the paper has its number in the title.

    Parameters
    ----------
    path
        The SVG, as it was drawn, with its legend inside.

    Raises
    ------
    ValueError
        If it was drawn without a legend.
    """
    drawn = Illustration.read(path)
    label = f"{drawn.label}. " if drawn.label.startswith("Figure ") else ""
    encoded = base64.b64encode(drawn.svg.encode()).decode()
    return Picture(
        drawn.name,
        f"{label}{drawn.legend.title}",
        drawn.legend.caption,
        f"data:image/svg+xml;base64,{encoded}",
        _width(drawn.svg),
    )


def _width(svg: str) -> float:
    """Return how much of the page a figure takes that fills less than two columns."""
    found = WIDTH.search(svg)
    return min(float(found[1]) * POINT_MM / DOUBLE_COLUMN_MM, 1) if found else 1
