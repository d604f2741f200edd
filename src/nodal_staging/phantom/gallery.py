"""Sample patients of the phantom with a node in every region, for people to look at."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from nodal_staging.phantom import exam
from nodal_staging.phantom.anatomy import REGIONS
from nodal_staging.phantom.habitus import draw_habitus
from nodal_staging.phantom.node import Node
from nodal_staging.phantom.placing import place_nodes
from nodal_staging.phantom.simulation import Scanner
from nodal_staging.phantom.truth import LATENTS, Dials
from nodal_staging.phantom.uptake import draw_peaks, render_pet
from nodal_staging.study.seeds import stream


@dataclass(frozen=True, slots=True)
class Sample:
    """A rendered patient whose nodes, one per region, all have one status.

    ``hu`` and ``suv`` are ``(z, y, x)`` on their grids; ``nodes`` follow ``REGIONS``.
    """

    status: str
    hu: npt.NDArray[np.int16]
    suv: npt.NDArray[np.float32]
    ct_grid: exam.Grid
    pet_grid: exam.Grid
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
    height = scanner.body["region_height_mm"]
    habitus = draw_habitus(
        scanner.body["width_mm"], scanner.body["depth_mm"], contrast=True, rng=rng
    )
    placed = place_nodes(nodes, habitus, height, rng=rng)
    ct_grid, pet_grid = scanner.ct_grid(), scanner.pet_grid()
    hu, _ = exam.render_ct(
        ct_grid,
        habitus,
        placed,
        region_height_mm=height,
        blur_mm=scanner.ct["blur_mm"],
        noise_hu=scanner.ct["noise_hu"],
        rng=rng,
    )
    suv = render_pet(
        pet_grid,
        ct_grid,
        hu,
        habitus,
        placed,
        draw_peaks([status] * len(placed), rng=rng),
        region_height_mm=height,
        rng=rng,
    )
    return Sample(status, hu, suv, ct_grid, pet_grid, placed)
