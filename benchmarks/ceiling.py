"""How near the CNNs come to their ceilings, by the number of training nodes.

Patches are drawn without the detour over DICOM (``phantom.slabs``). One cohort of ten
times the demonstration's size trains, or a share of its patients; five cohorts of the
demonstration's size test, so that the error of an AUC is some 0.005. Every training
sees as many batches as the whole does.

    python benchmarks/ceiling.py --percents 10 30 100
"""

import argparse
import dataclasses
import time
from typing import Any

import numpy as np
import pandas as pd
from studies import configuration, recipe

from nodal_staging.backend import use_device
from nodal_staging.clustered import clustered_auc, logit_interval
from nodal_staging.datasets import draw_location_balanced, draw_status_balanced
from nodal_staging.fitting import fit, predict
from nodal_staging.images import ImageOptions, ImageSource
from nodal_staging.learning_curve import VIEWS
from nodal_staging.phantom.ceilings import ceilings, location_tables
from nodal_staging.phantom.legibility import realistic_ceilings, render_nodes
from nodal_staging.phantom.simulation import Scanner
from nodal_staging.phantom.slabs import SlabCohort, draw_slabs
from nodal_staging.phantom.truth import dials_of, location_counts
from nodal_staging.seeds import stream

TEST_COHORTS = 5


def main() -> None:
    """Train, and print AUC with interval beside the ceiling."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=10, help="size of the cohort")
    parser.add_argument("--percents", type=int, nargs="+", default=[10, 100])
    parser.add_argument("--cnns", nargs="+", default=list(VIEWS), choices=VIEWS)
    parser.add_argument("--seed", type=int, default=11)
    given = parser.parse_args()
    config = configuration()
    use_device(gpu=False, intra_op_threads=config["training"]["intra_op_threads"])
    known = _ceilings(config)
    cohort = _draw(config, given.times, given.seed)
    test = _tests(config, given.seed)
    for cnn in given.cnns:
        for percent in given.percents:
            row = _train(config, cohort, test, cnn, percent, given.seed)
            row["ceiling"] = known[VIEWS[cnn]]["auc"]
            row["distance"] = row["ceiling"] - row["auc"]
            print(cnn, percent, "%", _line(row), flush=True)


def _draw(config: dict[str, Any], times: int, seed: int) -> SlabCohort:
    phantom = config["phantom"]
    parts = ("body", "ct", "pet", "segmentation")
    return draw_slabs(
        patients=times * phantom["patients"],
        nodes=times * phantom["nodes"],
        dials=dials_of(phantom),
        scanner=Scanner(**{part: phantom[part] for part in parts}),
        seed=seed,
    )


def _tests(config: dict[str, Any], seed: int) -> list[tuple[SlabCohort, pd.DataFrame]]:
    """Draw the test cohorts and balance the status of their nodes."""
    cohorts = [_draw(config, 1, seed + 1 + n) for n in range(TEST_COHORTS)]
    return [(one, draw_status_balanced(one.nodes, seed=seed)) for one in cohorts]


def _ceilings(config: dict[str, Any]) -> dict[str, Any]:
    """Return the realistic ceilings of the demonstration by view."""
    phantom, seed = config["phantom"], config["seed"]
    dials = dials_of(phantom)
    counts = location_counts(dials, phantom["nodes"])
    found = realistic_ceilings(
        ceilings(counts, dials, seed=seed),
        render_nodes(phantom["ct"], dials, seed=seed),
        location_tables(counts),
        dials,
        seed=seed,
    )
    return dict(found["status_balanced"])


def _train(
    config: dict[str, Any],
    cohort: SlabCohort,
    test: list[tuple[SlabCohort, pd.DataFrame]],
    cnn: str,
    percent: int,
    seed: int,
) -> dict[str, float]:
    """Train on a share of the patients and score the test cohorts."""
    how = recipe(config, cnn, seed)
    how = dataclasses.replace(how, epochs=round(how.epochs * 100 / percent))
    draw = draw_location_balanced if "location" in cnn else draw_status_balanced
    patients = np.unique(cohort.nodes["patient_id"])
    order = stream(seed, "benchmark", "share").permutation(patients)
    chosen = set(order[: round(len(order) * percent / 100)])
    pool = cohort.nodes[cohort.nodes["patient_id"].isin(chosen)]
    training = draw(pool, seed=seed)
    start = time.perf_counter()
    model, _ = fit(how, training, _source(cohort, training, how.image), name="all")
    seconds = time.perf_counter() - start
    tested = pd.concat([nodes for _, nodes in test])
    images = [_source(one, nodes, how.image).plain() for one, nodes in test]
    score = np.concatenate([predict(model, part) for part in images])
    positive = (tested["status"] == "positive").to_numpy()
    area = clustered_auc(score, positive, tested["patient_id"].to_numpy(str))
    lower, upper = logit_interval(area, level=0.95)
    found = {"nodes": len(training), "auc": area.estimate, "lower": lower}
    return found | {"upper": upper, "seconds": seconds}


def _source(
    cohort: SlabCohort, nodes: pd.DataFrame, image: ImageOptions
) -> ImageSource:
    rows = nodes.index.to_numpy()
    names = list(nodes["node_id"])
    return ImageSource(cohort.images[rows], cohort.masks[rows], names, image)


def _line(row: dict[str, float]) -> str:
    return (
        f"{row['nodes']:6.0f} nodes  AUC {row['auc']:.3f} "
        f"({row['lower']:.3f} to {row['upper']:.3f})  ceiling {row['ceiling']:.3f}  "
        f"distance {row['distance']:.3f}  {row['seconds']:.0f} s"
    )


if __name__ == "__main__":
    main()
