"""Error rates of rules by which the audit could say that a location is used.

Observers of the phantom's latents weigh the location by its exact log-likelihood ratio,
times a weight. Rules: AUC less site-matched AUC larger than half the width of its
interval, as the audit had it; the paired interval of that difference above 0; of AUC
less that at an equal mix of locations; and the present rule. The first two also on the
balanced test set alone. Expected: about a minute for 100 cohorts of each kind.

    python benchmarks/audit_rules.py --cohorts 200
"""

import argparse
from collections.abc import Iterator
from contextlib import suppress
from itertools import count

import numpy as np
import pandas as pd
from synthetic_inputs import configuration

from nodal_staging import tables
from nodal_staging.audit.location import SiteMatched
from nodal_staging.audit.location_mix import Mix
from nodal_staging.audit.shortcut import LocationUse, reads_location
from nodal_staging.datasets.split import DatasetError, Split, split_test
from nodal_staging.datasets.test_patients import draw_all_test_nodes
from nodal_staging.estimates.patient_bootstrap import BootstrapOptions, PatientBootstrap
from nodal_staging.phantom.truth import LATENTS, dials_of, draw_nodes, location_shares

KINDS = {
    "full shortcut": (1.0, 1.0),
    "half": (1.0, 0.5),
    "quarter": (1.0, 0.25),
    "not used": (1.0, 0.0),
    "says nothing": (0.0, 0.0),
}
"""Location bias, and weight of the location in the score."""


def main() -> None:
    """Print the share of cohorts that each rule flags."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cohorts", type=int, default=100)
    parser.add_argument("--patients", type=int, default=240)
    parser.add_argument("--replicates", type=int, default=500)
    given = parser.parse_args()
    shares = {
        kind: pd.DataFrame(
            _flags(nodes, seed, how, given.replicates)
            for seed, nodes in _cohorts(how[0], given.patients, given.cohorts)
        ).mean()
        for kind, how in KINDS.items()
    }
    print(pd.DataFrame(shares).round(3).to_string())


def _cohorts(
    bias: float, patients: int, wanted: int
) -> Iterator[tuple[int, pd.DataFrame]]:
    """Yield seeds and cohorts; one that cannot be split is no study."""
    phantom = configuration()["phantom"]
    dials = dials_of(phantom | {"location_bias": bias})
    names = [f"P{number:04}" for number in range(patients)]
    size = round(phantom["nodes"] / phantom["patients"] * patients)
    for seed in count():
        nodes = draw_nodes(names, size, dials, seed=seed)
        with suppress(DatasetError):
            split_test(nodes, Split("patient", 0.15, seed))
            yield seed, nodes
            wanted -= 1
        if not wanted:
            return


def _flags(
    nodes: pd.DataFrame, seed: int, how: tuple[float, float], replicates: int
) -> dict[str, bool]:
    """Apply every rule to a cohort."""
    bias, weight = how
    dials = dials_of(configuration()["phantom"] | {"location_bias": bias})
    split = Split("patient", 0.15, seed)
    every = draw_all_test_nodes(nodes, split, folds=2)
    balanced = split_test(nodes, split)[0]
    negative, positive = location_shares(dials)
    ratio = dict(zip(tables.LOCATIONS, np.log(positive / negative), strict=True))
    score = nodes[LATENTS].to_numpy() @ dials.deltas()
    nodes["score"] = score + weight * nodes["location"].map(ratio)
    options = BootstrapOptions(replicates, 0.95, seed)
    found = {
        f"{rule}, {words}": flag
        for words, test in (("balanced set", balanced), ("all nodes", every))
        for rule, flag in _by_pairs(nodes.loc[test.index], options).items()
    }
    return found | {"present rule, all nodes": _present(nodes, every, options)}


def _drawn(
    test: pd.DataFrame, options: BootstrapOptions
) -> tuple[PatientBootstrap, SiteMatched]:
    """Return draws of the patients of test nodes, and their pairs."""
    positive = test["status"].eq("positive").to_numpy(bool)
    drawn = PatientBootstrap(positive, test["patient_id"].to_numpy(str), options)
    places, score = test["location"].to_numpy(str), test["score"].to_numpy(float)
    return drawn, SiteMatched(score, positive, places)


def _by_pairs(test: pd.DataFrame, options: BootstrapOptions) -> dict[str, bool]:
    """Apply the rules that compare AUCs over pairs."""
    drawn, pairs = _drawn(test, options)
    areas = pairs.areas(drawn.times[:, drawn.patient])
    lower, upper = np.nanquantile(areas.matched, [0.025, 0.975])
    paired = np.nanquantile(areas.plain - areas.matched, 0.025)
    mixed = np.nanquantile(areas.plain - areas.equal_mix, 0.025)
    return {
        "half-width": pairs.plain() - pairs.auc() > (upper - lower) / 2,
        "paired, same location": paired > 0,
        "paired, equal mix": mixed > 0,
    }


def _present(
    nodes: pd.DataFrame, every: pd.DataFrame, options: BootstrapOptions
) -> bool:
    """Apply the rule of the verdict."""
    test = nodes.loc[every.index]
    drawn, _ = _drawn(test, options)
    mix = Mix.of(nodes.drop(every.index), np.unique(nodes["location"].to_numpy(str)))
    use = LocationUse(drawn, test["location"].to_numpy(str), mix)
    score = test["score"].to_numpy(float)
    return bool(reads_location(use.concordance(score), use.location_auc()))


if __name__ == "__main__":
    main()
