"""Boxes of text whose size is known before they are drawn, in mm of print."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.font_manager import FontProperties
from matplotlib.patches import FancyBboxPatch
from matplotlib.text import Text

from nodal_staging.figures.style import POINT_MM, TYPE

LINE_HEIGHT = 1.3
"""Distance of lines in units of the size of type."""

PADDING_MM = 1.6


@cache
def _renderer() -> Any:
    renderer: Any = RendererAgg
    return renderer(1, 1, 72)


@cache
def text_width_mm(text: str, size: float, weight: str = "normal") -> float:
    """Return the width in print of one line of text; ``size`` in points."""
    font = FontProperties(family=TYPE["font.family"], size=10 * size, weight=weight)
    width, _, _ = _renderer().get_text_width_height_descent(text, font, ismath=False)
    # Measured ten times as large: at small sizes widths are rounded to pixels.
    return float(width) / 10 * POINT_MM


def wrapped(
    text: str, width_mm: float, size: float, weight: str = "normal"
) -> list[str]:
    """Break text into lines of at most a width; a word that is longer is cut."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        longer = f"{line} {word}".strip()
        if text_width_mm(longer, size, weight) <= width_mm:
            line = longer
            continue
        lines += [line] if line else []
        *full, line = _cut(word, width_mm, size, weight)
        lines += full
    return [*lines, line]


def _cut(word: str, width_mm: float, size: float, weight: str) -> list[str]:
    """Cut a word into parts of at most a width."""
    parts = [""]
    for letter in word:
        if parts[-1] and text_width_mm(parts[-1] + letter, size, weight) > width_mm:
            parts.append("")
        parts[-1] += letter
    return parts


@dataclass(frozen=True, slots=True)
class TextBox:
    """Lines of text in a frame: a bold head, and a body.

    Attributes
    ----------
    head, body
        Lines, already broken to the width.
    width_mm, size
        Width of the frame; size of type in points.
    """

    head: tuple[str, ...]
    body: tuple[str, ...]
    width_mm: float
    size: float

    @classmethod
    def of(
        cls, head: str, body: list[str], *, width_mm: float, size: float = 6.5
    ) -> "TextBox":
        """Break a head and paragraphs to a width."""
        room = width_mm - 2 * PADDING_MM
        broken = [line for words in body for line in wrapped(words, room, size)]
        return cls(
            tuple(wrapped(head, room, size, "bold")), tuple(broken), width_mm, size
        )

    @property
    def line_mm(self) -> float:
        """Height of a line."""
        return self.size * LINE_HEIGHT * POINT_MM

    @property
    def height_mm(self) -> float:
        """Height of the frame."""
        return (len(self.head) + len(self.body)) * self.line_mm + 2 * PADDING_MM

    def draw(
        self, axes: Axes, left_mm: float, top_mm: float, *, fill: str, edge: str
    ) -> list[Text]:
        """Draw on axes in mm whose y grows downwards; return the lines."""
        axes.add_patch(
            FancyBboxPatch(
                (left_mm, top_mm),
                self.width_mm,
                self.height_mm,
                boxstyle="round,pad=0,rounding_size=0.8",
                facecolor=fill,
                edgecolor=edge,
                linewidth=0.7,
            )
        )
        lines = [(text, "bold") for text in self.head]
        lines += [(text, "normal") for text in self.body]
        return [
            axes.text(
                left_mm + PADDING_MM,
                top_mm + PADDING_MM + (place + 0.5) * self.line_mm,
                text,
                size=self.size,
                fontweight=weight,
                va="center_baseline",
            )
            for place, (text, weight) in enumerate(lines)
        ]
