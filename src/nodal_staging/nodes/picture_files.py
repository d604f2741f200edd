"""Picture files: planes of a few exams by panel and name, the same bytes for the same.

Pictures are planes ``(rows, columns)`` that stand upright in the frame of the patient
(LPS): in a coronal picture rows run from feet to head, in an axial one from front to
back; columns run from the patient's right to the left, as radiologists look at them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py

from nodal_staging.study.arrays import Float32Array
from nodal_staging.study.files import replacing


@dataclass(frozen=True, slots=True)
class Picture:
    """A plane of values, and where it lies.

    Attributes
    ----------
    values
        HU, SUV, or the share of a pixel that a node covers, ``(rows, columns)``.
    extent_mm
        Outer edges of the first and last column, then of the first and last row, as
        LPS coordinates.
    """

    values: Float32Array
    extent_mm: tuple[float, float, float, float]


Pictures = dict[str, Picture]
"""By name: ``axial_ct``, ``axial_pet``, ``axial_node``; for the whole body also
``coronal_ct``, ``coronal_node`` and ``projected_pet``. No PET, no picture of it."""


def write_pictures(path: str | Path, panels: dict[str, Pictures]) -> None:
    """Write pictures by panel and name; the same pictures give the same bytes."""
    with replacing(path) as part, h5py.File(part, "w") as file:
        for panel, name, picture in _named(panels):
            stored = file.create_dataset(
                f"{panel}/{name}",
                data=picture.values.astype("<f4"),
                compression="gzip",
                compression_opts=4,
            )
            stored.attrs["extent_mm"] = picture.extent_mm


def _named(panels: dict[str, Pictures]) -> Iterator[tuple[str, str, Picture]]:
    for panel in sorted(panels):
        for name in sorted(panels[panel]):
            yield panel, name, panels[panel][name]


def read_pictures(path: str | Path) -> dict[str, Pictures]:
    """Read what ``write_pictures`` wrote."""
    with h5py.File(path) as file:
        return {
            panel: {name: _stored(stored) for name, stored in group.items()}
            for panel, group in file.items()
        }


def _stored(stored: Any) -> Picture:
    left, right, first, last = (float(edge) for edge in stored.attrs["extent_mm"])
    return Picture(stored[...], (left, right, first, last))
