"""Central slices of synthetic patches without the detour over DICOM.

For questions that need many nodes, such as how near a network comes to its ceiling
with ten times the training data. The images are those of the study but for the
rounding of the files.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from nodal_staging.classifiers.cnn.sampling import HALF_DEPTH
from nodal_staging.geometry import Lattice, resample
from nodal_staging.phantom.ct import LOWEST_HU
from nodal_staging.phantom.scanner import Scanner
from nodal_staging.phantom.truth import Dials, draw_nodes
from nodal_staging.study.seeds import stream

SIZE = 80


@dataclass(frozen=True, slots=True, eq=False)
class SlabCohort:
    """Nodes (``phantom.truth.draw_nodes``), and image in HU and mask of each.

    ``images`` and ``masks`` are ``(n, 12, 80, 80)`` at 1 mm.
    """

    nodes: pd.DataFrame
    images: npt.NDArray[np.int16]
    masks: npt.NDArray[np.uint8]


def draw_slabs(
    *, patients: int, nodes: int, dials: Dials, scanner: Scanner, seed: int
) -> SlabCohort:
    """Draw a cohort of included patients and render what training sees of it."""
    names = [f"S{seed}P{number:06}" for number in range(patients)]
    truth = draw_nodes(names, nodes, dials, seed=seed)
    truth["node_id"] = [f"S{seed}{node_id}" for node_id in truth["node_id"]]
    shape = (nodes, 2 * HALF_DEPTH, SIZE, SIZE)
    images, masks = np.empty(shape, np.int16), np.empty(shape, np.uint8)
    for patient_id, rows in truth.groupby("patient_id", sort=False):
        rendered = _render(rows, scanner, seed, str(patient_id))
        for place, (image, mask) in zip(rows.index, rendered, strict=True):
            images[place], masks[place] = image, mask
    return SlabCohort(truth, images, masks)


def _render(
    nodes: pd.DataFrame, scanner: Scanner, seed: int, patient_id: str
) -> list[tuple[npt.NDArray[np.int16], npt.NDArray[np.uint8]]]:
    """Render the CT of a patient and cut the slab of each node."""
    rng = stream(seed, "phantom", "slabs", patient_id)
    patient = scanner.draw_patient(nodes, contrast=True, rng=rng)
    grid, noise_hu = scanner.ct_grid(), scanner.ct["noise_hu"]
    hu, labels = scanner.scan_ct(patient, grid, noise_hu=noise_hu, rng=rng)
    lattice = grid.lattice((0.0, 0.0, 0.0))
    numbers = range(1, len(patient.nodes) + 1)
    return [_cut(hu, labels == number, lattice) for number in numbers]


def _cut(
    hu: npt.NDArray[np.int16], mask: npt.NDArray[np.bool_], lattice: Lattice
) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.uint8]]:
    """Interpolate image and mask on the central slices around the centroid."""
    centre = lattice.to_points(np.argwhere(mask).mean(axis=0)[None])[0]
    shape = (2 * HALF_DEPTH, SIZE, SIZE)
    corner = centre - (np.array(shape[::-1]) - 1) / 2
    target = Lattice(shape, (1.0, 1.0, 1.0), (corner[0], corner[1], corner[2]))
    low, high = _crop(lattice, target)
    part = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    size = (int(high[0] - low[0]), int(high[1] - low[1]), int(high[2] - low[2]))
    source = lattice.crop((int(low[0]), int(low[1]), int(low[2])), size)
    image = resample(hu[part], source, target, outside=LOWEST_HU)
    share = resample(mask[part].astype(np.float32), source, target, outside=0)
    return np.rint(image).astype(np.int16), (share >= 0.5).astype(np.uint8)


def _crop(
    lattice: Lattice, target: Lattice
) -> tuple[npt.NDArray[np.int_], npt.NDArray[np.int_]]:
    """Return the voxels of a lattice between which an axis-aligned target lies."""
    ends = target.to_points(np.array([(0, 0, 0), np.array(target.shape) - 1]))
    index = lattice.to_index(ends)
    low = np.clip(np.floor(index.min(axis=0)).astype(int), 0, None)
    high = np.minimum(np.ceil(index.max(axis=0)).astype(int) + 1, lattice.shape)
    return low, high
