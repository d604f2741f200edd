"""Labels and their voxels from an NRRD file, whoever wrote it."""

from typing import BinaryIO

from nodal_staging.exams.nrrd_header import open_nrrd
from nodal_staging.exams.segmentation.gathering import gathered
from nodal_staging.exams.segmentation.mitk_json import MITK_2023, json_labels
from nodal_staging.exams.segmentation.mitk_xml import MITK_2016, xml_labels
from nodal_staging.exams.segmentation.regions import (
    Label,
    Segmentation,
    described,
    in_order,
)
from nodal_staging.exams.segmentation.slicer_labels import is_slicer, slicer_labels


def read_nrrd(stream: BinaryIO) -> Segmentation:
    """Read a label volume of MITK, Slicer, or of values alone.

    Parameters
    ----------
    stream
        Standing at the start of the file; it is read once, from front to back.

    Raises
    ------
    SegmentationError
        If header, description or voxels are not those of a segmentation.
    """
    voxels, keys = open_nrrd(stream)
    labels = _described_labels(keys, voxels.layout.layers)
    return described(gathered(voxels), labels, layers=voxels.layout.layers)


def read_nrrd_labels(stream: BinaryIO) -> tuple[Label, ...]:
    """Read the labels that the header describes, or else those that have voxels."""
    voxels, keys = open_nrrd(stream)
    labels = _described_labels(keys, voxels.layout.layers)
    if not labels:
        return tuple(region.label for region in gathered(voxels))
    return in_order(labels)


def _described_labels(keys: dict[str, str], layers: int) -> list[Label]:
    """Return the labels of the header; none where it has values alone."""
    modality = keys.get("modality")
    if modality == MITK_2023:
        return json_labels(keys, layers=layers)
    if modality == MITK_2016:
        return xml_labels(keys, layers=layers)
    if is_slicer(keys):
        return slicer_labels(keys, layers=layers)
    return []
