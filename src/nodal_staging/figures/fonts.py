"""The fonts of all figures: those that matplotlib brings, whatever the machine has.

Text that comes from a sheet may be in any script. What the font cannot show, or what
matplotlib would set in the wrong order, is written as its Unicode numbers.
"""

import unicodedata
from functools import cache
from itertools import groupby
from pathlib import Path

import matplotlib
from matplotlib.font_manager import fontManager, get_font

from nodal_staging.study.sheet_identifiers import JOINERS

FAMILY = "DejaVu Sans"

RIGHT_TO_LEFT = {"R", "AL"}
"""Bidirectional classes of letters that matplotlib would set from left to right."""


@cache
def pin_fonts() -> None:
    """Let matplotlib find its own fonts alone, not those of the user or the system."""
    fontManager.ttflist.clear()
    fontManager.afmlist.clear()
    for path in sorted(_folder().glob("*.ttf")):
        # The font of last resort holds a box for every letter there is.
        if not path.name.startswith("LastResort"):
            fontManager.addfont(path)


def drawn(text: str) -> str:
    r"""Return text from a sheet so that a figure shows it as it is.

    No part of it is read as a formula, and letters that cannot be shown become their
    Unicode numbers.

    Examples
    --------
    >>> drawn("N$1$"), drawn("\u8282\u70b91")
    ('N\\$1\\$', '[U+8282 U+70B9]1')
    """
    parts = []
    for shown, letters in groupby(text, _is_shown):
        if shown:
            parts.append("".join(letters))
        else:
            numbers = " ".join(f"U+{ord(letter):04X}" for letter in letters)
            parts.append(f"[{numbers}]")
    found = "".join(parts).replace("$", r"\$")
    # A label that starts with an underscore is left out of legends.
    return f" {found}" if found.startswith("_") else found


def _is_shown(letter: str) -> bool:
    """Say whether the font shows a letter, in the order in which it is read."""
    if letter in JOINERS or unicodedata.bidirectional(letter) in RIGHT_TO_LEFT:
        return False
    return ord(letter) in _letters()


@cache
def _letters() -> frozenset[int]:
    """Return the code points of the font."""
    return frozenset(get_font(_folder() / "DejaVuSans.ttf").get_charmap())


def _folder() -> Path:
    return Path(matplotlib.get_data_path()) / "fonts" / "ttf"
