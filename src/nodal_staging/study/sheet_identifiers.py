"""Identifiers of patients, exams, nodes and readers, as a sheet names them.

Any script is allowed. An identifier is stored in Unicode's composed form (NFC), so that
files from different systems speak of the same node. What a spreadsheet would compute,
and what a person cannot see, is refused in the sheet; so every table, page and figure
holds the identifier as it is.

References
----------
Unicode Standard Annex 15 (NFC) and Technical Report 36 (security of identifiers).
OWASP, CSV Injection.
"""

import re
import unicodedata
from collections.abc import Iterable

LONGEST = 100
"""Characters of an identifier."""

JOINERS = "\u200c\u200d"
"""Invisible, but part of words in Persian and Indian scripts, and of emoji."""

UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
"""Unicode categories of control and formatting characters and line breaks."""

FORMULA = re.compile(r"(?:^|[,;]\s*)([=+\-@])")
"""Where a spreadsheet may see the start of a cell, and takes it for a formula."""


def identifier(written: str) -> str:
    """Return the stored form of an identifier (NFC).

    Examples
    --------
    >>> identifier("U\u0308bung") == "\u00dcbung"
    True
    """
    return unicodedata.normalize("NFC", written)


def fault_of(stored: str, *, longest: int = LONGEST) -> str | None:
    """Say what is expected of an identifier that breaks a rule; None if it is sound.

    Parameters
    ----------
    stored
        In stored form.
    longest
        Characters that it may have.

    Examples
    --------
    >>> fault_of("Knoten \u00fc1 {a}"), fault_of("=1+1")
    (None, 'an identifier that does not start like a formula (with =); rename it')
    """
    if stored != stored.strip():
        return "no blanks at its start and end; remove them"
    for letter in stored:
        if unicodedata.category(letter) in UNSEEN and letter not in JOINERS:
            return (
                "no line breaks, control or formatting characters "
                f"(U+{ord(letter):04X}); type the identifier again"
            )
    if len(stored) > longest:
        return f"at most {longest} characters, not {len(stored)}; shorten it"
    formula = FORMULA.search(unicodedata.normalize("NFKC", stored))
    if formula:
        return (
            "an identifier that does not start like a formula "
            f"(with {formula[1]}); rename it"
        )
    return None


def likeness(stored: str) -> str:
    """Return what two identifiers share that people or computers confuse.

    That is the identifier without differences of case, of blanks and of invisible
    characters.

    Examples
    --------
    >>> likeness("Node  1") == likeness("node\u00a01")
    True
    """
    seen = "".join(letter for letter in stored if letter not in JOINERS)
    return unicodedata.normalize("NFC", " ".join(seen.split()).casefold())


def confused(identifiers: Iterable[str]) -> tuple[str, str] | None:
    """Return the first two different identifiers that are alike; None without any.

    Examples
    --------
    >>> confused(["N1", "N2", "N1", "n2"])
    ('N2', 'n2')
    """
    first: dict[str, str] = {}
    for one in identifiers:
        other = first.setdefault(likeness(one), one)
        if other != one:
            return other, one
    return None


NATURAL = re.compile(r"(\d+)")
NaturalKey = tuple[tuple[int, int, str], ...]


def natural_order(stored: str) -> NaturalKey:
    """Return a key that sorts numbers inside identifiers by size.

    Examples
    --------
    >>> sorted(["R10", "R2", "Ada"], key=natural_order)
    ['Ada', 'R2', 'R10']
    """
    parts = (part for part in NATURAL.split(likeness(stored)) if part)
    keys = tuple(
        (0, int(part), part) if NATURAL.fullmatch(part) else (1, 0, part)
        for part in parts
    )
    return (*keys, (-1, 0, stored))
