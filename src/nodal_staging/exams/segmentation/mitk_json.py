"""Labels as MITK describes them since 2023.04: groups of labels, in JSON.

References
----------
MITK v2025.08, mitkMultiLabelSegmentationIO.cpp and mitkMultiLabelIOHelper.cpp.
"""

from collections.abc import Mapping
from typing import Any

from nodal_staging.exams.segmentation.regions import Label, check_distinct
from nodal_staging.exams.segmentation.safe_text import TextError, parsed
from nodal_staging.study.errors import SegmentationError

MITK_2023 = "org.mitk.multilabel.segmentation"
LATEST_VERSION = 3
LARGEST_VALUE = 2**16 - 1


def json_labels(keys: Mapping[str, str], *, layers: int) -> list[Label]:
    """Return the labels that a header of MITK 2023 to 2025 describes.

    Parameters
    ----------
    keys
        The NRRD keys, escapes resolved.
    layers
        Values per voxel: one for each group.

    Raises
    ------
    SegmentationError
        If the version is not known, the description is broken, or the groups are not
        as many as the layers.
    """
    check_version(keys.get(f"{MITK_2023}.version", ""))
    try:
        groups = parsed(keys.get(f"{MITK_2023}.labelgroups", "")) or []
        if not isinstance(groups, list):
            raise TextError("groups are a list")
    except TextError:
        raise _unreadable() from None
    if not groups and layers == 1:
        return []
    if len(groups) != layers:
        raise SegmentationError(
            f"{len(groups)} groups of labels are described, the voxels have "
            f"{layers} layers; save the segmentation again with MITK"
        )
    return [
        label for layer, group in enumerate(groups) for label in labels_of(group, layer)
    ]


def check_version(version: object) -> None:
    """Refuse a version that is not known, given as a number or as text."""
    known = [str(number) for number in range(1, LATEST_VERSION + 1)]
    if isinstance(version, bool) or str(version) not in known:
        raise SegmentationError(
            "a segmentation of a version of MITK that is not known here "
            f"(1 to {LATEST_VERSION}); save it as a plain label NRRD and give label "
            "values in nodes.tsv"
        )


def labels_of(group: object, layer: int) -> list[Label]:
    """Return the labels of one group, which may be null or have none."""
    described = entries(group)
    labels = [_label(entry, layer) for entry in described]
    check_distinct(labels, "labels of group")
    return [label for label in labels if label.value != 0]


def entries(group: object) -> list[dict[str, Any]]:
    """Return the descriptions of a group's labels."""
    if group is None:
        return []
    if not isinstance(group, dict):
        raise _unreadable()
    labels = group.get("labels")
    if labels is None:
        return []
    if not isinstance(labels, list) or not all(isinstance(x, dict) for x in labels):
        raise _unreadable()
    return labels


def label_value(entry: Mapping[str, Any], key: str) -> int:
    """Return a value of pixels that a label names."""
    value = entry.get(key)
    if type(value) is not int or not 0 <= value <= LARGEST_VALUE:
        raise SegmentationError(
            f"expected a whole number from 0 to {LARGEST_VALUE} as {key} of a "
            "label, found something else; save the segmentation again with MITK"
        )
    return value


def _label(entry: Mapping[str, Any], layer: int) -> Label:
    name = entry.get("name")
    if isinstance(name, dict):  # as MITK writes a property of a type of its own
        name = name.get("value")
    if name is not None and not isinstance(name, str):
        raise _unreadable()
    return Label(layer, label_value(entry, "value"), name)


def _unreadable() -> SegmentationError:
    return SegmentationError(
        "the description of the labels cannot be read; "
        "save the segmentation again with MITK"
    )
