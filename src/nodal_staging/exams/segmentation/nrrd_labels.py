"""Labels and their voxels from an NRRD file, whoever wrote it."""

from typing import BinaryIO

from nodal_staging.exams.nrrd_header import NrrdHeader, read_nrrd_header
from nodal_staging.exams.segmentation.gathering import Gathering
from nodal_staging.exams.segmentation.mitk_json import MITK_2023, json_labels
from nodal_staging.exams.segmentation.mitk_xml import MITK_2016, xml_labels
from nodal_staging.exams.segmentation.regions import (
    Label,
    Region,
    Segmentation,
    described,
    in_order,
)
from nodal_staging.exams.segmentation.slicer_labels import is_slicer, slicer_labels
from nodal_staging.exams.voxel_stream import inflating, slabs


def read_nrrd(stream: BinaryIO, *, role: str) -> Segmentation:
    """Read a label volume of MITK, Slicer, or of values alone.

    Parameters
    ----------
    stream
        Standing at the start of the file; it is read once, from front to back.
    role
        How messages call the segmentation.

    Raises
    ------
    SegmentationError
        If header, description or voxels are not those of a segmentation.
    """
    header = read_nrrd_header(stream, role=role)
    labels = _described_labels(header, role)
    regions = _regions(stream, header, role)
    return described(regions, labels, layers=header.layout.layers)


def read_nrrd_labels(stream: BinaryIO, *, role: str) -> tuple[Label, ...]:
    """Read the labels that the header describes, or else those that have voxels."""
    header = read_nrrd_header(stream, role=role)
    labels = _described_labels(header, role)
    if not labels:
        return tuple(region.label for region in _regions(stream, header, role))
    return in_order(labels)


def _described_labels(header: NrrdHeader, role: str) -> list[Label]:
    """Return the labels of the header; none where it has values alone."""
    modality = header.keys.get("modality")
    layers = header.layout.layers
    if modality == MITK_2023:
        return json_labels(header.keys, layers=layers, role=role)
    if modality == MITK_2016:
        return xml_labels(header.keys, layers=layers, role=role)
    if is_slicer(header.keys):
        return slicer_labels(header.keys, layers=layers, role=role)
    return []


def _regions(stream: BinaryIO, header: NrrdHeader, role: str) -> list[Region]:
    voxels = inflating(stream) if header.gzipped else stream
    gathering = Gathering(header.lattice, role=role)
    for first, slab in slabs(voxels, header.layout, role=role):
        for layer in range(header.layout.layers):
            gathering.add(slab[..., layer], layer=layer, first=first)
    return gathering.regions()
