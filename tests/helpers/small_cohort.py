"""Small synthetic cohorts in a folder, simulated as by the rules of the workflow."""

from pathlib import Path
from typing import Any

from nodal_staging.phantom.scanner import Scanner
from nodal_staging.phantom.simulated_readers import simulate_readers
from nodal_staging.phantom.simulation import simulate_exams
from nodal_staging.phantom.synthetic_cohort import Enrolment, draw_cohort
from nodal_staging.phantom.truth import Dials

SHARD = "1-of-1"
DEFAULT = {
    "prevalence": 0.35,
    "location_bias": 1.0,
    "delta_size": 0.5,
    "delta_attenuation": 1.2,
    "delta_hilum": 0.8,
    "score_icc": 0.3,
    "label_icc": 0.3,
    "label_noise": 0.0,
}


def dials(**changes: Any) -> Dials:
    """Return dials with a known effect of each property of a node."""
    return Dials(**DEFAULT | changes)


DIALS = dials(prevalence=0.4)


def small_scanner(*, noise_hu: float) -> Scanner:
    """Return a scanner of 60 x 50 pixels of 2 mm, without blur."""
    return Scanner(
        body={"width_mm": 110, "depth_mm": 90, "region_height_mm": 12},
        ct={
            "field_mm": [120, 100],
            "pixel_mm": 2.0,
            "slice_mm": 4.0,
            "noise_hu": noise_hu,
            "blur_mm": 0,
        },
        pet={"voxel_mm": 6.0, "bqml_share": 0.3},
        segmentation={"json_share": 0.0},
    )


def draw_sheets(
    folder: Path,
    enrolment: Enrolment,
    scanner: Scanner,
    *,
    seed: int,
    per_node_share: float = 0.0,
    n_shards: int = 1,
) -> None:
    """Write the sheets and the truth of a cohort, and the readings of one reader."""
    draw_cohort(
        enrolment=enrolment,
        dials=DIALS,
        per_node_share=per_node_share,
        ct=scanner.ct,
        n_shards=n_shards,
        seed=seed,
        folder=folder,
    )
    simulate_readers(
        truth=folder / "truth.tsv",
        dials=DIALS,
        noise=[0.3],
        sees_location=False,
        seed=seed,
        output=folder / "readings.tsv",
    )


def simulate_shard(
    folder: Path, scanner: Scanner, *, seed: int, shard: str = SHARD
) -> None:
    """Write the scans and segmentations of a shard of the cohort in ``folder``."""
    simulate_exams(
        exams=folder / "exams.tsv",
        truth=folder / "truth.tsv",
        scanner=scanner,
        shard=shard,
        seed=seed,
        output=folder / shard,
    )
