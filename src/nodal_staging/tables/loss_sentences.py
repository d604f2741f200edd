"""Rows of ``tables.LOSSES`` in words."""

from collections.abc import Mapping
from typing import Any

UNKNOWN_FIX = "-"


def sentence(loss: Mapping[Any, Any]) -> str:
    """Return what was lost and the fix, in one sentence."""
    fix = "" if loss["fix"] == UNKNOWN_FIX else f"; {loss['fix']}"
    return f"{loss['problem']}{fix}"


def parted(message: str) -> tuple[str, str]:
    """Split the message of an error into problem and fix (``-`` without one)."""
    problem, semicolon, fix = message.rpartition("; ")
    return (problem, fix) if semicolon else (fix, UNKNOWN_FIX)
