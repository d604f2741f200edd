"""The lines on the screen: with colour and one live line in a terminal, else plain."""

import os
import shutil
from typing import TextIO

COLOURS = {"red": 31, "green": 32, "yellow": 33}
CLEAR = "\r\x1b[K"
PLAIN = ("NO_COLOR", "JPY_PARENT_PID")
"""Variables of people who want no colours, and of a notebook."""


class Screen:
    """A stream that takes whole lines, and one line that is overwritten.

    Parameters
    ----------
    stream
        Where lines are written.
    plain
        Write neither control codes nor a live line, also in a terminal.
    """

    def __init__(self, stream: TextIO, *, plain: bool = False) -> None:
        self._stream = stream
        asked = plain or any(os.environ.get(name) for name in PLAIN)
        terminal = stream.isatty() and os.environ.get("TERM") != "dumb"
        self.is_live = terminal and not asked
        self._shown = ""

    def write(self, text: str, colour: str = "") -> None:
        """Write lines above the live line."""
        text = printable(text)
        if self.is_live and colour:
            text = f"\x1b[{COLOURS[colour]}m{text}\x1b[0m"
        shown, self._shown = self._shown, ""
        self._put((CLEAR if shown else "") + text + "\n")
        if shown:
            self.show(shown)

    def show(self, text: str) -> None:
        """Replace the live line; nothing without a terminal.

        The cursor stays at its beginning, so that what a job prints replaces it.
        """
        if not self.is_live:
            return
        width = shutil.get_terminal_size().columns - 1
        text = printable(text).replace("\n", " ")
        if len(text) > width:
            text = text[: max(width - 1, 0)] + "…"
        if text != self._shown:
            self._put(f"{CLEAR}{text}\r")
            self._shown = text

    def clear(self) -> None:
        """Remove the live line."""
        if self._shown:
            self._put(CLEAR)
            self._shown = ""

    def _put(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def printable(text: str) -> str:
    """Replace control characters, which a message may have taken from a file."""
    return "".join(
        letter if letter.isprintable() or letter in "\n\t" else "?" for letter in text
    )
