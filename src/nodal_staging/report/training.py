"""How the CNNs were trained, in numbers."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from nodal_staging import tables
from nodal_staging.report.artefacts import Artefacts
from nodal_staging.report.parts import Heading, Part, count, number
from nodal_staging.study.classifier_names import printed
from nodal_staging.tables.grid import Grid, Row
from nodal_staging.tables.rounding import MISSING


def training(study: Artefacts) -> list[Part]:
    """Return the parts of the section."""
    rows = tuple(_row(cnn, paths) for cnn, paths in study.trainings.items())
    return [
        Heading("training", "Training of the CNNs"),
        Grid(
            "training",
            "Training on all nodes of the set, and its folds on the nodes that each "
            "held out: cross-entropy and AUC after the last epoch, mean of the folds "
            "[lowest to highest].",
            (
                "CNN",
                "Epochs",
                "Loss, first epoch",
                "Loss, last epoch",
                "Folds",
                "Cross-entropy, held out",
                "AUC, held out",
            ),
            (rows,),
        ),
    ]


def _row(cnn: str, paths: Sequence[str | Path]) -> Row:
    whole, *folds = (tables.read(path, tables.HISTORY) for path in paths)
    last = pd.concat([f.dropna(subset=["held_out_loss"]).tail(1) for f in folds])
    return (
        printed(f"cnn_{cnn}"),
        count(int(whole["epoch"].iloc[-1])),
        number(float(whole["loss"].iloc[0])),
        number(float(whole["loss"].iloc[-1])),
        count(len(folds)),
        _spread(last["held_out_loss"]),
        _spread(last["held_out_auc"]),
    )


def _spread(values: "pd.Series[float]") -> str:
    if values.empty:
        return MISSING
    mean, low, high = (number(v) for v in (values.mean(), values.min(), values.max()))
    return f"{mean} [{low} to {high}]"
