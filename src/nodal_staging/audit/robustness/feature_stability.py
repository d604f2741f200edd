"""Which radiomics features stay what they are when outline or noise change.

Nodes of a training set are measured once more after their outlines have been drawn as
another reader might draw them, and after noise was added. No status is read, so what a
model may use can be decided by this table.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from nodal_staging import tables
from nodal_staging.audit.robustness.perturbations import Step
from nodal_staging.audit.robustness.perturbed_nodes import How, OriginalNodes
from nodal_staging.audit.robustness.robustness_tables import IDENTITY
from nodal_staging.estimates.intraclass_correlation import absolute_agreement
from nodal_staging.nodes.radiomics.node_features import FEATURES
from nodal_staging.study.arrays import FloatArray
from nodal_staging.study.seeds import stream
from nodal_staging.tables.columns import count, estimated, one_of, table

JITTER_PERCENT, NOISE_HU = 10.0, 10.0
"""Mean change of the volume, and standard deviation of the noise."""

STABLE_ICC = 0.75
"""Least agreement of a feature that is called stable."""

MOST_NODES = 200
"""A random part of more nodes tells as much."""

FEWEST_NODES = 3

FEATURE_STABILITY = table(
    {
        "feature": one_of(FEATURES, unique=True),
        "nodes": count(),
        **estimated("icc_jitter", ends="jitter"),
        **estimated("icc_noise", ends="noise"),
        "stable": one_of(["yes", "no"]),
    },
)
"""Agreement, ICC(2,1), of each feature before and after a smooth random change of the
outline (volume 10 % on average) and after noise of 10 HU, each with its interval; empty
where a feature is the same for all nodes, or too few nodes have it. ``stable``: both
are at least 0.75."""


@dataclass(frozen=True, slots=True)
class StabilityOptions:
    """Where patches are centred, the level of the intervals, the seed of the study."""

    centre: str
    level: float
    seed: int


def measure_feature_stability(
    *,
    patches: Iterable[str | Path],
    nodes: str | Path,
    training: str | Path,
    options: StabilityOptions,
    output: str | Path,
) -> None:
    """Measure the features of training nodes before and after two perturbations.

    Parameters
    ----------
    patches
        Patch files of all shards.
    nodes, training
        ``tables.NODES`` and ``tables.DATASET``.
    options
        Of patches, intervals and draws.
    output
        ``FEATURE_STABILITY``.
    """
    names = sorted(tables.read(training, tables.DATASET)["node_id"])
    rng = stream(options.seed, "robustness", "features")
    chosen = sorted(rng.permutation(names)[:MOST_NODES])
    measured = tables.read(nodes, tables.NODES).set_index("node_id")
    how = How(options.seed, options.centre, [JITTER_PERCENT])
    original = OriginalNodes.read(patches, chosen, measured, how)
    frame = feature_stability(original, level=options.level)
    tables.write(frame, output, FEATURE_STABILITY)


def feature_stability(original: OriginalNodes, *, level: float) -> pd.DataFrame:
    """Return ``FEATURE_STABILITY`` of nodes, whose ``How`` has the jitter.

    Parameters
    ----------
    original
        The nodes as they are.
    level
        Confidence level.
    """
    before, moved, noisy = (
        original.after(step).radiomics[list(FEATURES)].to_numpy(float)
        for step in (
            Step(IDENTITY, 0),
            Step("jitter", JITTER_PERCENT),
            Step("noise", NOISE_HU),
        )
    )
    rows: list[dict[str, object]] = []
    for place, feature in enumerate(FEATURES):
        measured = [values[:, place] for values in (before, moved, noisy)]
        known = np.array(measured).T
        known = known[~np.isnan(known).any(axis=1)]
        row: dict[str, object] = {"feature": feature, "nodes": len(known)}
        found = []
        for other, name in enumerate(("jitter", "noise"), start=1):
            agreement = _agreement(known[:, [0, other]], level)
            names = (f"icc_{name}", f"{name}_lower", f"{name}_upper")
            row |= dict(zip(names, agreement, strict=True))
            found.append(agreement[0])
        rows.append(row | {"stable": "yes" if min(found) >= STABLE_ICC else "no"})
    return pd.DataFrame(rows, columns=list(FEATURE_STABILITY.columns))


def _agreement(pair: FloatArray, level: float) -> tuple[float, float, float]:
    """Return ICC(2,1) of two measurements ``(n, 2)`` with its interval, NaN if none."""
    if len(pair) < FEWEST_NODES:
        return float("nan"), float("nan"), float("nan")
    return absolute_agreement(pair, level=level)
