"""JSON of untrusted files: no double keys, no endless nesting or numbers."""

import json
import re
from typing import Any, NoReturn
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException, ElementTree

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


MOST_TAGS = 200_000
DECLARATION = re.compile(r"\s*<\?xml[^>]{0,200}\?>")


class XmlError(ValueError):
    """Text that is not the XML of MITK; the message names no content."""


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
    XmlError
        If it is not well formed, holds a document type or an entity, or more tags
        than a scene needs: each takes a hundred times its length in memory.
    """
    if text.count("<") > MOST_TAGS:
        raise XmlError(f"more than {MOST_TAGS} tags")
    body = DECLARATION.sub("", text.removeprefix("\ufeff"), count=1)
    try:
        parsed: Element = ElementTree.fromstring(
            f"<roots>{body}</roots>", forbid_dtd=True
        )
    except (ParseError, DefusedXmlException, ValueError, RecursionError):
        raise XmlError("not the XML of MITK") from None
    return parsed


def properties(root: Element) -> dict[str, dict[str, str]]:
    """Return the attributes of every property's first child, by the property's key.

    Only direct children count, so that no property hides within another.

    Raises
    ------
    XmlError
        If two properties have one key.
    """
    found: dict[str, dict[str, str]] = {}
    for item in root.findall("property"):
        key = item.get("key", "")
        if key in found:
            raise XmlError("a property stands there twice")
        found[key] = dict(item[0].attrib) if len(item) else {}
    return found
