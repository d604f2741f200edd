"""JSON of untrusted files: no double keys, no endless nesting or numbers."""

import json
from typing import Any, NoReturn

LONGEST_TEXT = 16 * 1024 * 1024


class JsonError(ValueError):
    """Text that is not JSON as it is accepted here; the message names no content."""


def parsed(text: str) -> Any:
    """Parse JSON.

    Raises
    ------
    JsonError
        If it is not JSON, too long or too deep, or an object names a key twice.
    """
    if len(text) > LONGEST_TEXT:
        raise JsonError(f"longer than {LONGEST_TEXT} characters")
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise JsonError("not valid JSON") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise JsonError("an object names a key twice")
    return found


def _refuse(constant: str) -> NoReturn:
    raise JsonError("not a number")
