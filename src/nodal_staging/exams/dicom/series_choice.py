"""Which of several series in a folder is meant, by properties that are anonymous.

Series are listed and numbered in the order of their properties, so that neither the
list nor a number depends on names of files.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from pydicom.dataset import Dataset

from nodal_staging.exams.dicom.elements import readable_number, readable_text
from nodal_staging.exams.dicom.frames import Frame
from nodal_staging.study.errors import DicomSeriesError

MOST_LISTED = 6
SAME_NUMBER = 0.005
ALONG_AN_AXIS = 0.95
"""Cosine of the slice normal with an axis of the body that still names the slices."""

KERNEL_NAMES = frozenset(
    "STANDARD SOFT LUNG BONE BONEPLUS DETAIL EDGE CHEST SMOOTH SHARP BODY ULTRA".split()
)
KERNEL_SHAPE = re.compile(r"[A-Z]{1,2}|FC\d{2}|[A-Z]{1,2}[a-z]?\d{1,3}[a-z]{0,2}(-\d)?")
"""Names of kernels as scanners give them; other text is not quoted."""

IMAGE_TYPES = frozenset(
    {"ORIGINAL", "DERIVED", "PRIMARY", "SECONDARY", "AXIAL", "MPR", "MIP", "MINIP"}
    | {"MIN_IP", "AVERAGE", "REFORMATTED", "PROJECTION IMAGE", "VOLUME", "HELIX"}
    | {"HELICAL", "CT_SOM5 SPI", "CT_SOM5 SEQ", "CT_SOM7 SPI", "CT_SOM7 SEQ"}
    | {"RESAMPLED", "STATIC", "DYNAMIC", "GATED", "WHOLE BODY", "ADDITION", "OTHER"}
)
"""Values of ImageType that are quoted."""


@dataclass(frozen=True, slots=True)
class Traits:
    """What distinguishes a series from the others of its folder; None where unstated.

    Attributes
    ----------
    slices, direction
        Number of slices, and how they lie: axial, coronal, sagittal or oblique.
    thickness, kernel, type
        SliceThickness in mm, ConvolutionKernel, and the values of ImageType
        between slashes.
    time, phase, acquisition
        TemporalPositionIdentifier, NominalPercentageOfCardiacPhase and
        AcquisitionNumber.
    """

    slices: int
    direction: str
    thickness: float | None
    kernel: str
    type: str
    time: float | None
    phase: float | None
    acquisition: float | None

    def order(self) -> tuple[object, ...]:
        """Return the key by which series are listed."""
        numbers = (self.thickness, self.time, self.phase, self.acquisition)
        stated = tuple((x is not None, x or 0.0) for x in numbers)
        return (self.direction, stated, self.kernel, self.type, -self.slices)


TEXTS: dict[str, Callable[[Traits], str]] = {
    "kernel": lambda traits: traits.kernel,
    "direction": lambda traits: traits.direction,
    "type": lambda traits: traits.type,
}
NUMBERS: dict[str, Callable[[Traits], float | None]] = {
    "thickness": lambda traits: traits.thickness,
    "phase": lambda traits: traits.phase,
    "time": lambda traits: traits.time,
    "acquisition": lambda traits: traits.acquisition,
    "slices": lambda traits: traits.slices,
}
"""Properties by which a sheet may name a series."""


def chosen(
    groups: Sequence[list[Frame]], headers: Sequence[Dataset], choice: str | None
) -> list[Frame]:
    """Return the series that is meant.

    Parameters
    ----------
    groups
        Frames of each series.
    headers
        Header of the first frame of each.
    choice
        What the sheet has behind ``#``: a number in the order of properties, or
        properties such as ``kernel=B30f,thickness=1.5``; None where it has nothing.

    Raises
    ------
    DicomSeriesError
        If there are several and none is named, or not exactly one has the properties.
    """
    if len(groups) == 1 and choice is None:
        return groups[0]
    found = [
        (traits_of(group, header), group)
        for group, header in zip(groups, headers, strict=True)
    ]
    found.sort(key=lambda pair: (pair[0].order(), _identity(pair[1])))
    listed = [traits for traits, _ in found]
    if choice is None:
        raise _error(
            f"the folder holds {len(found)} series",
            found,
            "keep the one that was "
            f"segmented, or name it behind the path in the sheet, {_example(listed)}",
        )
    fitting = _fitting(listed, choice)
    if len(fitting) == 1:
        return found[fitting[0]][1]
    count = f"{len(fitting)} of" if fitting else "none of"
    fix = "add another property" if fitting else "correct it"
    raise _error(
        f"#{choice} in the sheet fits {count} the {len(found)} series of the folder",
        found,
        f"{fix}, {_example(listed)}",
    )


def traits_of(group: Sequence[Frame], header: Dataset) -> Traits:
    """Return what distinguishes a series from others."""
    across, down = np.reshape(group[0].plane.cosines, (2, 3))
    normal = np.abs(np.cross(across, down))
    names = ("sagittal", "coronal", "axial")
    along = int(normal.argmax())
    return Traits(
        slices=len(group),
        direction=names[along] if normal[along] > ALONG_AN_AXIS else "oblique",
        thickness=readable_number(header, "SliceThickness"),
        kernel="-".join(_parts(header, "ConvolutionKernel")),
        type="/".join(_parts(header, "ImageType")),
        time=readable_number(header, "TemporalPositionIdentifier"),
        phase=readable_number(header, "NominalPercentageOfCardiacPhase"),
        acquisition=readable_number(header, "AcquisitionNumber"),
    )


def _parts(header: Dataset, name: str) -> list[str]:
    return [part.strip() for part in readable_text(header, name).split("\\")]


def _identity(group: Sequence[Frame]) -> tuple[object, ...]:
    """Return an order of series that have the same properties."""
    first = min(group, key=lambda frame: (frame.key, frame.instance, frame.frame))
    return first.key, first.acquisition, first.instance


def _fitting(listed: Sequence[Traits], choice: str) -> list[int]:
    """Return the places of the series that a choice fits."""
    if choice.isascii() and choice.isdecimal():
        return [int(choice) - 1] if 1 <= int(choice) <= len(listed) else []
    wanted = [part.partition("=")[::2] for part in choice.split(",")]
    return [
        place
        for place, traits in enumerate(listed)
        if all(_fits(traits, name.strip().lower(), value) for name, value in wanted)
    ]


def _fits(traits: Traits, name: str, value: str) -> bool:
    """Tell whether a series has a property."""
    value = value.strip().casefold()
    if name in TEXTS:
        text = TEXTS[name](traits).casefold()
        return value in {text, *text.split("/")} and bool(value)
    if name not in NUMBERS:
        raise DicomSeriesError(
            "the sheet names a series by a property that is unknown; use "
            f"{', '.join([*TEXTS, *NUMBERS])}, or its number",
            "several_series",
        )
    number = NUMBERS[name](traits)
    try:
        wanted = float(value.removesuffix("mm").removesuffix("%"))
    except ValueError:
        return False
    return number is not None and abs(number - wanted) <= SAME_NUMBER


def _error(
    problem: str, found: Sequence[tuple[Traits, list[Frame]]], fix: str
) -> DicomSeriesError:
    """List the series without quoting anything that identifies a person."""
    listed = ", ".join(
        f"#{number} ({_described(*pair)})"
        for number, pair in enumerate(found[:MOST_LISTED], start=1)
    )
    if len(found) > MOST_LISTED:
        listed += f" and {len(found) - MOST_LISTED} more"
    return DicomSeriesError(f"{problem}: {listed}; {fix}", "several_series")


def _described(traits: Traits, group: Sequence[Frame]) -> str:
    plane = group[0].plane
    row_mm, column_mm = plane.spacing_mm
    words = [
        f"{traits.slices} {traits.direction} slices of {plane.columns} x {plane.rows} "
        f"pixels of {column_mm:.3g} x {row_mm:.3g} mm"
    ]
    if traits.thickness is not None:
        words.append(f"thickness {traits.thickness:g} mm")
    if traits.kernel:
        words.append(f"kernel {_quoted_kernel(traits.kernel) or 'not quoted'}")
    for name in ("time", "phase", "acquisition"):
        number = NUMBERS[name](traits)
        if number is not None:
            words.append(f"{name} {number:g}")
    words += [f"type {kind}" for kind in [_quoted_type(traits.type)] if kind]
    files = sorted({frame.file + 1 for frame in group})
    span = f"file {files[0]}" if len(files) == 1 else f"files {files[0]} to {files[-1]}"
    return ", ".join([*words, span])


def _quoted_kernel(kernel: str) -> str:
    """Return a kernel that is named as scanners name them, else nothing."""
    safe = kernel in KERNEL_NAMES or KERNEL_SHAPE.fullmatch(kernel)
    return kernel if safe else ""


def _quoted_type(kind: str) -> str:
    """Return the values of ImageType that the standard or a scanner defines."""
    return " ".join(value for value in kind.split("/") if value in IMAGE_TYPES)


def _example(listed: Sequence[Traits]) -> str:
    """Return how a sheet names the first series, by a property where one does."""
    first = listed[0]
    for name, value in (
        ("kernel", _quoted_kernel(first.kernel)),
        ("thickness", "" if first.thickness is None else f"{first.thickness:g}"),
        ("direction", first.direction),
        ("phase", "" if first.phase is None else f"{first.phase:g}"),
        ("time", "" if first.time is None else f"{first.time:g}"),
        ("acquisition", "" if first.acquisition is None else f"{first.acquisition:g}"),
        ("slices", f"{first.slices}"),
    ):
        if value and len(_fitting(listed, f"{name}={value}")) == 1:
            return f"for example #{name}={value}"
    return "for example #1"
