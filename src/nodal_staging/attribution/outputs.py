"""What a layer gives for all images, so that the next need not begin at the pixels."""

import tempfile
from collections.abc import Iterator

import numpy as np

from .array_types import AnyArray

ROOM_BYTES = 2**30
"""Above it outputs go to a temporary file, so that memory does not grow with images."""


class Outputs:
    """Batches in the order in which they came, ``(n, ..., channels)``.

    Held in memory, or in an unnamed file of the folder for temporary files where they
    take more than ``ROOM_BYTES``.
    """

    def __init__(self, dtype: str, room: int | None = None) -> None:
        """Take batches of a precision."""
        self._file = tempfile.SpooledTemporaryFile(
            max_size=ROOM_BYTES if room is None else room
        )
        self._dtype = np.dtype(dtype)
        self.shape: tuple[int, ...] = ()

    def append(self, batch: AnyArray) -> None:
        """Keep the outputs of some images."""
        self.shape = batch.shape[1:]
        self._file.write(np.ascontiguousarray(batch, self._dtype).data.cast("B"))

    @property
    def values(self) -> int:
        """Number of values of an image."""
        return int(np.prod(self.shape))

    def batches(self, size: int) -> Iterator[AnyArray]:
        """Yield the outputs of so many images at a time; the last may be fewer."""
        self._file.seek(0)
        length = size * self.values * self._dtype.itemsize
        while found := self._file.read(length):
            yield np.frombuffer(found, self._dtype).reshape(-1, *self.shape)

    def close(self) -> None:
        """Give the room back."""
        self._file.close()
