"""Pixels of an indexed series: only the slices, and of these only the rows, needed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nodal_staging.exams.dicom.decoding import Decode, decoding
from nodal_staging.exams.dicom.folder import naming_file, series_files
from nodal_staging.exams.dicom.headers import UNREADABLE, inflate
from nodal_staging.exams.dicom.scanning import DEFLATED, EXPLICIT_BIG, NATIVE
from nodal_staging.exams.dicom.series import OUTSIDE, Series, Slice
from nodal_staging.geometry import Box
from nodal_staging.study.arrays import Float32Array, IntegerArray, Plane, Volume
from nodal_staging.study.errors import InputError, changed_file


def read_boxes(folder: Path, series: Series, boxes: Sequence[Box]) -> list[Volume]:
    """Read boxes of an indexed series in one pass over the files they need.

    Parameters
    ----------
    folder
        That was indexed.
    boxes
        Start and shape ``(z, y, x)`` on the series' lattice, inside of it.

    Returns
    -------
    Values of each box in the series' unit, float32 ``(z, y, x)``; pixels outside the
    scanner's field, and whatever is darker, are -1024 HU.

    Raises
    ------
    ChangedFileError
        If a file has changed since the series was indexed.
    DicomSeriesError
        If a file cannot be decoded.
    ReaderDiedError
        If the decoder of compressed slices died on a file.
    """
    values = [np.zeros(shape, dtype=np.float32) for _, shape in boxes]
    files = series_files(folder)
    if len(files) != series.files:
        raise changed_file("folder")
    with decoding() as decode:
        for number, parts in sorted(_parts(series, boxes).items()):
            item = series.slices[number]
            with naming_file(item.file):
                rows = _Rows(files[item.file], item, series, decode)
                _add(rows, parts, boxes, values)
    return values


@dataclass(frozen=True, slots=True)
class _Part:
    """A slice's share of one plane of a box."""

    box: int
    plane: int
    share: float


def _parts(series: Series, boxes: Sequence[Box]) -> dict[int, list[_Part]]:
    """Return for each slice that is needed the planes to which it contributes."""
    parts: dict[int, list[_Part]] = {}
    for number, ((first, *_), (depth, *_)) in enumerate(boxes):
        for plane in range(depth):
            for place, share in _shares(series, first + plane):
                parts.setdefault(place, []).append(_Part(number, plane, share))
    return parts


def _shares(series: Series, plane: int) -> Iterable[tuple[int, float]]:
    """Yield the slices, one or two, of which a plane of the lattice is made."""
    if series.blends is None:
        return [(plane, 1.0)]
    lower, upper, share = series.blends[plane]
    pairs = [(lower, 1 - share), (upper, share)]
    return [(place, weight) for place, weight in pairs if weight > 0]


def _add(
    rows: "_Rows",
    parts: Sequence[_Part],
    boxes: Sequence[Box],
    values: Sequence[Float32Array],
) -> None:
    """Add a slice's share to each plane of the boxes that it contributes to."""
    for part in parts:
        start, shape = boxes[part.box]
        plane = rows.read(start[1:], shape[1:])
        target = values[part.box][part.plane]
        if part.share == 1:
            target[:] = plane
        else:
            target += np.float32(part.share) * plane


class _Rows:
    """Rows of one slice in the series' unit."""

    def __init__(self, path: Path, item: Slice, series: Series, decode: Decode) -> None:
        self._item = item
        self._decode = decode
        self._unit = series.unit
        _, self._height, self._width = series.lattice.shape
        self._source = self._open(path)

    def read(self, start: tuple[int, int], shape: tuple[int, int]) -> Plane:
        """Return a rectangle, float32 ``(y, x)``; start and shape are ``(y, x)``."""
        item = self._item
        rows = self._stored(start[0], shape[0])
        stored = rows[:, start[1] : start[1] + shape[1]]
        values = stored.astype(np.float32)
        values *= np.float32(item.slope)
        values += np.float32(item.intercept)
        if item.padding is not None:
            low, high = item.padding
            values[(stored >= low) & (stored <= high)] = OUTSIDE[self._unit]
        if self._unit == "HU":
            np.maximum(values, OUTSIDE["HU"], out=values)
        return values

    def _open(self, path: Path) -> Path | bytes | IntegerArray:
        """Return where native rows lie, or the decoded slice."""
        try:
            if path.stat().st_size != self._item.size:
                raise changed_file("file")
            if self._item.format.syntax not in NATIVE:
                shape = (self._height, self._width)
                return self._decode(path, shape)
            if self._item.format.syntax == DEFLATED:
                return inflate(path).read()
        except InputError:
            raise
        except UNREADABLE:
            raise changed_file("file") from None
        return path

    def _stored(self, first: int, count: int) -> IntegerArray:
        """Return stored values ``(y, x)``, unused bits cleared."""
        if isinstance(self._source, np.ndarray):
            return _cleared(self._source[first : first + count], self._item)
        pixel_format = self._item.format
        row_bytes = self._width * pixel_format.bytes_a_pixel
        start = self._item.offset + first * row_bytes
        content = self._bytes(start, count * row_bytes)
        order = ">" if pixel_format.syntax == EXPLICIT_BIG else "<"
        kind = "i" if pixel_format.signed else "u"
        stored = np.frombuffer(content, f"{order}{kind}{pixel_format.bytes_a_pixel}")
        return _cleared(stored.reshape(count, self._width), self._item)

    def _bytes(self, start: int, count: int) -> bytes:
        if isinstance(self._source, bytes):
            content = self._source[start : start + count]
        else:
            with self._source.open("rb") as file:  # type: ignore[union-attr]
                file.seek(start)
                content = file.read(count)
        if len(content) != count:
            raise changed_file("file")
        return content


def _cleared(stored: IntegerArray, item: Slice) -> IntegerArray:
    """Drop bits that are not the pixel's, keeping its sign, as GDCM does."""
    pixel_format = item.format
    above = 8 * stored.dtype.itemsize - 1 - pixel_format.high_bit
    below = pixel_format.high_bit + 1 - pixel_format.bits_stored
    if above < 0 or above == below == 0:  # a decoder may return fewer bits
        return stored
    native = stored.astype(stored.dtype.newbyteorder("="))
    return (native << above) >> (above + below)
