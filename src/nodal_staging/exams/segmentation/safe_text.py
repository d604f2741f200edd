"""JSON and XML of untrusted files, within bounds.

No double keys, no endless nesting or numbers, no document types.
"""

import json
import re
from typing import Any, NoReturn
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException, ElementTree

LONGEST_TEXT = 16 * 1024 * 1024
MOST_TAGS = 200_000
DECLARATION = re.compile(r"\s*<\?xml[^>]{0,200}\?>")


class TextError(ValueError):
    """Text that is not JSON or XML as accepted here; the message quotes nothing."""


def parsed(text: str) -> Any:
    """Parse JSON.

    Raises
    ------
    TextError
        If it is not JSON, too long or too deep, or an object names a key twice.
    """
    if len(text) > LONGEST_TEXT:
        raise TextError(f"longer than {LONGEST_TEXT} characters")
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise TextError("not valid JSON") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise TextError("an object names a key twice")
    return found


def _refuse(constant: str) -> NoReturn:
    raise TextError("not a number")


def roots(text: str) -> Element:
    """Parse text with any number of roots.

    Parameters
    ----------
    text
        XML, with or without a declaration.

    Returns
    -------
    An element whose children are the roots.

    Raises
    ------
    TextError
        If it is not well formed, holds a document type or an entity, or more tags
        than a scene needs: each takes a hundred times its length in memory.
    """
    if text.count("<") > MOST_TAGS:
        raise TextError(f"more than {MOST_TAGS} tags")
    body = DECLARATION.sub("", text.removeprefix("\ufeff"), count=1)
    try:
        parsed: Element = ElementTree.fromstring(
            f"<roots>{body}</roots>", forbid_dtd=True
        )
    except (ParseError, DefusedXmlException, ValueError, RecursionError):
        raise TextError("not the XML of MITK") from None
    return parsed


def properties(root: Element) -> dict[str, dict[str, str]]:
    """Return the attributes of every property's first child, by the property's key.

    Only direct children count, so that no property hides within another.

    Raises
    ------
    TextError
        If two properties have one key.
    """
    found: dict[str, dict[str, str]] = {}
    for item in root.findall("property"):
        key = item.get("key", "")
        if key in found:
            raise TextError("a property stands there twice")
        found[key] = dict(item[0].attrib) if len(item) else {}
    return found
