"""The file of single seeds, from which the tables of docs/training.md are made."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from nodal_staging.classifiers.cnn.learning_curve import VIEWS
from nodal_staging.study.files import replacing

TRAINING = ["times", "epochs", "tests", "cnn", "seed"]
"""Columns that name a training and the cohorts it was tested on."""
COLUMNS = ["seed", "cnn", "nodes", "auc", "lower", "upper", "ceiling", "distance"]
COLUMNS += ["epochs", "times", "tests", "seconds"]
MEASURED = ["auc", "lower", "upper", "ceiling", "distance"]


def enter(row: dict[str, Any], path: Path) -> None:
    """Write a row into a table, in place of an earlier row of the same training.

    Parameters
    ----------
    row
        Values of ``COLUMNS``. ``seconds`` is CPU time of training and testing, None
        for a training that was resumed.
    path
        Table with tabs; made if there is none.
    """
    new = pd.DataFrame([row], columns=COLUMNS)
    seconds = new["seconds"].astype(float)
    new["seconds"] = seconds.map("{:.0f}".format, na_action="ignore")
    new[MEASURED] = new[MEASURED].map("{:.5f}".format)
    frame = new.astype(str).where(new.notna(), "")
    with _alone_in(path.parent):
        if path.exists():
            earlier = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)
            frame = pd.concat([earlier, frame], ignore_index=True)
        frame = frame.drop_duplicates(TRAINING, keep="last")
        frame = frame.sort_values(TRAINING, key=lambda column: column.map(_place))
        with replacing(path) as part:
            frame.to_csv(part, sep="\t", index=False)


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Wait until no other process enters a row into a table of a folder."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _place(cell: str) -> int:
    """Return the place of a CNN or the number of anything else."""
    return list(VIEWS).index(cell) if cell in VIEWS else int(cell)
