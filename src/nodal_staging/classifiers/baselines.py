"""Simple classifiers that every study must beat, on the same nodes.

Three are cut-offs of the literature on one measurement; ``volume`` leaves its
threshold to the statistics; ``location`` depends on the location alone.

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
from nodal_staging.classifiers.all_test_nodes import AllTestNodes
from nodal_staging.classifiers.scores import score_table
from nodal_staging.datasets.split import held_out_folds
from nodal_staging.study.arrays import BoolArray, FloatArray


@dataclass(frozen=True, slots=True)
class CutOff:
    """A measurement that indicates a positive node at and above a value.

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
    all_test_nodes: AllTestNodes | None = None,
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
    all_test_nodes
        Where all nodes of the test patients are scored as well; None for nowhere.
    """
    measured = tables.read(nodes, tables.NODES).set_index("node_id")
    trained = tables.read(training, tables.DATASET)
    tested = tables.read(test, tables.DATASET)

    def scored(dataset: pd.DataFrame) -> FloatArray:
        if baseline == "location":
            return shares_of_positives(trained, dataset)
        return measured_scores(baseline, measured.loc[dataset["node_id"]])[0]

    if baseline == "location":
        frame = _score_location(trained, tested)
    else:
        frame = _score_measurement(baseline, measured, trained, tested)
    tables.write(frame, scores, tables.SCORES)
    if all_test_nodes is not None:
        all_test_nodes.write(frame, scored)


def _score_measurement(
    baseline: str, measured: pd.DataFrame, trained: pd.DataFrame, tested: pd.DataFrame
) -> pd.DataFrame:
    """Score by one measurement; nothing is fitted."""
    parts = []
    for dataset, partition in ((tested, "test"), (trained, "out_of_fold")):
        score, positive = measured_scores(baseline, measured.loc[dataset["node_id"]])
        parts.append(score_table(dataset, score, partition, positive=positive))
    return pd.concat(parts)


def measured_scores(
    baseline: str, rows: pd.DataFrame
) -> tuple[FloatArray, BoolArray | None]:
    """Score nodes by one measurement.

    Parameters
    ----------
    baseline
        A name of ``CUT_OFFS``, or ``volume``.
    rows
        n rows of ``tables.NODES``.

    Returns
    -------
    Scores ``(n,)``, and decisions ``(n,)`` by the cut-off; None for ``volume``, whose
    threshold the statistics choose.
    """
    if baseline == "volume":
        volume = rows["volume_mm3"].to_numpy(float)
        return volume / (volume + 1000), None
    cut_off = CUT_OFFS[baseline]
    values = rows[cut_off.measurement].to_numpy(float)
    positive = values > cut_off.value if cut_off.above else values >= cut_off.value
    return 1 / (1 + np.exp((cut_off.value - values) / cut_off.scale)), positive


def _score_location(trained: pd.DataFrame, tested: pd.DataFrame) -> pd.DataFrame:
    """Score by the share of positive nodes at the location among training nodes."""
    parts = [score_table(tested, shares_of_positives(trained, tested), "test")]
    for kept, held_out in held_out_folds(trained):
        share = shares_of_positives(kept, held_out)
        parts.append(score_table(held_out, share, "out_of_fold"))
    return pd.concat(parts)


def shares_of_positives(known: pd.DataFrame, nodes: pd.DataFrame) -> FloatArray:
    """Return the share of positives at the location of each node ``(n,)``.

    It is (positives + 1) / (nodes + 2) among the known nodes (``tables.DATASET``).
    """
    positive = known["status"].eq("positive")
    counts = positive.groupby(known["location"]).agg(["sum", "count"])
    counts = counts.reindex(tables.LOCATIONS, fill_value=0)
    share = (counts["sum"] + 1) / (counts["count"] + 2)
    shares: FloatArray = share.loc[nodes["location"]].to_numpy(float)
    return shares
