"""Readers as classifiers: their names in the sheet, in file names and in print.

The name in file names is reversible, so that each file says whose it is: letters and
digits of ASCII stay, and each run of other signs becomes its Unicode numbers. It does
not depend on the other readers. Synthetic readers are ``reader_1``, ``reader_2``, ...
"""

import re

PREFIX = "reader_"
LONGEST_NAME = 32
"""Characters of a reader's name, so that file names stay within 255 bytes."""

RESERVED = {"mean", "truth"}
"""Names that have a meaning in the files of the reader study."""

SYNTHETIC = re.compile(r"reader_(\d+)", re.ASCII)
DIGITS = re.compile(r"\d+", re.ASCII)
OTHER = re.compile(r"[^A-Za-z0-9]+")
ENCODED = re.compile(r"-([0-9a-f]+(?:-[0-9a-f]+)*)--")


def reader_key(name: str) -> str:
    """Return the classifier that a reader is, which may be part of a file name.

    Parameters
    ----------
    name
        As in the sheet, in stored form.

    Examples
    --------
    >>> reader_key("R10"), reader_key("Dr. M\u00fc"), reader_key("reader_1")
    ('reader_R10', 'reader_Dr-2e-20--M-fc--', 'reader_1')
    """
    if SYNTHETIC.fullmatch(name):
        return name
    if DIGITS.fullmatch(name):
        # A number alone would look like a synthetic reader.
        return PREFIX + _encoded(name[0]) + name[1:]
    return PREFIX + OTHER.sub(lambda found: _encoded(found[0]), name)


def reader_name(key: str) -> str:
    """Return the name in the sheet of a reader, from ``reader_key``.

    Examples
    --------
    >>> reader_name("reader_Dr-2e-20--M-fc--"), reader_name("reader_1")
    ('Dr. M\u00fc', 'reader_1')
    """
    if SYNTHETIC.fullmatch(key):
        return key
    return ENCODED.sub(_decoded, key.removeprefix(PREFIX))


def printed_reader(name: str) -> str:
    """Return the name in print: that of the sheet, or the number of a synthetic one.

    Examples
    --------
    >>> printed_reader("R10"), printed_reader("reader_1")
    ('R10', 'Reader 1')
    """
    synthetic = SYNTHETIC.fullmatch(name)
    return f"Reader {synthetic[1]}" if synthetic else name


def _encoded(letters: str) -> str:
    return "-" + "-".join(f"{ord(letter):x}" for letter in letters) + "--"


def _decoded(found: re.Match[str]) -> str:
    return "".join(chr(int(number, 16)) for number in found[1].split("-"))
