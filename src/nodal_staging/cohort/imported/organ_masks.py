"""Where a lesion lies, by masks of organs as TotalSegmentator writes them.

A lesion of which most lies in a bone or an organ is no node. The location of others is
that of the closest structure which runs along one location; it stays open if that
is far, or hardly closer than a structure of another location.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nodal_staging.exams.segmentation.regions import Region
from nodal_staging.exams.volumes import index_volume, read_boxes
from nodal_staging.geometry import Box, Lattice, box_of
from nodal_staging.study.arrays import FloatArray, IntArray, Volume
from nodal_staging.study.errors import InputError

NO_NODE = re.compile(
    r"vertebra|sacrum|hip(_|$)|rib_|femur|humerus|scapula|clavicul|skull|sternum|bone"
    r"|prostate|bladder|liver|kidney|spleen|pancreas|stomach|duodenum|bowel|colon"
    r"|gland|parotid|submandibular|lung|heart|brain|gallbladder|seminal",
    re.IGNORECASE,
)
"""Structures in which a lesion is no node: bones, prostate and other organs."""

LANDMARKS = {
    "iliac": r"iliac_(artery|vena|vein)",
    "inguinal": r"femur|femoral_(artery|vein)",
    "perirectal": r"rectum",
    "retroperitoneal": r"inferior_vena_cava|vertebrae_L\d|abdominal_aorta",
    "mediastinal": r"trachea|esophagus|heart|atri|pulmonary_v|superior_vena_cava"
    r"|brachiocephalic|vertebrae_T([3-9]|1[0-2])",
    "axillary": r"humerus|scapula|axillary",
    "supraclavicular": r"clavicul",
    "cervical": r"vertebrae_C\d|thyroid|skull|submandibular|jugular",
}
"""Structures that run along a location."""

MOST_SHARE = 0.5
"""Share of a lesion in a structure from which it is no node."""

FARTHEST_MM = 40.0
LEAST_CONFIDENCE = 0.3
"""Where a location is stated: distance of its structure, and lead over others."""

WINDOW_MM = 60.0
"""Beyond it no structure is looked for."""

HIGHEST_VALUE = 2**15


class OrganError(InputError):
    """Masks of organs, or their names, cannot be used."""

    reason = "unusable_organs"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What lies around a lesion.

    Attributes
    ----------
    within
        Structure that contains most of it and in which it is no node; None if none.
    nearest, distance_mm, confidence
        Closest landmark and its distance, and from 0 to 1 how much closer it is than
        one of another location; ``-`` and None if none is in the window.
    location
        What the landmark states; None if it is far or not clear.
    """

    within: str | None
    nearest: str
    distance_mm: float | None
    confidence: float | None
    location: str | None


@dataclass(frozen=True, slots=True)
class _Window:
    """Masks of organs around a lesion, ``(z, y, x)``, and their place in the volume."""

    labels: IntArray
    start: tuple[int, int, int]
    lattice: Lattice

    def points(self, values: Sequence[int]) -> FloatArray:
        """Return the LPS points of all voxels with one of some values."""
        index = np.argwhere(np.isin(self.labels, values)) + np.array(self.start)
        return self.lattice.to_points(index)

    def at(self, points: FloatArray) -> IntArray:
        """Return the values at LPS points, without those outside."""
        index = np.rint(self.lattice.to_index(points)).astype(int) - self.start
        inside = ((index >= 0) & (index < np.array(self.labels.shape))).all(axis=1)
        values: IntArray = self.labels[tuple(index[inside].T)]
        return values


@dataclass(frozen=True, slots=True)
class Organs:
    """Names of the values in masks of organs."""

    names: dict[int, str]

    def around(self, path: Path, lesions: Sequence[Region]) -> list[Surroundings]:
        """Return the surroundings of lesions of one exam.

        Parameters
        ----------
        path
            A volume of whole numbers.
        lesions
            On any grid.

        Raises
        ------
        OrganError, VolumeError
            If the file holds no masks.
        """
        volume = index_volume(path, unit="stored")
        points = [_points(region) for region in lesions]
        boxes = [_box(own, volume.lattice) for own in points]
        windows = [
            _Window(_whole(part), box[0], volume.lattice)
            for part, box in zip(read_boxes(path, volume, boxes), boxes, strict=True)
        ]
        return [
            self._surroundings(own, window)
            for own, window in zip(points, windows, strict=True)
        ]

    def _surroundings(self, points: FloatArray, window: _Window) -> Surroundings:
        within = self._within(points, window)
        distances = self._distances(points, window)
        if not distances:
            return Surroundings(within, "-", None, None, None)
        nearest = min(distances, key=lambda name: (distances[name], name))
        closest, location = distances[nearest], location_of(nearest)
        others = [d for name, d in distances.items() if location_of(name) != location]
        second = min(others, default=WINDOW_MM)
        confidence = 0.0 if second <= closest else 1 - closest / second
        if closest > FARTHEST_MM or confidence < LEAST_CONFIDENCE:
            location = None
        elif location == "supraclavicular" and self._below(points, nearest, window):
            location = "infraclavicular"
        rounded = (round(closest, 1), round(confidence, 2))
        return Surroundings(within, nearest, *rounded, location)

    def _within(self, points: FloatArray, window: _Window) -> str | None:
        """Return the structure that contains most of a lesion, if it is no node."""
        found = window.at(points)
        for value in np.unique(found[found > 0]):
            name = self.names.get(int(value), "")
            share = float((found == value).sum()) / len(points)
            if share > MOST_SHARE and NO_NODE.search(name):
                return name
        return None

    def _distances(self, points: FloatArray, window: _Window) -> dict[str, float]:
        """Return the distance of a lesion from each landmark in its window, in mm."""
        from scipy.spatial import cKDTree  # noqa: PLC0415 (slow to import)

        tree = cKDTree(points)
        found = {}
        for value in np.unique(window.labels[window.labels > 0]):
            name = self.names.get(int(value))
            if name is not None and location_of(name) is not None:
                away, _ = tree.query(window.points([int(value)]))
                found[name] = float(away.min())
        return found

    def _below(self, points: FloatArray, name: str, window: _Window) -> bool:
        """Tell whether a lesion lies below the part of the clavicle next to it."""
        from scipy.spatial import cKDTree  # noqa: PLC0415

        values = [value for value, known in self.names.items() if known == name]
        bone = window.points(values)
        _, place = cKDTree(bone).query(points.mean(axis=0))
        return bool(points[:, 2].mean() < bone[place, 2])


def _whole(part: Volume) -> IntArray:
    """Return masks of organs as whole numbers, or refuse them."""
    if (part != np.rint(part)).any() or part.min() < 0 or part.max() > HIGHEST_VALUE:
        raise OrganError(
            "the organs are no whole numbers; give the multi-label volume of all "
            "structures"
        )
    return part.astype(np.int64)


def location_of(name: str) -> str | None:
    """Return the location along which a structure runs, None if it tells none.

    Examples
    --------
    >>> location_of("iliac_vena_left"), location_of("liver")
    ('iliac', None)
    """
    for location, pattern in LANDMARKS.items():
        if re.search(pattern, name, re.IGNORECASE):
            return location
    return None


def _points(region: Region) -> FloatArray:
    """Return the LPS points of the voxels of a region."""
    index = np.argwhere(region.mask) + np.array(region.start)
    return region.lattice.to_points(index)


def _box(points: FloatArray, lattice: Lattice) -> Box:
    """Return the box of a grid around points, with a margin."""
    low, high = points.min(axis=0) - WINDOW_MM, points.max(axis=0) + WINDOW_MM
    corners = np.array(np.meshgrid(*zip(low, high, strict=True))).reshape(3, -1).T
    return box_of(lattice.to_index(corners), lattice)


def read_organ_names(path: Path) -> dict[int, str]:
    """Read a table of value and name, one a line, separated by a tab, comma or blank.

    Raises
    ------
    OrganError
        Naming the first line that is none.
    """
    names: dict[int, str] = {}
    lines = path.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, start=1):
        words = re.split(r"[\t,; ]+", line.strip(), maxsplit=1)
        if not line.strip() or (number == 1 and not words[0].isdecimal()):
            continue  # a header
        if len(words) != 2 or not words[0].isdecimal():
            raise OrganError(
                f"{path.name}, line {number}: expected a value and a name, such as 5 "
                "and liver; correct the line"
            )
        names[int(words[0])] = words[1].strip()
    if not names:
        raise OrganError(f"{path.name}: no value has a name; write a value and a name")
    return names
