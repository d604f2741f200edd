"""Cache of results between runs, valid as long as the sources are unchanged."""

import hashlib
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from nodal_staging.study.files import write_text
from nodal_staging.study.source_code import read_sources

OWN_ROOT = Path(__file__).resolve().parents[2]

Found = TypeVar("Found", str, list[str], dict[str, str])


def remembered(
    memory: str | Path | None,
    origin: Callable[[], Sequence[str]],
    find: Callable[[], Found],
) -> Found:
    """Take from a file what was found before, or find it and keep it there.

    Parameters
    ----------
    memory
        The file. One that is missing, damaged, or of another origin counts as none,
        and a folder in which nothing can be written is left as it is. Of two runs at
        once the last one wins, with a whole file. None keeps nothing.
    origin
        Sums of all that the finding depends on, except this package, whose every byte
        counts. Computed before and after, since a file may change in between.
    find
        What to do where nothing is remembered.
    """
    if memory is None:
        return find()
    known = list(origin())
    try:
        seal, _, text = Path(memory).read_text(encoding="utf-8").partition("\n")
    except (OSError, UnicodeDecodeError):
        seal, text = "", ""
    if seal == _seal(known, text):
        kept: Found = json.loads(text)
        return kept
    found = find()
    if list(origin()) == known:
        text = json.dumps(found)
        with suppress(OSError):
            write_text(memory, f"{_seal(known, text)}\n{text}")
    return found


def sum_of(path: str | Path) -> str:
    """Sum up the bytes of a file; one that does not exist has a sum of its own."""
    if not Path(path).is_file():
        return "none"
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _seal(origin: Sequence[str], text: str) -> str:
    """Bind what is kept to where it comes from, and each of its bytes."""
    code = read_sources(OWN_ROOT).digest
    return hashlib.sha256(json.dumps([code, *origin, text]).encode()).hexdigest()
