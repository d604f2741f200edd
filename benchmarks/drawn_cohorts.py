"""Cohorts of the demonstration's size for trainings, drawn once and kept."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from slabs import SlabCohort, draw_slabs

from nodal_staging.classifiers.cnn.inputs import ImageOptions, ImageSource
from nodal_staging.datasets.split import (
    Split,
    draw_location_balanced,
    draw_status_balanced,
    split_test,
)
from nodal_staging.phantom.scanner import Scanner
from nodal_staging.phantom.truth import dials_of
from nodal_staging.study.files import replacing_folder

WORDS = ["node_id", "patient_id", "location", "status"]


def drawn_test_set(
    config: dict[str, Any], seed: int, room: Path
) -> tuple[SlabCohort, pd.DataFrame]:
    """Return a cohort that no training has seen, and its status-balanced nodes."""
    cohort = drawn_part(config, seed, room)
    return cohort, draw_status_balanced(cohort.nodes, seed=0)


def training_set(
    config: dict[str, Any], cohort: SlabCohort, cnn: str, seed: int
) -> pd.DataFrame:
    """Return the training set of a CNN, as the study draws it."""
    sets = config["datasets"]
    split = Split(sets["protocol"], sets["test_share"], seed)
    _, pool = split_test(cohort.nodes, split)
    draw = draw_location_balanced if "location" in cnn else draw_status_balanced
    return draw(pool, seed=seed)


def drawn_cohort(
    config: dict[str, Any], times: int, seed: int, room: Path
) -> SlabCohort:
    """Join cohorts of the demonstration's size, of this seed and those after it."""
    parts = [drawn_part(config, seed + number, room) for number in range(times)]
    return SlabCohort(
        pd.concat([part.nodes for part in parts], ignore_index=True),
        np.concatenate([part.images for part in parts]),
        np.concatenate([part.masks for part in parts]),
    )


def drawn_part(config: dict[str, Any], seed: int, room: Path) -> SlabCohort:
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


def source_of(
    cohort: SlabCohort, nodes: pd.DataFrame, image: ImageOptions
) -> ImageSource:
    """Return the images of some nodes of a cohort."""
    rows = pd.Index(cohort.nodes["node_id"]).get_indexer(nodes["node_id"])
    names = list(nodes["node_id"])
    return ImageSource(cohort.images[rows], cohort.masks[rows], names, image)
