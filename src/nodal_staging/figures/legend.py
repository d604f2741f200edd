"""Legends of figures, stored in the metadata of the figure files.

The code that draws a figure from the data also computes the numbers that its legend
states; code that shows the file later, such as the report, needs nothing else.
"""

import re
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Self

KEYS = {
    "pdf": ("Title", "Subject"),
    "svg": ("Title", "Description"),
    "png": ("Title", "Description"),
}
"""Where each format keeps a title and a description."""

TITLE = re.compile(r"<dc:title>(.*?)</dc:title>", re.DOTALL)
DESCRIPTION = re.compile(r"<dc:description>(.*?)</dc:description>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Legend:
    """Title of a figure, and the sentences that explain it."""

    title: str
    caption: str

    def metadata(self, kind: str) -> dict[str, str | None]:
        """Return what matplotlib writes into a file of this kind."""
        title, description = KEYS[kind]
        return {title: self.title, description: self.caption}

    @classmethod
    def of(cls, svg: str) -> Self:
        """Read the legend from an SVG.

        Raises
        ------
        ValueError
            If it has none.
        """
        found = [pattern.search(svg) for pattern in (TITLE, DESCRIPTION)]
        title, caption = (unescape(match[1]) if match else "" for match in found)
        if not title or not caption:
            raise ValueError("the figure was drawn without a legend")
        return cls(title, caption)


@dataclass(frozen=True, slots=True)
class Illustration:
    """A drawn figure with its legend, ready for a page."""

    name: str
    svg: str
    legend: Legend

    @property
    def label(self) -> str:
        """What people call it: ``Figure 5``."""
        return self.name.replace("_", " ").capitalize()

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Read the SVG of a figure, named as its file."""
        svg = Path(path).read_text(encoding="utf-8")
        return cls(Path(path).stem, svg, Legend.of(svg))
