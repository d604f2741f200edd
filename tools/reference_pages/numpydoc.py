"""Docstrings of this package for the API reference.

The sections Returns and Yields of the package are plain sentences, since the type is in
the signature. The parser of the site expects a type there, so it is put before them.
"""

import re
from typing import Any

import griffe

SECTION = re.compile(
    r"^(?P<head>(?:Returns|Yields)\n-+\n)(?P<text>(?:.*\n?)*?)(?=\n\w[\w ]*\n-+\n|\Z)",
    re.MULTILINE,
)


class ProseReturns(griffe.Extension):
    """Give the sentences of Returns and Yields the type of the signature."""

    def on_function(self, *, func: griffe.Function, **kwargs: Any) -> None:
        """Rewrite the docstring of a function that has a type."""
        if func.docstring and func.returns is not None:
            func.docstring.value = with_type(
                func.docstring.value, _yielded(str(func.returns))
            )


def with_type(docstring: str, returned: str) -> str:
    """Put the type before the sentences of Returns or Yields.

    Parameters
    ----------
    docstring
        Without indentation.
    returned
        The type as it is written in the signature.
    """

    def typed(found: re.Match[str]) -> str:
        lines = found["text"].strip("\n").splitlines()
        if any(line.startswith(" ") for line in lines):
            return found[0]  # names or types with text below, as numpydoc has it
        prose = "".join(f"    {line}".rstrip() + "\n" for line in lines)
        return f"{found['head']}{returned}\n{prose}"

    return SECTION.sub(typed, docstring)


def _yielded(returned: str) -> str:
    inner = re.fullmatch(r"(?:Iterator|Iterable|Generator)\[(.+)\]", returned)
    return inner[1] if inner else returned
