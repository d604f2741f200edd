"""Segmented nodes of an exam: voxels, place and names of the labels.

A file of MITK 2016.3 keeps one XML description per label in keys
``org.mitk.label_<layer>_<count>``, one of MITK 2023 or later a JSON list of groups of
labels; a plain NRRD has values alone.
"""

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk

from nodal_staging.geometry import Lattice, lattice_of
from nodal_staging.segmentation.nrrd import NrrdHeader, SegmentationError, read_header

MITK_2016 = "org.mitk.image.multilabel"
MITK_2023 = "org.mitk.multilabel.segmentation"
LATEST_VERSION = 3
LABEL_KEY = re.compile(r"org\.mitk\.label_(\d{3})_(\d{5})")


@dataclass(frozen=True, slots=True)
class LabelMap:
    """Label volume of an exam.

    Attributes
    ----------
    lattice
        Where the voxels lie.
    values
        Label values, integer ``(z, y, x)``; 0 is outside every node.
    names
        Name of each label value that the file describes; empty for a plain file.
    """

    lattice: Lattice
    values: npt.NDArray[np.integer]
    names: Mapping[int, str]


def read_label_map(path: Path, *, role: str) -> LabelMap:
    """Read a segmentation with its labels.

    Parameters
    ----------
    path
        A multi-label NRRD as MITK 2016.3 writes it, or a plain label NRRD.
    role
        How messages call it, for example ``exam E0001, column segmentation``.

    Raises
    ------
    SegmentationError
        If the file cannot be read or describes labels in an unknown way.
    """
    header = read_header(path, role=role)
    names = _label_names(header, role)
    try:
        image = sitk.ReadImage(str(path))
    except RuntimeError:
        raise SegmentationError(
            f"{role}: the voxels cannot be read (truncated or damaged file); "
            "restore the file"
        ) from None
    values = sitk.GetArrayFromImage(image)
    return LabelMap(lattice_of(image), values, names)


def match_labels(
    label_map: LabelMap, wanted: Mapping[str, str], *, role: str
) -> dict[str, int]:
    """Find the label value of every node, and prove that no label is left over.

    Parameters
    ----------
    label_map
        The exam's segmentation.
    wanted
        Label (its name, or its value) of each node_id, as nodes.tsv gives it.
    role
        How messages call the segmentation.

    Returns
    -------
    Label value of each node_id.

    Raises
    ------
    SegmentationError
        For a node whose label is absent or empty, two nodes with one label, or a
        label without a node.
    """
    values = label_map.values
    present = {int(value) for value in np.unique(values[values != 0])}
    matched = {
        node_id: _value_of(label, label_map.names, present, node_id, role)
        for node_id, label in wanted.items()
    }
    for value, count in Counter(matched.values()).items():
        if count > 1:
            raise SegmentationError(
                f"{role}: {count} nodes of nodes.tsv name label {value}; "
                "give each node a label of its own"
            )
    left_over = sorted(present - set(matched.values()))
    if left_over:
        raise SegmentationError(
            f"{role}: label {left_over[0]} has no node in nodes.tsv"
            f"{_and_more(len(left_over) - 1)}; add its row or delete the label"
        )
    return matched


def _value_of(
    label: str, names: Mapping[int, str], present: set[int], node_id: str, role: str
) -> int:
    """Find one label by its name, else by its value."""
    by_name = [value for value, name in names.items() if name == label and value != 0]
    if len(by_name) > 1:
        raise SegmentationError(
            f"{role}: {len(by_name)} labels carry the name that nodes.tsv gives node "
            f"{node_id}; write the label's value instead"
        )
    value = by_name[0] if by_name else int(label) if label.isdigit() else None
    if value is None or value not in present:
        raise SegmentationError(
            f"{role}: the label of node {node_id} in nodes.tsv has no voxels in the "
            f"segmentation, which holds the values {sorted(present)}; correct column "
            "label or segment the node"
        )
    return value


def _label_names(header: NrrdHeader, role: str) -> dict[int, str]:
    """Return the names of the labels that the header describes."""
    modality = header.keys.get("modality", "")
    if modality == MITK_2023:
        return _grouped_names(header.keys, role)
    if modality != MITK_2016:
        return {}
    if header.keys.get("layers", "1") != "1":
        raise SegmentationError(
            f"{role}: a segmentation of several layers; "
            "save each layer as a file of its own"
        )
    keys = sorted(key for key in header.keys if LABEL_KEY.fullmatch(key))
    return dict(_describe(header.keys[key], role) for key in keys)


def _grouped_names(keys: Mapping[str, str], role: str) -> dict[int, str]:
    """Return the names in the one group of a file of MITK 2023 or later."""
    version = keys.get(f"{MITK_2023}.version", "")
    if not version.isdigit() or not 1 <= int(version) <= LATEST_VERSION:
        raise SegmentationError(
            f"{role}: a segmentation of a version of MITK that is not known here; "
            "save it as a plain label NRRD and give label values in nodes.tsv"
        )
    try:
        groups = json.loads(keys[f"{MITK_2023}.labelgroups"]) or []
        labels = [label for group in groups for label in _labels_of(group)]
        names = {int(label["value"]): str(label["name"]) for label in labels}
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        raise SegmentationError(
            f"{role}: the description of the labels cannot be read; "
            "save the segmentation again with MITK"
        ) from None
    if len(names) < len(labels):
        raise SegmentationError(
            f"{role}: two labels have the same value; give each a value of its own"
        )
    return names


def _labels_of(group: dict[str, Any] | None) -> list[dict[str, Any]]:
    """Return the labels of a group, which may be null or have none."""
    return (group or {}).get("labels") or []


def _describe(xml: str, role: str) -> tuple[int, str]:
    """Return value and name of one label's XML description."""
    try:
        if "<!" in xml:
            raise ElementTree.ParseError("a label has no document type")
        label = ElementTree.fromstring(xml)  # noqa: S314
        properties = {item.get("key"): item[0] for item in label.iter("property")}
        value = int(properties["value"].get("value", ""))
        name = properties["name"].get("value", "")
    except (ElementTree.ParseError, KeyError, IndexError, ValueError):
        raise SegmentationError(
            f"{role}: the description of a label cannot be read; "
            "save the segmentation again with MITK"
        ) from None
    return value, name


def _and_more(count: int) -> str:
    return f" (and {count} more)" if count else ""
