"""How the CNNs were trained, in numbers."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from nodal_staging import tables
from nodal_staging.report.artefacts import Artefacts
from nodal_staging.report.shared_columns import CNN
from nodal_staging.tables.grid import lay_out
from nodal_staging.tables.grid_columns import counts, decimals
from nodal_staging.tables.parts import Heading, Part
from nodal_staging.tables.rounding import MISSING, number


def training(study: Artefacts) -> list[Part]:
    """Return the parts of the section."""
    rows = [_course(cnn, paths) for cnn, paths in study.trainings.items()]
    return [
        Heading("Training of the CNNs", "trainings"),
        lay_out(
            "training",
            "Training on all nodes of the set, and its folds on the nodes that each "
            "held out: cross-entropy and AUC after the last epoch, mean of the folds "
            "[lowest to highest].",
            [
                CNN,
                counts("Epochs", "epochs"),
                decimals("Loss, first epoch", "first_loss"),
                decimals("Loss, last epoch", "last_loss"),
                counts("Folds", "folds"),
                ("Cross-entropy, held out", lambda row: _spread(row["held_out_loss"])),
                ("AUC, held out", lambda row: _spread(row["held_out_auc"])),
            ],
            [rows],
        ),
    ]


def _course(cnn: str, paths: Sequence[str | Path]) -> dict[str, Any]:
    """Sum up the training on all nodes, and the last epochs of its folds."""
    whole = tables.read(paths[0], tables.HISTORY)
    folds = pd.concat(tables.read(path, tables.FOLD_HISTORY) for path in paths[1:])
    last = folds.dropna(subset=["held_out_loss"]).groupby("fold").tail(1)
    return {
        "cnn": cnn,
        "epochs": int(whole["epoch"].iloc[-1]),
        "first_loss": float(whole["loss"].iloc[0]),
        "last_loss": float(whole["loss"].iloc[-1]),
        "folds": folds["fold"].nunique(),
        "held_out_loss": last["held_out_loss"],
        "held_out_auc": last["held_out_auc"],
    }


def _spread(values: "pd.Series[float]") -> str:
    if values.empty:
        return MISSING
    mean, low, high = (number(v) for v in (values.mean(), values.min(), values.max()))
    return f"{mean} [{low} to {high}]"
