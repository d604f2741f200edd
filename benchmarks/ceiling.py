"""How near the CNNs come to their ceilings, with the demonstration's nodes and more.

Each seed is a study: a cohort of the demonstration's size or several of them, split
and balanced as the demonstration is, and three trainings as the configuration has
them, with first weights, order and augmentation of that seed. Patches are drawn
without the detour over DICOM (``slabs``). All are tested on the same cohorts
of the demonstration's size that no training has seen; two keep the error of an AUC
below 0.01, five at some 0.005. ``--epochs`` trains for another number of epochs: ten
times the nodes take as many steps in five epochs as the demonstration in fifty.

    python benchmarks/ceiling.py --times 1 --seeds 11 12 13 14 15
    python benchmarks/ceiling.py --times 10 --seeds 11 --epochs 8

``--room`` keeps cohorts and the state of trainings, so that a run that was ended goes
on where it was, and the larger cohort takes what the smaller ones drew.
"""

import argparse
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from slabs import SlabCohort, draw_slabs
from studies import configuration, recipe

from nodal_staging.classifiers.cnn.backend import use_device
from nodal_staging.classifiers.cnn.fitting import fit, predict
from nodal_staging.classifiers.cnn.inputs import ImageOptions, ImageSource
from nodal_staging.classifiers.cnn.learning_curve import VIEWS
from nodal_staging.datasets.split import (
    Split,
    draw_location_balanced,
    draw_status_balanced,
    split_test,
)
from nodal_staging.estimates.auc import clustered_auc, logit_interval
from nodal_staging.phantom.ceilings import ceilings, location_tables
from nodal_staging.phantom.legibility import realistic_ceilings, render_nodes
from nodal_staging.phantom.scanner import Scanner
from nodal_staging.phantom.truth import dials_of, location_counts
from nodal_staging.study.files import replacing_folder

FIRST_TEST_SEED = 900
WORDS = ["node_id", "patient_id", "location", "status"]


def main() -> None:
    """Train and test; print AUC beside the ceiling, and the means over seeds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=1, help="size of the cohort")
    parser.add_argument("--seeds", type=int, nargs="+", default=[11, 12, 13, 14, 15])
    parser.add_argument("--cnns", nargs="+", default=list(VIEWS), choices=VIEWS)
    parser.add_argument("--tests", type=int, default=5, help="cohorts to test on")
    parser.add_argument("--epochs", type=int, default=None)
    parser.add_argument("--room", type=Path, default=None)
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
    cohorts = [_part(config, seed, room) for seed in seeds]
    tests = [(one, draw_status_balanced(one.nodes, seed=0)) for one in cohorts]
    rows = []
    for seed in given.seeds:
        cohort = _cohort(config, given.times, seed, room)
        for cnn in given.cnns:
            epochs = config["training"]["epochs"]
            state = room / f"{given.times}_{seed}_{cnn}_{epochs}.h5"
            row = _train(config, cohort, tests, cnn, seed, state)
            row["ceiling"] = known[VIEWS[cnn]]["auc"]
            row["distance"] = row["ceiling"] - row["auc"]
            print(f"seed {seed} {_line(row)}", flush=True)
            rows.append(row)
    return rows


def _cohort(config: dict[str, Any], times: int, seed: int, room: Path) -> SlabCohort:
    """Join cohorts of the demonstration's size, of this seed and those after it."""
    parts = [_part(config, seed + number, room) for number in range(times)]
    return SlabCohort(
        pd.concat([part.nodes for part in parts], ignore_index=True),
        np.concatenate([part.images for part in parts]),
        np.concatenate([part.masks for part in parts]),
    )


def _part(config: dict[str, Any], seed: int, room: Path) -> SlabCohort:
    """Draw a cohort, or take it from the room."""
    folder = room / f"cohort_{seed}"
    if not folder.exists():
        drawn = _draw(config, seed)
        with replacing_folder(folder) as part:
            np.save(part / "images.npy", drawn.images)
            np.save(part / "masks.npy", drawn.masks)
            drawn.nodes[WORDS].to_csv(part / "nodes.tsv", sep="\t", index=False)
    images, masks = (
        np.load(folder / f"{name}.npy", mmap_mode="r") for name in ("images", "masks")
    )
    nodes = pd.read_csv(folder / "nodes.tsv", sep="\t", dtype=str)
    return SlabCohort(nodes, images, masks)


def _draw(config: dict[str, Any], seed: int) -> SlabCohort:
    phantom = config["phantom"]
    parts = ("body", "ct", "pet", "segmentation")
    return draw_slabs(
        patients=phantom["patients"],
        nodes=phantom["nodes"],
        dials=dials_of(phantom),
        scanner=Scanner(**{part: phantom[part] for part in parts}),
        seed=seed,
    )


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
    sets = config["datasets"]
    split = Split(sets["protocol"], sets["test_share"], seed)
    _, pool = split_test(cohort.nodes, split)
    draw = draw_location_balanced if "location" in cnn else draw_status_balanced
    training, how = draw(pool, seed=seed), recipe(config, cnn, seed)
    source = _source(cohort, training, how.image)
    model, _ = fit(how, training, source, name="all", checkpoint=state)
    tested = pd.concat([nodes for _, nodes in tests])
    images = [_source(one, nodes, how.image).plain() for one, nodes in tests]
    score = np.concatenate([predict(model, part) for part in images])
    positive = (tested["status"] == "positive").to_numpy()
    area = clustered_auc(score, positive, tested["patient_id"].to_numpy(str))
    lower, upper = logit_interval(area, level=0.95)
    found = {"cnn": cnn, "nodes": len(training), "auc": area.estimate}
    return found | {"lower": lower, "upper": upper}


def _source(
    cohort: SlabCohort, nodes: pd.DataFrame, image: ImageOptions
) -> ImageSource:
    rows = pd.Index(cohort.nodes["node_id"]).get_indexer(nodes["node_id"])
    names = list(nodes["node_id"])
    return ImageSource(cohort.images[rows], cohort.masks[rows], names, image)


def _line(row: dict[str, Any]) -> str:
    return (
        f"{row['cnn']:18} {row['nodes']:6d} nodes  AUC {row['auc']:.3f} "
        f"({row['lower']:.3f} to {row['upper']:.3f})  ceiling {row['ceiling']:.3f}  "
        f"distance {row['distance']:.3f}"
    )


if __name__ == "__main__":
    main()
