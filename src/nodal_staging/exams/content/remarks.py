"""Remarks on the content of an exam, and limits that end in a refusal."""

from dataclasses import dataclass

from nodal_staging.study.errors import InputError


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that deserves a second look: a code, and a sentence without a stop."""

    code: str
    words: str


class ContentError(InputError):
    """The values of a file cannot be what they are taken for."""


def beyond(found: float, bounds: tuple[float, float] | None) -> bool:
    """Tell whether a value lies outside of bounds, where there are any."""
    return bounds is not None and not bounds[0] <= found <= bounds[1]


def key(part: str, name: str) -> str:
    """Name the key of the configuration that sets a limit."""
    return f"cohort.content.{part}.{name}"
