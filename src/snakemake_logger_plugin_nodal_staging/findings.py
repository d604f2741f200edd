"""The one number that a finished job is known by, read from what it wrote."""

import csv
import json
from collections.abc import Callable, Sequence
from pathlib import Path

LARGEST = 5_000_000
"""Bytes; no number is read from a larger file."""
UNREADABLE = (OSError, ValueError, LookupError, TypeError, AttributeError)
"""Errors of a file that is absent, or of another kind than expected."""


def finding(rule: str, outputs: Sequence[str]) -> str:
    """Return the result of a job in a few words; empty if it has none.

    Parameters
    ----------
    rule
        Name of the rule.
    outputs
        Files that the job has written.
    """
    reader = READERS.get(rule)
    try:
        return reader(outputs) if reader else ""
    except (*UNREADABLE, StopIteration):
        return ""


def _held_out_area(outputs: Sequence[str]) -> str:
    last = {row["fold"]: row for row in _rows(_one(outputs, ".history.tsv"))}
    areas = (f"{float(row['held_out_auc']):.2f}" for row in last.values())
    return f"AUC {', '.join(areas)} held out"


def _training_loss(outputs: Sequence[str]) -> str:
    rows = _rows(_one(outputs, "history.tsv"))
    return f"loss {float(rows[-1]['loss']):.2f} after {len(rows)} epochs"


def _area(outputs: Sequence[str]) -> str:
    area = json.loads(_text(_one(outputs, ".json")))["auc"]
    return f"AUC {float(area['estimate']):.3f}"


def _counted(noun: str, ending: str = "") -> Callable[[Sequence[str]], str]:
    """Return a reader that counts the rows of a table."""

    def count(outputs: Sequence[str]) -> str:
        rows = len(_rows(_one(outputs, ending)))
        return f"{rows} {noun if rows == 1 else noun + 's'}"

    return count


READERS: dict[str, Callable[[Sequence[str]], str]] = {
    "train_folds": _held_out_area,
    "train_candidate": _held_out_area,
    "train_cnn": _training_loss,
    "train_permuted": _training_loss,
    "train_share": _training_loss,
    "compute_statistics": _area,
    "gather_nodes": _counted("node"),
    "gather_losses": _counted("lost node"),
    "check_uptake": _counted("node"),
    "flag_nodes": _counted("flag"),
}
"""By rule."""


def _one(outputs: Sequence[str], ending: str) -> str:
    return next(path for path in outputs if path.endswith(ending))


def _rows(path: str) -> list[dict[str, str]]:
    return list(csv.DictReader(_text(path).splitlines(), delimiter="\t"))


def _text(path: str) -> str:
    if Path(path).stat().st_size > LARGEST:
        raise ValueError(path)
    return Path(path).read_text(encoding="utf-8")
