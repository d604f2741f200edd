"""Sample patients of the phantom with a node in every region, for people to look at."""

from dataclasses import dataclass

import pandas as pd

from nodal_staging.phantom.anatomy import REGIONS
from nodal_staging.phantom.ct import Grid
from nodal_staging.phantom.node import Node
from nodal_staging.phantom.pet import draw_peaks
from nodal_staging.phantom.scanner import Scanner
from nodal_staging.phantom.truth import LATENTS, Dials
from nodal_staging.study.arrays import Float32Array, Int16Array
from nodal_staging.study.seeds import stream


@dataclass(frozen=True, slots=True)
class Sample:
    """A rendered patient whose nodes, one per region, all have one status.

    ``hu`` and ``suv`` are ``(z, y, x)`` on their grids; ``nodes`` follow ``REGIONS``.
    """

    status: str
    hu: Int16Array
    suv: Float32Array
    ct_grid: Grid
    pet_grid: Grid
    nodes: list[Node]


def sample_patient(scanner: Scanner, dials: Dials, status: str, *, seed: int) -> Sample:
    """Render a patient with a node in every region.

    Parameters
    ----------
    scanner
        Body, scans and noise.
    dials
        Shifts of the latents.
    status
        Of every node: negative or positive.
    seed
        The study's seed.
    """
    rng = stream(seed, "phantom", "gallery", status)
    shift = dials.deltas() * (status == "positive")
    latents = rng.standard_normal((len(REGIONS), len(LATENTS))) + shift
    nodes = pd.DataFrame(latents, columns=LATENTS).assign(location=list(REGIONS))
    patient = scanner.draw_patient(nodes, contrast=True, rng=rng)
    grid = scanner.ct_grid()
    hu, _ = scanner.scan_ct(patient, grid, noise_hu=scanner.ct["noise_hu"], rng=rng)
    peaks = draw_peaks([status] * len(patient.nodes), rng=rng)
    suv = scanner.scan_pet(patient, grid, hu, peaks, rng=rng)
    return Sample(status, hu, suv, grid, scanner.pet_grid(), patient.nodes)
