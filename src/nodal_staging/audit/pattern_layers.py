"""How well the patterns of every layer are determined, as their files say."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import h5py
import pandas as pd

from nodal_staging import tables
from nodal_staging.tables.columns import count, number, optional_number, table, text

PATTERN_LAYERS = table(
    {
        "cnn": text(),
        "layer": text(),
        "units": count(),
        "active": number(0, 1),
        "undefined": count(),
        "negative": count(),
        "smallest_denominator": optional_number(0),
        "amplification_median": optional_number(0),
        "amplification_largest": optional_number(0),
    },
    unique=["cnn", "layer"],
)
"""A row per layer in the order of computation, as ``attribution.patterns.LayerReport``:
``active`` is the share of rows at which the ReLU is open; ``undefined`` units have no
pattern, ``negative`` ones a negative denominator ``w k``; ``smallest_denominator`` is
the least ``|w k|`` as a part of ``sum |w_d k_d|``, and ``amplification_*`` of the units
are ``sum |w_d a_d|``, all empty where no unit has a pattern."""


def tabulate_patterns(
    *, patterns: Mapping[str, str | Path], output: str | Path
) -> None:
    """Write what the files of patterns report of their layers.

    Parameters
    ----------
    patterns
        CNN to what ``attribution.patterns.Patterns.save`` wrote.
    output
        ``PATTERN_LAYERS``.
    """
    rows = [
        {"cnn": cnn} | report
        for cnn, path in patterns.items()
        for report in _reports(path)
    ]
    tables.write(pd.DataFrame(rows), output, PATTERN_LAYERS)


def _reports(path: str | Path) -> Iterator[dict[str, Any]]:
    """Yield the report of each layer; Keras, which patterns need, is not loaded."""
    with h5py.File(path) as file:
        for name in file.attrs["layers"]:
            yield dict(file[f"active/{name}"].attrs)
