"""Volumes in pages: the viewer's script, and voxels as text that it decodes.

The viewer shows axial, coronal and sagittal slices, with windows, PET and outlines. Its
file begins with how it is used. A page contains it as a script; a volume is a text in a
script of its own, since a page from a folder may not read other files.
"""

import base64
import gzip
import struct
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt

from nodal_staging.study.arrays import Int16Array

STORED = ":"
"""What text begins with that is not compressed."""


def viewer_script() -> str:
    """Return the JavaScript of the viewer, which defines ``VolumeViewer``."""
    place = Path(__file__).with_name("volume_viewer.js")
    return place.read_text(encoding="utf-8")


def encode_volume(values: npt.ArrayLike, *, compressed: bool = True) -> str:
    """Write a volume as text that ``VolumeViewer.decode`` reads.

    Equal volumes give equal texts. Stored are second differences from slice to slice,
    and of these the differences along a row, as unsigned numbers: of the predictions
    that were compared, this one leaves the fewest bytes.

    Parameters
    ----------
    values
        ``(z, y, x)`` of int16: HU, SUV times a factor, or a mask.
    compressed
        Whether gzip is used, which browsers decode since Firefox 113 and Safari 16.4.

    Returns
    -------
    Base 85 (RFC 1924), for a string in double quotes: the numbers of columns, rows and
    slices, then low bytes, then high bytes.

    Examples
    --------
    >>> text = encode_volume(np.array([[[1, 3, -1]]], np.int16), compressed=False)
    >>> text, decode_volume(text).tolist()
    (':0{{U40RRF72LJ#7', [[[1, 3, -1]]])
    """
    volume = np.asarray(values).astype(np.int16)
    steps = np.diff(volume, n=2, axis=0, prepend=np.zeros_like(volume[:1].repeat(2, 0)))
    steps = np.diff(steps, axis=2, prepend=np.zeros_like(steps[..., :1]))
    folded = ((steps << 1) ^ (steps >> 15)).astype("<i2")
    planes = folded.reshape(-1).view("u1").reshape(-1, 2).T
    raw = struct.pack("<3H", *reversed(volume.shape)) + planes.tobytes()
    packed = gzip.compress(raw, 6, mtime=0) if compressed else raw
    text = base64.b85encode(packed).decode("ascii")
    return text if compressed else STORED + text


def decode_volume(text: str) -> Int16Array:
    """Read a volume ``(z, y, x)`` as the viewer does.

    Raises
    ------
    ValueError
        If the text is no volume.
    """
    try:
        packed = base64.b85decode(text.removeprefix(STORED))
        raw = packed if text.startswith(STORED) else gzip.decompress(packed)
        columns, rows, slices = struct.unpack_from("<3H", raw)
        planes = np.frombuffer(raw, "u1", offset=6).reshape(2, -1)
        folded = np.ascontiguousarray(planes.T).view("<u2")
        folded = folded.reshape(slices, rows, columns)
    except (OSError, EOFError, ValueError, struct.error, zlib.error) as error:
        raise ValueError("the text of a volume is damaged") from error
    steps = (folded >> 1).astype(np.int16) ^ -(folded & 1).astype(np.int16)
    for axis in (2, 0, 0):
        steps = np.cumsum(steps, axis=axis, dtype=np.int16)
    return steps
