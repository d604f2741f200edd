"""Copies of nodes as patches: a CT of a patient in which every copy has its place."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import ndimage

from nodal_staging import tables
from nodal_staging.classifiers.cnn.sampling import HALF_DEPTH
from nodal_staging.geometry import Lattice, box_around, slices_of
from nodal_staging.nodes.masks import NodeMask
from nodal_staging.nodes.measurements import node_attenuation, node_size
from nodal_staging.nodes.patch_files import Patch, write_patches
from nodal_staging.nodes.patches import Cube, cut_patch
from nodal_staging.nodes.radiomics.node_features import RADIOMICS, node_features
from nodal_staging.phantom.copies import COPIES, CopyOptions, plan_copies
from nodal_staging.phantom.node import Node, make_node
from nodal_staging.phantom.scanner import Scanner
from nodal_staging.phantom.truth import LATENTS
from nodal_staging.study.arrays import Int16Array, UInt16Array
from nodal_staging.study.seeds import stream

AXES = ("long_axis_mm", "short_axis_mm")


@dataclass(frozen=True, slots=True)
class CopyFiles:
    """Outputs: ``COPIES``, ``RADIOMICS``, and the central slices of each copy."""

    copies: str | Path
    radiomics: str | Path
    patches: str | Path


@dataclass(frozen=True, slots=True)
class _Measured:
    """Rows of ``COPIES`` and of ``RADIOMICS``, filled while patches are written."""

    copies: list[dict[str, Any]] = field(default_factory=list)
    radiomics: list[dict[str, Any]] = field(default_factory=list)


def render_copies(
    *,
    truth: str | Path,
    test: str | Path,
    scanner: Scanner,
    cube: Cube,
    options: CopyOptions,
    output: CopyFiles,
) -> None:
    """Render copies of test nodes, and measure them as nodes of a study.

    Parameters
    ----------
    truth, test
        ``tables.TRUTH`` and the test set (``tables.DATASET``).
    scanner, cube
        How exams are scanned, and what is cut around each node.
    options
        How many nodes, and the seed.
    output
        Files to write.
    """
    planned = plan_copies(
        tables.read(truth, tables.TRUTH), tables.read(test, tables.DATASET), options
    )
    measured = _Measured()
    write_patches(
        output.patches,
        _rendered(planned, scanner, cube, options.seed, measured),
        size=cube.size,
        spacing_mm=cube.spacing_mm,
        depth=2 * HALF_DEPTH,
    )
    frame = pd.DataFrame(measured.copies, columns=list(COPIES.columns))
    tables.write(frame, output.copies, COPIES)
    frame = pd.DataFrame(measured.radiomics, columns=list(RADIOMICS.columns))
    tables.write(frame, output.radiomics, RADIOMICS)


def _rendered(
    planned: pd.DataFrame, scanner: Scanner, cube: Cube, seed: int, measured: _Measured
) -> Iterator[tuple[str, Patch]]:
    """Yield the central slices of each copy; memory holds one CT."""
    for _, together in planned.groupby(["original", "rendering"]):
        rows = together.to_dict("records")
        scanned = scan_copies(together, scanner, cube, seed=seed)
        for row, (sizes, patch) in zip(rows, scanned, strict=True):
            name = {"node_id": row["node_id"]}
            axes = {axis: sizes[axis] for axis in AXES}
            features = node_features(patch, cube.spacing_mm)
            measured.copies.append({key: (row | sizes)[key] for key in COPIES.columns})
            measured.radiomics.append({**name, **axes, **features})
            yield row["node_id"], _central(patch)


def scan_copies(
    together: pd.DataFrame, scanner: Scanner, cube: Cube, *, seed: int
) -> Iterator[tuple[dict[str, float], Patch]]:
    """Scan the copies of one node that lie in one patient.

    Parameters
    ----------
    together
        Rows of ``copies.plan_copies`` with the same node and rendering.
    scanner, cube
        As for ``render_copies``.
    seed
        The study's seed.

    Yields
    ------
    Measurements (columns of ``tables.NODES``) and whole patch of each copy.
    """
    first = together.iloc[0]
    name, rendering = str(first["original"]), int(first["rendering"])
    rng = stream(seed, "audit", "copies", name, rendering)
    copies = together.to_dict("records")
    shaped = [shape_copy(copy, seed=seed) for copy in copies]
    places = list(together["location"])
    patient = scanner.place_patient(shaped, places, contrast=True, rng=rng)
    grid, noise_hu = scanner.ct_grid(), scanner.noise_hu("included")
    hu, labels = scanner.scan_ct(patient, grid, noise_hu=noise_hu, rng=rng)
    lattice = grid.lattice((0.0, 0.0, 0.0))
    for node in _masks(labels, lattice):
        inside = hu[slices_of((node.start, node.lattice.shape))][node.mask]
        patch = _patch(node, hu, lattice, cube)
        yield node_size(node) | node_attenuation(inside), patch


def shape_copy(copy: dict[str, Any], *, seed: int) -> Node:
    """Shape a copy: all that is random is that of the original.

    Parameters
    ----------
    copy
        The name of the original, and the latents.
    seed
        The study's seed.
    """
    return make_node(
        np.zeros(3),
        **{latent: copy[latent] for latent in LATENTS},
        rng=stream(seed, "audit", "copies", "shape", copy["original"]),
    )


def _masks(labels: UInt16Array, lattice: Lattice) -> Iterator[NodeMask]:
    """Yield the voxels of each label, in rising order."""
    for value, box in enumerate(ndimage.find_objects(labels), start=1):
        z, y, x = (int(side.start) for side in box)
        mask = labels[box] == value
        yield NodeMask(mask, (z, y, x), lattice.crop((z, y, x), mask.shape))


def _patch(node: NodeMask, hu: Int16Array, lattice: Lattice, cube: Cube) -> Patch:
    """Cut the cube of a node out of a CT."""
    target = cube.around(node)
    box = box_around(target, lattice)
    seen = hu[slices_of(box)].astype(np.float32)
    return cut_patch(node, seen, lattice.crop(*box), target)


def _central(patch: Patch) -> Patch:
    """Return the axial slices that training and scoring can touch."""
    middle = len(patch[0]) // 2
    part = slice(middle - HALF_DEPTH, middle + HALF_DEPTH)
    return patch[0][part], patch[1][part]
