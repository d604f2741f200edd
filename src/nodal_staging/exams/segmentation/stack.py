"""MITK's segmentation stack: a ``.mitklabel.json`` that names a file a group or label.

MITK follows absolute paths and ``..``; here a file lies in the folder of the stack.

References
----------
MITK v2025.08, documentation of the segmentation stack.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from nodal_staging.exams.raw_files import checked_file
from nodal_staging.exams.segmentation.mitk_json import (
    MITK_2023,
    check_version,
    entries,
    label_value,
    labels_of,
)
from nodal_staging.exams.segmentation.regions import (
    Label,
    Region,
    Segmentation,
    check_masks,
    described,
)
from nodal_staging.exams.segmentation.safe_text import TextError, parsed
from nodal_staging.exams.voxel_stream import MOST_LAYERS
from nodal_staging.study.errors import SegmentationError, naming_part

STACK_TYPE = f"{MITK_2023}.stack"
LONGEST_STACK = 8 * 1024 * 1024
MOST_FILES = 1000

ReadFile = Callable[[Path], Segmentation]


def read_stack(path: Path, read_file: ReadFile) -> Segmentation:
    """Read a stack; every group is a layer.

    Parameters
    ----------
    path
        The JSON file.
    read_file
        Reads one file of the stack, given its path.

    Raises
    ------
    SegmentationError
        If the stack is broken, names files elsewhere, or a file is no segmentation.
    """
    groups = _groups(path)
    files = StackFiles(path.parent, read_file)
    regions: list[Region] = []
    labels: list[Label] = []
    for layer, group in enumerate(groups):
        stated = labels_of(group, layer)
        regions += _group_regions(group or {}, layer, files)
        labels += stated
    return described(regions, labels, layers=len(groups))


class StackFiles:
    """Files of a stack, each read once."""

    def __init__(self, folder: Path, read_file: ReadFile) -> None:
        self._folder = folder
        self._read_file = read_file
        self._read: dict[Path, dict[int, Region]] = {}
        self._voxels = 0

    def regions(self, name: object) -> dict[int, Region]:
        """Return the labels of a file by their value.

        Raises
        ------
        SegmentationError
            If the file lies elsewhere, is no segmentation, or has several layers.
        """
        path = self._path(name)
        if path not in self._read:
            self._read[path] = self._load(path)
        return self._read[path]

    def _load(self, path: Path) -> dict[int, Region]:
        with naming_part(f"file {len(self._read) + 1} of the stack"):
            if len(self._read) >= MOST_FILES:
                raise SegmentationError(
                    f"more than the {MOST_FILES} files that are accepted; give the "
                    "segmentation of one exam"
                )
            segmentation = self._read_file(path)
            if segmentation.layers != 1:
                raise SegmentationError(
                    f"{segmentation.layers} layers, expected one; save every group as "
                    "a file of its own"
                )
            self._voxels += sum(region.mask.size for region in segmentation.regions)
            check_masks(self._voxels)
        return {region.value: region for region in segmentation.regions}

    def _path(self, name: object) -> Path:
        """Return the place of a file that the stack names, links resolved."""
        if not isinstance(name, str) or not _stays_below(name):
            raise SegmentationError(
                "the stack names a file by an absolute path, by .. or "
                "in an unreadable way; put its files next to it"
            )
        with naming_part("file of a stack"):
            path = checked_file(self._folder / name)
        if not path.is_relative_to(os.path.realpath(self._folder)):
            raise SegmentationError(
                "the stack names a link that leads out of its folder; "
                "put its files next to it"
            )
        return path


def _groups(path: Path) -> list[Any]:
    """Return the groups of a stack whose type and version are known."""
    try:
        file = checked_file(path, most_bytes=LONGEST_STACK)
        stack = parsed(file.read_bytes().decode("utf-8-sig"))
    except (TextError, UnicodeDecodeError):
        raise _unreadable() from None
    if not isinstance(stack, dict) or stack.get("type") != STACK_TYPE:
        raise SegmentationError(
            "JSON that is no segmentation stack of MITK; give the segmentation"
        )
    check_version(stack.get("version"))
    groups = stack.get("groups") or []
    if not isinstance(groups, list) or len(groups) > MOST_LAYERS:
        raise _unreadable()
    return groups


def _group_regions(
    group: Mapping[str, Any], layer: int, files: StackFiles
) -> list[Region]:
    """Return the voxels of a group, under the values of the stack."""
    found: dict[int, Region] = {}
    of_group = files.regions(group["_file"]) if "_file" in group else {}
    used: set[int] = set()  # values of the group's file that a label took or replaced
    for entry in entries(group):
        value = label_value(entry, "value")
        region = _label_region(entry, of_group, files)
        used.add(value if "_file" in entry else entry.get("_file_value", value))
        if region is not None and value != 0:
            found[value] = replace(region, layer=layer, value=value, name=None)
    for value, region in of_group.items():
        if value in found and value not in used:
            raise SegmentationError(
                f"value {value} of the file of group {layer} is the value of "
                "another label too; give each a value of its own"
            )
        if value not in used:
            found[value] = replace(region, layer=layer)
    return list(found.values())


def _label_region(
    entry: Mapping[str, Any],
    of_group: Mapping[int, Region],
    files: StackFiles,
) -> Region | None:
    """Return the voxels of a label: of its own file, else of its group's."""
    key = "_file_value" if "_file_value" in entry else "value"
    if "_file" not in entry:
        return of_group.get(label_value(entry, key))
    own = files.regions(entry["_file"])
    if key == "_file_value":
        return own.get(label_value(entry, key))
    if len(own) > 1:
        raise SegmentationError(
            f"the file of label {label_value(entry, 'value')} holds "
            f"{len(own)} values; add _file_value to the stack"
        )
    return next(iter(own.values()), None)


def _stays_below(name: str) -> bool:
    """Tell whether a name is relative, on every system, and never goes up."""
    parts = PureWindowsPath(name).parts
    return (
        bool(parts)
        and "\0" not in name
        and ".." not in parts
        and not PurePosixPath(name).is_absolute()
        and not PureWindowsPath(name).drive
        and not PureWindowsPath(name).root
    )


def _unreadable() -> SegmentationError:
    return SegmentationError(
        "the segmentation stack cannot be read; save it again with MITK"
    )
