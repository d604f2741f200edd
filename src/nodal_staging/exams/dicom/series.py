"""An indexed series: where its voxels lie and how its files are read."""

from collections.abc import Sequence
from dataclasses import asdict, astuple, dataclass, fields
from typing import Any, Literal, Self

from nodal_staging.exams.dicom.frames import Frame
from nodal_staging.exams.dicom.pixel_format import PixelFormat
from nodal_staging.exams.dicom.stacking import Blend, Stack
from nodal_staging.geometry import Lattice

Unit = Literal["HU", "SUV", "stored"]

OUTSIDE_SCANNER_HU = -1024
OUTSIDE: dict[Unit, float] = {"HU": OUTSIDE_SCANNER_HU, "SUV": 0.0, "stored": 0.0}
"""Value of pixels that hold no measurement."""


@dataclass(frozen=True, slots=True)
class Slice:
    """How one plane of pixels is read.

    ``file`` counts the files of the folder in the order of their paths, from 0;
    ``size`` and ``offset`` are bytes; a stored value v means
    ``v * slope + intercept``; stored values from ``padding[0]`` to ``padding[1]``
    hold no measurement.
    """

    file: int
    size: int
    offset: int
    slope: float
    intercept: float
    format: PixelFormat
    padding: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Series:
    """Index of a series.

    Attributes
    ----------
    lattice
        Grid of the whole volume; index z rises along the slice normal.
    slices
        In the order of z.
    unit
        Of the values that are read: HU, SUV, or as stored.
    files
        How many files the folder holds; a change is noticed.
    blends
        Where planes of the lattice lie between slices, see ``stacking.Stack``.
    """

    lattice: Lattice
    slices: tuple[Slice, ...]
    unit: Unit
    files: int
    blends: tuple[Blend, ...] | None = None

    def to_json(self) -> dict[str, Any]:
        """Return plain lists and numbers; slices in columns, a constant one once."""
        return {
            "lattice": asdict(self.lattice),
            "slices": _columns([astuple(item) for item in self.slices]),
            "unit": self.unit,
            "files": self.files,
            "blends": self.blends,
        }

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """Rebuild what ``to_json`` gave."""
        lattice = {key: tuple(value) for key, value in content["lattice"].items()}
        blends = content["blends"]
        return cls(
            lattice=Lattice(**lattice),
            slices=tuple(_slice(row) for row in _rows(content["slices"])),
            unit=content["unit"],
            files=content["files"],
            blends=None if blends is None else tuple(map(tuple, blends)),
        )


def series_of(
    frames: Sequence[Frame],
    stack: Stack,
    *,
    unit: Unit,
    files: int,
    factors: Sequence[float] | None = None,
) -> Series:
    """Join ordered frames to a series.

    ``factors`` turn the rescaled values of each frame, in the order of ``frames``,
    into the unit.
    """
    slices = tuple(
        _slice_of(frames[place], 1.0 if factors is None else factors[place])
        for place in stack.order
    )
    return Series(stack.lattice, slices, unit, files, stack.blends)


def _slice_of(frame: Frame, factor: float) -> Slice:
    return Slice(
        file=frame.file,
        size=frame.size,
        offset=frame.offset,
        slope=frame.slope * factor,
        intercept=frame.intercept * factor,
        format=frame.format,
        padding=frame.padding,
    )


def _columns(rows: list[tuple[Any, ...]]) -> dict[str, list[Any]]:
    """Turn rows to columns; a column of one value throughout keeps it once."""
    columns = {}
    for field, values in zip(fields(Slice), zip(*rows, strict=True), strict=True):
        constant = all(value == values[0] for value in values)
        columns[field.name] = list(values[:1] if constant else values)
    return columns | {"n": [len(rows)]}


def _rows(columns: dict[str, list[Any]]) -> list[tuple[Any, ...]]:
    """Undo ``_columns``."""
    count = columns["n"][0]
    filled = [
        columns[field.name] * (count if len(columns[field.name]) == 1 else 1)
        for field in fields(Slice)
    ]
    return list(zip(*filled, strict=True))


def _slice(row: tuple[Any, ...]) -> Slice:
    file, size, offset, slope, intercept, pixel_format, padding = row
    bounds = None if padding is None else (padding[0], padding[1])
    form = PixelFormat(*pixel_format)
    return Slice(file, size, offset, slope, intercept, form, bounds)
