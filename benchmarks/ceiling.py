"""How near the CNNs come to their ceilings, with the demonstration's nodes and more.

Each seed is a study: a cohort of the demonstration's size or several of them, split
and balanced as the demonstration is, and three trainings as the configuration has
them, with first weights, order and augmentation of that seed. Patches are drawn
without the detour over DICOM (``slabs``). All are tested on the same cohorts
of the demonstration's size that no training has seen; two keep the error of an AUC
below 0.01, five at about 0.005. ``--epochs`` trains for another number of epochs: ten
times the nodes take as many steps in five epochs as the demonstration in fifty.

    python benchmarks/ceiling.py --times 1 --seeds 11 12 13 14 15
    python benchmarks/ceiling.py --times 10 --seeds 11 --epochs 8

``--room`` keeps cohorts and the state of trainings, so that a run that was ended goes
on where it was, and the larger cohort takes what the smaller ones drew. ``--table``
adds a row for each training to a file as soon as it has been tested; a row of the same
training is replaced. The tables of docs/training.md are made from
docs/evidence/ceiling_seeds.tsv:

    python benchmarks/ceiling.py --tests 2 --table docs/evidence/ceiling_seeds.tsv
    make tables
"""

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from drawn_cohorts import drawn_cohort, drawn_test_set, source_of, training_set
from seed_rows import enter
from slabs import SlabCohort
from synthetic_inputs import configuration, recipe

from nodal_staging.classifiers.cnn.backend import use_device
from nodal_staging.classifiers.cnn.fitting import Trainer, predict
from nodal_staging.classifiers.cnn.learning_curve import VIEWS
from nodal_staging.estimates.auc_intervals import logit_interval
from nodal_staging.estimates.delong import clustered_auc
from nodal_staging.phantom.ceilings import ceilings, location_tables
from nodal_staging.phantom.legibility import realistic_ceilings, render_nodes
from nodal_staging.phantom.truth import dials_of, location_counts

FIRST_TEST_SEED = 900


def main() -> None:
    """Train and test; print AUC and ceiling, and the means over seeds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=1, help="size of the cohort")
    parser.add_argument("--seeds", type=int, nargs="+", default=[11, 12, 13, 14, 15])
    parser.add_argument("--cnns", nargs="+", default=list(VIEWS), choices=VIEWS)
    parser.add_argument("--tests", type=int, default=5, help="cohorts to test on")
    parser.add_argument("--epochs", type=int, default=None)
    parser.add_argument("--room", type=Path, default=None)
    parser.add_argument("--table", type=Path, default=None, help="file of rows")
    given = parser.parse_args()
    config = configuration()
    config["training"]["epochs"] = given.epochs or config["training"]["epochs"]
    with tempfile.TemporaryDirectory() as empty:
        room = given.room or Path(empty)
        frame = pd.DataFrame(_rows(given, config, room))
    means = frame.groupby("cnn", sort=False).agg(
        nodes=("nodes", "mean"),
        seeds=("auc", "size"),
        auc=("auc", "mean"),
        sd=("auc", "std"),
        ceiling=("ceiling", "first"),
        distance=("distance", "mean"),
    )
    print(means.round(4).to_string())


def _rows(
    given: argparse.Namespace, config: dict[str, Any], room: Path
) -> list[dict[str, Any]]:
    """Train every CNN with every seed."""
    use_device(gpu=False, intra_op_threads=config["training"]["intra_op_threads"])
    known = _ceilings(config)
    seeds = range(FIRST_TEST_SEED, FIRST_TEST_SEED + given.tests)
    tests = [drawn_test_set(config, seed, room) for seed in seeds]
    rows = []
    for seed in given.seeds:
        cohort = drawn_cohort(config, given.times, seed, room)
        for cnn in given.cnns:
            epochs = config["training"]["epochs"]
            state = room / f"{given.times}_{seed}_{cnn}_{epochs}.h5"
            resumed, start = state.exists(), time.process_time()
            row = _train(config, cohort, tests, cnn, seed, state)
            row["seconds"] = None if resumed else time.process_time() - start
            row |= {"seed": seed, "times": given.times, "epochs": epochs}
            row |= {"tests": given.tests, "ceiling": known[VIEWS[cnn]]["auc"]}
            row["distance"] = row["ceiling"] - row["auc"]
            print(f"seed {seed} {_line(row)}", flush=True)
            if given.table:
                enter(row, given.table)
            rows.append(row)
    return rows


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
    tests: list[tuple[SlabCohort, pd.DataFrame]],
    cnn: str,
    seed: int,
    state: Path,
) -> dict[str, Any]:
    """Train on the study's training set and score the test cohorts."""
    training, how = training_set(config, cohort, cnn, seed), recipe(config, cnn, seed)
    trainer = Trainer(how)
    source = source_of(cohort, training, how.image)
    trainer.fit(training, source, name="all", checkpoint=state)
    tested = pd.concat([nodes for _, nodes in tests])
    images = [source_of(one, nodes, how.image).plain() for one, nodes in tests]
    score = np.concatenate([predict(trainer.model, part) for part in images])
    positive = (tested["status"] == "positive").to_numpy()
    area = clustered_auc(score, positive, tested["patient_id"].to_numpy(str))
    lower, upper = logit_interval(area, level=0.95)
    found = {"cnn": cnn, "nodes": len(training), "auc": area.estimate}
    return found | {"lower": lower, "upper": upper}


def _line(row: dict[str, Any]) -> str:
    return (
        f"{row['cnn']:18} {row['nodes']:6d} nodes  AUC {row['auc']:.3f} "
        f"({row['lower']:.3f} to {row['upper']:.3f})  ceiling {row['ceiling']:.3f}  "
        f"distance {row['distance']:.3f}"
    )


if __name__ == "__main__":
    main()
