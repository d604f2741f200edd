"""Labels and their voxels from an open volume of any program."""

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
from nodal_staging.exams.voxel_stream import VoxelStream


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
    return labelled(*open_nrrd(stream))


def labelled(voxels: VoxelStream, keys: dict[str, str]) -> Segmentation:
    """Read the labels of a volume, with their names if the header describes them.

    Parameters
    ----------
    voxels
        An open volume.
    keys
        What the header of an NRRD file says of labels; else empty.
    """
    labels = _described_labels(keys, voxels.layout.layers)
    return described(gathered(voxels), labels, layers=voxels.layout.layers)


def header_labels(voxels: VoxelStream, keys: dict[str, str]) -> tuple[Label, ...]:
    """Return the labels that the header describes, or else those that have voxels."""
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
