"""How often intervals of other mixes of locations cover the truth.

Cohorts of the phantom's latents are split as the study is; observers weigh the location
by its log-likelihood ratio, times a weight. AUC, sensitivity and specificity of such a
score at any mix of locations are known in closed form. Mixes with fewer than 20
effective nodes have no interval and do not count.

    python benchmarks/mix_coverage.py --cohorts 400

prints the table of docs/mixes.md; about 5 minutes.
"""

import argparse
from collections.abc import Iterator
from itertools import count

import numpy as np
import pandas as pd
from scipy.special import ndtr
from synthetic_inputs import configuration

from nodal_staging import tables
from nodal_staging.audit.mixes.reweighting import OK, Reweighting
from nodal_staging.audit.mixes.target_mixes import (
    AS_TESTED,
    CoveredMix,
    TargetMix,
    target_mixes,
)
from nodal_staging.classifiers.called_nodes import CalledNodes
from nodal_staging.classifiers.labelled_scores import LabelledScores
from nodal_staging.datasets.split import DatasetError, Split, split_test
from nodal_staging.estimates.patient_bootstrap import BootstrapOptions
from nodal_staging.phantom.truth import LATENTS, dials_of, draw_nodes, location_shares
from nodal_staging.study.arrays import FloatArray

MEASURES = ("auc", "difference", "sensitivity", "specificity")

HOSPITAL = {
    "inguinal": [5, 60],
    "iliac": [40, 25],
    "retroperitoneal": [30, 10],
}
"""The mix of docs/mixes.md, positive nodes first."""


def main() -> None:
    """Print coverage and mean width by mix, measure and weight of the location."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cohorts", type=int, default=400)
    parser.add_argument("--patients", type=int, default=240)
    parser.add_argument("--replicates", type=int, default=400)
    parser.add_argument("--weights", type=float, nargs="+", default=[0, 0.5, 1])
    given = parser.parse_args()
    rows = [
        {"weight": weight} | row
        for weight in given.weights
        for row in _covered(weight, given.patients, given.cohorts, given.replicates)
    ]
    by = ["mix", "measure", "weight"]
    found = pd.DataFrame(rows).groupby(by)["covers"].agg(["mean", "size"])
    print(found.unstack("weight").round(3).to_string())
    every = pd.DataFrame(rows).groupby("measure")[["covers", "above", "below"]].mean()
    print(every.round(3).to_string())


def _covered(
    weight: float, patients: int, wanted: int, replicates: int
) -> Iterator[dict[str, object]]:
    """Yield whether each interval of each cohort holds the truth."""
    phantom = configuration()["phantom"]
    dials = dials_of(phantom)
    names = [f"P{number:04}" for number in range(patients)]
    size = round(phantom["nodes"] / phantom["patients"] * patients)
    negative, positive = location_shares(dials)
    ratio = pd.Series(np.log(positive / negative), index=tables.LOCATIONS)
    for seed in count():
        nodes = draw_nodes(names, size, dials, seed=seed)
        try:
            test, _ = split_test(nodes, Split("patient", 0.15, seed))
        except DatasetError:
            continue
        shift = float(np.linalg.norm(dials.deltas()))
        evidence = nodes[LATENTS].to_numpy() @ dials.deltas() - shift**2 / 2
        nodes["score"] = evidence + weight * nodes["location"].map(ratio)
        options = BootstrapOptions(replicates, 0.95, seed)
        yield from _judged(nodes, nodes.loc[test.index], weight * ratio, shift, options)
        wanted -= 1
        if not wanted:
            return


def _judged(
    nodes: pd.DataFrame,
    test: pd.DataFrame,
    ratio: pd.Series,
    shift: float,
    options: BootstrapOptions,
) -> Iterator[dict[str, object]]:
    """Compare the intervals of a cohort with the truth."""
    score = test["score"].to_numpy(float)
    positive = test["status"].eq("positive").to_numpy(bool)
    ids = (test[name].to_numpy(str) for name in ("node_id", "patient_id"))
    tested = LabelledScores(*ids, positive, score, None)
    bench = Reweighting(CalledNodes("observer", tested, score >= 0), nodes, options)
    at = test["location"].to_numpy(str)[:, None] == bench.locations
    counts = np.array([at[own].sum(axis=0) for own in (~positive, positive)], float)
    mixes = target_mixes(nodes, bench.locations, {"their_hospital": HOSPITAL})
    offset = ratio[bench.locations].to_numpy(float)
    own = _truth(TargetMix(AS_TESTED), counts, offset, shift)
    for mix, row in zip(mixes, bench.rows(mixes), strict=True):
        if row["note"] != OK:
            continue
        truth = _truth(mix, counts, offset, shift)
        truth["difference"] = truth["auc"] - own["auc"]
        for name in MEASURES:
            if name == "difference" and mix.name == AS_TESTED:
                continue
            low, high = (float(str(row[f"{name}_{end}"])) for end in ("lower", "upper"))
            yield {
                "mix": mix.name,
                "measure": name,
                "covers": low <= truth[name] <= high,
                "above": truth[name] > high,
                "below": truth[name] < low,
            }


def _truth(
    mix: TargetMix, counts: FloatArray, offset: FloatArray, shift: float
) -> dict[str, float]:
    """Return AUC, sensitivity and specificity at a mix, in closed form.

    Scores are normal: variance ``shift**2``, mean half of it above or below an offset.
    """
    negative, positive = CoveredMix.of(mix, counts).shares
    apart = offset[:, None] - offset[None, :]
    wins = ndtr((shift**2 + apart) / (np.sqrt(2) * shift))
    return {
        "auc": float(positive @ wins @ negative),
        "sensitivity": float(positive @ ndtr((shift**2 / 2 + offset) / shift)),
        "specificity": float(negative @ ndtr((shift**2 / 2 - offset) / shift)),
    }


if __name__ == "__main__":
    main()
