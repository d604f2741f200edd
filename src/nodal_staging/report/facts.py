"""What the report states about the analysis, taken from the files that make it true.

A sentence is written from its file, or the report is refused: nobody reads a sentence
that a file contradicts.
"""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from nodal_staging.study.files import read_json

Shared = TypeVar("Shared")


class FactError(ValueError):
    """The report would state what one of its files contradicts."""


def require(found: bool, sentence: str, contradicted_by: str) -> str:
    """Return a sentence that a file supports.

    Parameters
    ----------
    found
        Whether the file supports it.
    sentence
        For the report.
    contradicted_by
        What the file says otherwise, with its name.

    Raises
    ------
    FactError
        If it does not.
    """
    if not found:
        raise FactError(
            f"the report would say “{sentence}”, but {contradicted_by}; run the rules "
            "behind this file again"
        )
    return sentence


def shared(what: str, values: Mapping[str, Shared]) -> Shared:
    """Return the one value that all classifiers have.

    Parameters
    ----------
    what
        Name of the value, for the message.
    values
        By classifier.

    Raises
    ------
    FactError
        If two differ: no sentence holds for both.
    """
    first, *others = values.items()
    for name, value in others:
        if value != first[1]:
            raise FactError(
                f"{what} is {first[1]!r} in the statistics of {first[0]} and {value!r} "
                f"in those of {name}; no sentence of the report holds for both; "
                "compute the statistics of all classifiers again"
            )
    return first[1]


def of_all(
    classifiers: Mapping[str, str | Path], take: Callable[[Mapping[str, Any]], Shared]
) -> dict[str, Shared]:
    """Take something from the statistics of every classifier, by classifier."""
    return {name: take(read_json(path)) for name, path in classifiers.items()}


def listed(words: Iterable[str]) -> str:
    """Join words with commas and "and".

    Examples
    --------
    >>> listed(["a", "b", "c"]), listed(["a"])
    ('a, b and c', 'a')
    """
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last
