"""Simple classifiers that every study must beat, on the same nodes.

Three are cut-offs of the literature on one measurement; ``volume`` leaves its
threshold to the statistics; ``location`` knows nothing but the address.

References
----------
Attenuation above 27 HU: Walter-Rittel et al., Curr Oncol 2026;33(3):146.
Short axis of 8 and 10 mm: Peeken et al., EJNMMI 2020;47:2968, and RECIST 1.1.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from nodal_staging import tables
from nodal_staging.classifiers.scores import score_table
from nodal_staging.datasets.split import held_out_folds
from nodal_staging.study.arrays import FloatArray


@dataclass(frozen=True, slots=True)
class CutOff:
    """A measurement that speaks for a positive node at and above a value.

    ``above`` excludes the value itself; ``scale`` is the width of the logistic curve
    that turns the measurement to a score, 0.5 at the cut-off; it changes no
    statistic but calibration.
    """

    measurement: str
    value: float
    scale: float
    above: bool = False


CUT_OFFS = {
    "attenuation_27hu": CutOff("median_hu", 27, 15, above=True),
    "short_axis_8mm": CutOff("short_axis_mm", 8, 2),
    "short_axis_10mm": CutOff("short_axis_mm", 10, 2),
}


def score_baseline(
    *,
    baseline: str,
    nodes: str | Path,
    training: str | Path,
    test: str | Path,
    scores: str | Path,
) -> None:
    """Score the test set and the training set out of fold (``tables.SCORES``).

    Parameters
    ----------
    baseline
        A name of ``CUT_OFFS``, ``volume`` or ``location``.
    nodes, training, test
        ``tables.NODES`` and two ``tables.DATASET``.
    scores
        Output.
    """
    measured = tables.read(nodes, tables.NODES).set_index("node_id")
    trained = tables.read(training, tables.DATASET)
    tested = tables.read(test, tables.DATASET)
    if baseline == "location":
        frame = _score_location(trained, tested)
    else:
        frame = _score_measurement(baseline, measured, trained, tested)
    tables.write(frame, scores, tables.SCORES)


def _score_measurement(
    baseline: str, measured: pd.DataFrame, trained: pd.DataFrame, tested: pd.DataFrame
) -> pd.DataFrame:
    """Score by one measurement; nothing is fitted."""
    parts = []
    for dataset, partition in ((tested, "test"), (trained, "out_of_fold")):
        rows = measured.loc[dataset["node_id"]]
        if baseline == "volume":
            volume = rows["volume_mm3"].to_numpy(float)
            parts.append(score_table(dataset, volume / (volume + 1000), partition))
            continue
        cut_off = CUT_OFFS[baseline]
        values = rows[cut_off.measurement].to_numpy(float)
        positive = values > cut_off.value if cut_off.above else values >= cut_off.value
        score = 1 / (1 + np.exp((cut_off.value - values) / cut_off.scale))
        parts.append(score_table(dataset, score, partition, positive=positive))
    return pd.concat(parts)


def _score_location(trained: pd.DataFrame, tested: pd.DataFrame) -> pd.DataFrame:
    """Score by the share of positive nodes at the location among training nodes."""
    parts = [score_table(tested, _shares(trained, tested), "test")]
    for kept, held_out in held_out_folds(trained):
        share = _shares(kept, held_out)
        parts.append(score_table(held_out, share, "out_of_fold"))
    return pd.concat(parts)


def _shares(known: pd.DataFrame, asked: pd.DataFrame) -> FloatArray:
    """Return (positives + 1) / (nodes + 2) at the location of each asked node."""
    positive = known["status"].eq("positive")
    counts = positive.groupby(known["location"]).agg(["sum", "count"])
    counts = counts.reindex(tables.LOCATIONS, fill_value=0)
    share = (counts["sum"] + 1) / (counts["count"] + 2)
    shares: FloatArray = share.loc[asked["location"]].to_numpy(float)
    return shares
