"""Acceptance of the shortcut matrix: what CNNs learn from the surroundings of nodes.

Cohorts without the detour over DICOM (``slabs``); the CNN sees the surroundings alone,
a ball or the node's own shape cut out, and is tested on the surroundings. Kinds:

    no_bias     the location says nothing: the AUC should cover 0.5
    bias        the location says what it says in the paper: the AUC should be high
    size_ball   only the size differs between the classes: the ball should hide it
    size_mask   the same with a hole in the form of the mask, which shows the size

    python benchmarks/shortcut_matrix.py --table FILE --kinds no_bias --seeds 1 2 3

Expected: about 30 s of one core for each kind and seed with 120 patients. Each is a row
of the table as soon as it is tested; a run that was ended goes on where it was.
"""

import argparse
import copy
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from audit_power import enter, known
from drawn_cohorts import drawn_part, training_set
from scipy import ndimage
from slabs import SlabCohort
from synthetic_inputs import configuration, recipe

from nodal_staging.audit.location import SiteMatched
from nodal_staging.audit.shortcut_matrix.image_views import (
    SURROUNDINGS,
    ball,
    ball_radius,
    source_of,
)
from nodal_staging.classifiers.cnn.backend import use_device
from nodal_staging.classifiers.cnn.fitting import Trainer, predict
from nodal_staging.classifiers.cnn.inputs import ImageOptions, ImageSource
from nodal_staging.datasets.split import Split, split_test
from nodal_staging.estimates.auc import empirical_auc
from nodal_staging.estimates.patient_bootstrap import BootstrapOptions, PatientBootstrap
from nodal_staging.estimates.resampled_areas import resampled_areas
from nodal_staging.study.arrays import BoolArray

KEYS = ["kind", "patients", "seed", "epochs"]
CNN = "status_balanced"
SIZE_ALONE = {"delta_attenuation": 0.0, "delta_hilum": 0.0, "delta_size": 1.5}
DIALS: dict[str, dict[str, float]] = {
    "no_bias": {"location_bias": 0.0},
    "bias": {"location_bias": 1.0},
    "size_ball": {"location_bias": 0.0, **SIZE_ALONE},
    "size_mask": {"location_bias": 0.0, **SIZE_ALONE},
}
MARGIN_MM = 2


def main() -> None:
    """Train and test what the table lacks; print how often intervals cover 0.5."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kinds", nargs="+", choices=DIALS, default=list(DIALS))
    parser.add_argument("--patients", type=int, default=120)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--room", type=Path, default=None, help="keeps states")
    parser.add_argument("--table", type=Path, required=True, help="file of rows")
    given = parser.parse_args()
    use_device(gpu=False, intra_op_threads=1)
    with tempfile.TemporaryDirectory() as empty:
        for kind in given.kinds:
            for seed in given.seeds:
                key = (kind, given.patients, seed, given.epochs)
                if not known(given.table, KEYS, key):
                    enter(_tested(key, given.room or Path(empty)), given.table, KEYS)
    print(_summary(pd.read_csv(given.table, sep="\t")).to_string(index=False))


def _tested(key: tuple[str, int, int, int], room: Path) -> dict[str, Any]:
    """Train and test on the surroundings of one cohort."""
    kind, patients, seed, epochs = key
    config = copy.deepcopy(configuration())
    phantom = config["phantom"]
    nodes = round(phantom["nodes"] / phantom["patients"] * patients)
    phantom |= DIALS[kind] | {"patients": patients, "nodes": nodes}
    config["training"]["epochs"] = epochs
    own = room / f"{kind.partition('_mask')[0]}_{patients}"
    cohort = drawn_part(config, seed, own)
    sets = config["datasets"]
    split = Split(sets["protocol"], sets["test_share"], seed)
    test, _ = split_test(cohort.nodes, split)
    training, how = training_set(config, cohort, CNN, seed), recipe(config, CNN, seed)
    rows = pd.Index(cohort.nodes["node_id"]).get_indexer(training["node_id"])
    spacing_mm = float(config["patches"]["spacing_mm"])
    radius = ball_radius(np.asarray(cohort.masks[rows]), spacing_mm)
    views = [
        _surroundings(cohort, part, how.image, (kind, radius, spacing_mm))
        for part in (training, test)
    ]
    trainer = Trainer(how)
    history = trainer.fit(
        training, views[0], name="all", checkpoint=own / f"{kind}_{seed}_{epochs}.h5"
    )
    score = np.asarray(predict(trainer.model, views[1].plain()), float)
    row = dict(zip(KEYS, key, strict=True)) | {"ball_mm": radius}
    row |= {"test_nodes": len(test), "loss": round(float(history["loss"].iloc[-1]), 5)}
    return row | _areas(test, score, config["statistics"])


def _surroundings(
    cohort: SlabCohort,
    nodes: pd.DataFrame,
    image: ImageOptions,
    hidden: tuple[str, float, float],
) -> ImageSource:
    """Return nodes with a hole: the ball, or the mask with a margin."""
    kind, radius, spacing_mm = hidden
    rows = pd.Index(cohort.nodes["node_id"]).get_indexer(nodes["node_id"])
    slabs, masks = np.array(cohort.images[rows]), np.array(cohort.masks[rows])
    hole: BoolArray = ball(slabs.shape[1:], radius, spacing_mm)
    if kind == "size_mask":
        steps = round(MARGIN_MM / spacing_mm)
        hole = np.stack([ndimage.binary_dilation(m, iterations=steps) for m in masks])
    names = list(nodes["node_id"])
    return source_of(SURROUNDINGS, slabs, masks, names, image, hole=hole)


def _areas(
    test: pd.DataFrame, score: np.ndarray, options: dict[str, Any]
) -> dict[str, Any]:
    """Return the AUC over all pairs, and of the same location, with intervals."""
    positive = test["status"].eq("positive").to_numpy(bool)
    patient, place = (test[name].to_numpy(str) for name in ("patient_id", "location"))
    draws = BootstrapOptions(options["replicates"], options["confidence_level"], 1)
    drawn = PatientBootstrap(positive, patient, draws)
    pairs = SiteMatched(score, positive, place)
    found = {"auc": (empirical_auc(score, positive), resampled_areas(score, drawn))}
    found["matched"] = (pairs.auc(), pairs.bootstrap(drawn))
    row: dict[str, Any] = {}
    for name, (value, again) in found.items():
        lower, upper = drawn.interval(again)
        ends = {name: value, f"{name}_lower": lower, f"{name}_upper": upper}
        row |= {key: round(float(end or np.nan), 4) for key, end in ends.items()}
    return row


def _summary(rows: pd.DataFrame) -> pd.DataFrame:
    """Count intervals that cover 0.5, or lie above it."""
    covers = (rows["auc_lower"] <= 0.5) & (rows["auc_upper"] >= 0.5)
    rows = rows.assign(covers=covers, above=rows["auc_lower"] > 0.5)
    return rows.groupby(["kind", "patients", "epochs"], as_index=False).agg(
        auc=("auc", "mean"),
        lowest=("auc", "min"),
        highest=("auc", "max"),
        loss=("loss", "mean"),
        covers=("covers", "sum"),
        above=("above", "sum"),
        cohorts=("covers", "size"),
    )


if __name__ == "__main__":
    main()
