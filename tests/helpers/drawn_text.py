"""Where the text of a drawn figure lies, to prove that none covers another."""

import itertools
from unittest import mock

from matplotlib.figure import Figure
from matplotlib.text import Text

PRINTED_DPI = 300


def drawn_texts(figure: Figure) -> list[Text]:
    """Return every piece of text that drawing the figure for print draws."""
    drawn: list[Text] = []
    draw = Text.draw

    def recorded(text, renderer):
        if text.get_visible() and text.get_text().strip():
            drawn.append(text)
        draw(text, renderer)

    figure.set_dpi(PRINTED_DPI)
    with mock.patch.object(Text, "draw", recorded):
        figure.draw_without_rendering()
    return list(dict.fromkeys(drawn))


def overlapping(figure: Figure) -> list[tuple[str, str]]:
    """Return the pieces of text that cover each other, or leave the figure."""
    texts = drawn_texts(figure)
    boxes = [text.get_window_extent() for text in texts]
    width, height = figure.get_size_inches() * figure.dpi
    found = [
        (text.get_text(), "the edge")
        for text, box in zip(texts, boxes, strict=True)
        if box.x0 < -1 or box.y0 < -1 or box.x1 > width + 1 or box.y1 > height + 1
    ]
    for (one, box), (other, second) in itertools.combinations(
        zip(texts, boxes, strict=True), 2
    ):
        across = min(box.x1, second.x1) - max(box.x0, second.x0)
        along = min(box.y1, second.y1) - max(box.y0, second.y0)
        # Boxes hold room for letters that are not there: two pixels are no overlap.
        if across > 2 and along > 2:
            found.append((one.get_text(), other.get_text()))
    return found
