"""NRRD headers, read with bounds before any decoder sees the file.

Native readers follow ``data file`` references to any file of the machine and may
end the interpreter on hostile headers, so a header is checked here first.

References
----------
NRRD file format, version 5, sections 3 to 6.
"""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nodal_staging.geometry import Lattice, triple
from nodal_staging.problems import InputError

LONGEST_HEADER_BYTES = 8 * 1024 * 1024
MOST_LINES = 20_000
LONGEST_AXIS = 4096
MOST_VOXELS = 2**31
LABEL_TYPES = frozenset(
    {"unsigned char", "uchar", "uint8", "unsigned short", "ushort", "uint16"}
    | {"short", "int16", "int", "int32", "unsigned int", "uint", "uint32"}
)
REDIRECTIONS = frozenset({"data file", "datafile", "line skip", "byte skip"})


class SegmentationError(InputError):
    """A segmentation cannot be used for the exam it belongs to."""

    reason = "unusable_segmentation"


@dataclass(frozen=True, slots=True)
class NrrdHeader:
    """Checked header of a label volume.

    ``keys`` are the ``key:=value`` pairs with escaped newlines resolved.
    """

    lattice: Lattice
    keys: dict[str, str]


def read_header(path: Path, *, role: str) -> NrrdHeader:
    """Read and check the header of a three-dimensional NRRD label volume.

    Parameters
    ----------
    path
        An attached-header ``.nrrd`` file.
    role
        How messages call it, for example ``exam E0001, column segmentation``.

    Raises
    ------
    SegmentationError
        If the file is not an NRRD label volume with a place in space, or points
        to other files.
    """
    fields, keys = _parse(_header_text(path, role), role)
    _check_layout(fields, role)
    return NrrdHeader(_lattice(fields, role), keys)


def _header_text(path: Path, role: str) -> str:
    """Return the header up to the empty line that ends it."""
    if path.is_symlink() or not path.is_file():
        raise SegmentationError(f"{role}: no such file; correct the path")
    with path.open("rb") as file:
        start = file.read(LONGEST_HEADER_BYTES)
    if not start.startswith(b"NRRD000"):
        raise SegmentationError(
            f"{role}: not an NRRD file; save the segmentation as .nrrd"
        )
    header, end, _ = start.partition(b"\n\n")
    if not end or header.count(b"\n") > MOST_LINES:
        raise SegmentationError(
            f"{role}: the NRRD header does not end within {MOST_LINES} lines; "
            "save the segmentation again"
        )
    try:
        return header.decode("utf-8")
    except UnicodeDecodeError:
        return header.decode("latin-1")


def _parse(text: str, role: str) -> tuple[dict[str, str], dict[str, str]]:
    """Split a header into fields (``name: value``) and keys (``name:=value``)."""
    fields: dict[str, str] = {}
    keys: dict[str, str] = {}
    for line in text.splitlines()[1:]:
        if line.startswith("#"):
            continue
        name, colon, value = line.partition(":")
        if not colon:
            raise SegmentationError(
                f"{role}: a line of the NRRD header has no colon; "
                "save the segmentation again"
            )
        if value.startswith("="):
            keys[name] = value[1:].replace("\\n", "\n").replace("\\\\", "\\")
        else:
            fields[name.strip().lower()] = value.strip()
    return fields, keys


def _check_layout(fields: dict[str, str], role: str) -> None:
    """Refuse what is not one attached, integer, three-dimensional volume."""
    redirected = sorted(REDIRECTIONS & fields.keys())
    if redirected:
        raise SegmentationError(
            f"{role}: the NRRD header points elsewhere ({redirected[0]}); "
            "save header and voxels in one file"
        )
    expectations = {
        "type": LABEL_TYPES,
        "dimension": frozenset({"3"}),
        "encoding": frozenset({"gzip", "gz", "raw"}),
    }
    for name, expected in expectations.items():
        found = fields.get(name, "nothing")
        if found not in expected:
            raise SegmentationError(
                f"{role}: NRRD field {name} is {found}, expected "
                f"{' or '.join(sorted(expected))}; save the segmentation as one "
                "three-dimensional label volume"
            )


def _lattice(fields: dict[str, str], role: str) -> Lattice:
    """Return where the voxels lie, in LPS."""
    try:
        sizes = [int(word) for word in fields["sizes"].split()]
        steps = np.array([_vector(word) for word in fields["space directions"].split()])
        origin = np.array(_vector(fields["space origin"]))
        to_lps = _to_lps(fields["space"])
    except (KeyError, ValueError):
        raise SegmentationError(
            f"{role}: the NRRD header does not say where the voxels lie (sizes, space, "
            "space directions, space origin); save the segmentation with geometry"
        ) from None
    lengths = np.linalg.norm(steps, axis=1) if steps.shape == (3, 3) else np.zeros(3)
    if (
        len(sizes) != 3
        or not all(1 <= size <= LONGEST_AXIS for size in sizes)
        or math.prod(sizes) > MOST_VOXELS
        or not np.isfinite([*steps.ravel(), *origin]).all()
        or lengths.min() <= 0
        or abs(np.linalg.det(steps / lengths[:, None])) < 1e-3
    ):
        raise SegmentationError(
            f"{role}: sizes or axes in the NRRD header make no volume; "
            "save the segmentation again"
        )
    x, y, z = sizes
    directions = (steps / lengths[:, None] * to_lps).T
    return Lattice(
        shape=(z, y, x),
        spacing_mm=triple(lengths),
        origin_mm=triple(origin * to_lps),
        direction=tuple(float(value) for value in directions.reshape(-1)),
    )


def _vector(word: str) -> list[float]:
    return [float(number) for number in word.strip("()").split(",")]


def _to_lps(space: str) -> np.ndarray:
    """Return the signs that turn a named space into LPS."""
    signs = {
        "left-posterior-superior": (1, 1, 1),
        "lps": (1, 1, 1),
        "right-anterior-superior": (-1, -1, 1),
        "ras": (-1, -1, 1),
        "left-anterior-superior": (1, -1, 1),
        "las": (1, -1, 1),
    }
    return np.array(signs[space.lower()])
