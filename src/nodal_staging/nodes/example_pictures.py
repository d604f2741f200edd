"""What Figure 1 shows of a few exams: sections of CT and PET, kept when raw data go."""

from pathlib import Path

import numpy as np

from nodal_staging import tables
from nodal_staging.cohort.exam_index import ExamIndex, read_index
from nodal_staging.cohort.sheets import Exam, read_exams
from nodal_staging.exams import scans
from nodal_staging.exams.dicom import OUTSIDE_SCANNER_HU
from nodal_staging.exams.isolation import isolated
from nodal_staging.exams.scans import Scan
from nodal_staging.geometry import Lattice, box_around, resample, triple
from nodal_staging.nodes.example_nodes import EXAMPLES
from nodal_staging.nodes.masks import NodeMask, node_masks
from nodal_staging.nodes.picture_files import Picture, Pictures, write_pictures
from nodal_staging.study.arrays import Float32Array, FloatArray
from nodal_staging.study.errors import naming

WHOLE_BODY_PANEL = "a"
AXIAL_FIELD_MM = 80.0
AXIAL_PIXEL_MM = 0.5
CORONAL_PIXEL_MM = 1.0
AIR = float(OUTSIDE_SCANNER_HU)


def picture_examples(
    *,
    chosen: str | Path,
    exams: str | Path,
    nodes: str | Path,
    indices: list[str],
    output: str | Path,
) -> None:
    """Keep the sections that Figure 1 shows, each exam read in a process of its own.

    Parameters
    ----------
    chosen
        The nodes to show (``EXAMPLES``).
    exams, nodes
        The input sheets.
    indices
        How the files of each usable exam are read, of all shards.
    output
        HDF5: a group per panel, a plane per picture, without identifiers.
    """
    known = {key: value for path in indices for key, value in read_index(path).items()}
    described = {exam.exam_id: exam for exam in read_exams(exams=exams, nodes=nodes)}
    panels = {}
    for row in tables.read(chosen, EXAMPLES).itertuples():
        exam = described[row.exam_id]
        with naming(exam.name):
            panels[str(row.panel)] = isolated(
                section_exam,
                exam,
                known[exam.exam_id],
                Path(nodes).parent,
                str(row.node_id),
                row.panel == WHOLE_BODY_PANEL,
            )
    write_pictures(output, panels)


def section_exam(
    exam: Exam, index: ExamIndex, folder: Path, node_id: str, whole_body: bool
) -> Pictures:
    """Cut an exam through the centroid of a node.

    Parameters
    ----------
    exam, index
        The exam, and how its files are read.
    folder
        That of the node sheet.
    node_id
        Which node.
    whole_body
        Whether coronal pictures are wanted too.
    """
    node = node_masks(exam, index, folder)[node_id]
    planes = {"axial": axial_plane(node)}
    if whole_body:
        planes["coronal"] = coronal_plane(node, index.ct.lattice)
    pictures: Pictures = {}
    for name, plane in planes.items():
        with naming(exam.place("ct")):
            hu = section(exam.ct, index.ct, plane, outside=AIR)
        pictures[f"{name}_ct"] = _picture(hu, plane)
        pictures[f"{name}_node"] = _picture(node.coverage(plane), plane)
    if exam.pet is not None and index.pet is not None:
        with naming(exam.place("pet")):
            suv = section(exam.pet, index.pet, planes["axial"], outside=np.nan)
            pictures["axial_pet"] = _picture(suv, planes["axial"])
            if whole_body:
                pictures["projected_pet"] = project(exam.pet, index.pet)
    return pictures


def axial_plane(node: NodeMask) -> Lattice:
    """Return the axial plane of the field of view around a node's centroid."""
    pixels = round(AXIAL_FIELD_MM / AXIAL_PIXEL_MM)
    reach = AXIAL_PIXEL_MM * (pixels - 1) / 2
    x, y, z = node.centroid_mm()
    return Lattice(
        (1, pixels, pixels),
        (AXIAL_PIXEL_MM, AXIAL_PIXEL_MM, AXIAL_PIXEL_MM),
        (float(x) - reach, float(y) - reach, float(z)),
    )


def coronal_plane(node: NodeMask, lattice: Lattice) -> Lattice:
    """Return the coronal plane through a node's centroid, as wide as the scan."""
    low, high = outer_points_mm(lattice)
    steps = (high - low) / CORONAL_PIXEL_MM
    columns, _, rows = (int(count) + 1 for count in np.floor(steps))
    return Lattice(
        (rows, 1, columns),
        (CORONAL_PIXEL_MM, CORONAL_PIXEL_MM, CORONAL_PIXEL_MM),
        triple((low[0], node.centroid_mm()[1], low[2])),
    )


def outer_points_mm(
    lattice: Lattice,
) -> tuple[FloatArray, FloatArray]:
    """Return the smallest and the largest LPS coordinates of voxel centres."""
    far = np.array(lattice.shape) - 1
    corners = np.array(np.meshgrid(*([0, end] for end in far))).reshape(3, -1).T
    points = lattice.to_points(corners)
    return points.min(axis=0), points.max(axis=0)


def section(path: Path, scan: Scan, plane: Lattice, *, outside: float) -> Float32Array:
    """Interpolate a scan on a plane, ``(z, y, x)`` with one axis of one voxel.

    No more is read than what the plane crosses.
    """
    box = box_around(plane, scan.lattice)
    values = scans.read_boxes(path, scan, [box])[0]
    return resample(values, scan.lattice.crop(*box), plane, outside=outside)


def project(path: Path, scan: Scan) -> Picture:
    """Project the largest values of a scan from front to back on a coronal plane."""
    shape = scan.lattice.shape
    values = scans.read_boxes(path, scan, [((0, 0, 0), shape)])[0]
    upright = _upright(scan.lattice)
    if upright.difference(scan.lattice) is not None:
        values = resample(values, scan.lattice, upright, outside=0)
    largest: Float32Array = values.max(axis=1, keepdims=True)
    rows, _, columns = upright.shape
    front = upright.crop((0, 0, 0), (rows, 1, columns))
    return _picture(largest, front)


def _upright(lattice: Lattice) -> Lattice:
    """Return a lattice along the axes of the patient that covers another."""
    low, high = outer_points_mm(lattice)
    spacing = np.full(3, min(lattice.spacing_mm))
    axes = np.abs(lattice.axes_mm())
    if np.count_nonzero(axes > 1e-3 * axes.max()) == 3:
        spacing = axes.max(axis=1)
    count = np.rint((high - low) / spacing).astype(int) + 1
    x, y, z = (int(value) for value in count)
    return Lattice((z, y, x), triple(spacing), triple(low))


def _picture(values: Float32Array, plane: Lattice) -> Picture:
    """Drop the axis of one voxel."""
    x, y, z = plane.spacing_mm
    first = np.array(plane.origin_mm)
    last = plane.to_points(np.array(plane.shape) - 1)
    flat, place, step = (0, 1, y) if plane.shape[0] == 1 else (1, 2, z)
    extent = (
        float(first[0] - x / 2),
        float(last[0] + x / 2),
        float(first[place] - step / 2),
        float(last[place] + step / 2),
    )
    return Picture(values.squeeze(axis=flat), extent)
