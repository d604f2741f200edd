"""Augmentation of training images: one affine, one interpolation, replayable.

The published chain is brightness, rotation in the axial plane, translation, flips,
crop to 48 mm and the central axial slice. Here it is one map from the 48 x 48 pixels
that the network sees to places in the patch, so each pixel is interpolated once.
With the shift applied in the frame of the patch no sample leaves it:
23.5 * sqrt(2) + 5 = 38.2 <= 39.5 voxels (rotating first would reach 40.3).

What is drawn depends on seed, epoch and node alone, so any image of any epoch can be
drawn again, whatever the batch or the order.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]

IMAGE_SIZE = 48
LARGEST_SHIFT = 5
HALF_DEPTH = LARGEST_SHIFT + 2
"""Slices on each side of the centre that any draw can touch, and one to spare."""

DRAWS = 7
"""Uniform numbers per image: brightness, angle, three shifts, two flips."""


@dataclass(frozen=True, slots=True)
class Ranges:
    """How far each part of the augmentation may go.

    ``brightness`` bounds the factor on the windowed image, ``rotation_deg`` the
    angle either way, ``shift_mm`` the shift along each axis either way.
    """

    brightness: tuple[float, float]
    rotation_deg: float
    shift_mm: float
    flip: bool


@dataclass(frozen=True, slots=True)
class Augmentation:
    """What was drawn for n images.

    Attributes
    ----------
    brightness
        Factors ``(n,)``.
    angle
        Rotation in the axial plane in radians ``(n,)``.
    shift
        Shift in voxels of the patch ``(n, 3)``, order ``(z, y, x)``.
    flip
        Whether to mirror across the sagittal (x) and the axial (z) plane ``(n, 2)``.
    """

    brightness: npt.NDArray[np.float64]
    angle: npt.NDArray[np.float64]
    shift: npt.NDArray[np.float64]
    flip: npt.NDArray[np.bool_]


def node_keys(node_ids: Sequence[str]) -> npt.NDArray[np.uint64]:
    """Return a number for each node that is the same everywhere ``(n,)``."""
    digests = [hashlib.sha256(node_id.encode()).digest()[:8] for node_id in node_ids]
    return np.frombuffer(b"".join(digests), dtype="<u8").astype(np.uint64)


def draw_augmentations(
    keys: npt.NDArray[np.uint64], ranges: Ranges, *, seed: int, epoch: int
) -> Augmentation:
    """Draw the augmentation of every image of an epoch.

    Parameters
    ----------
    keys
        As ``node_keys`` gives them ``(n,)``.
    ranges
        How far to go.
    seed, epoch
        Of the study, and counted from 0.
    """
    u = _uniform(keys, seed, epoch)
    low, high = ranges.brightness
    return Augmentation(
        brightness=low + (high - low) * u[:, 0],
        angle=np.deg2rad(ranges.rotation_deg) * (2 * u[:, 1] - 1),
        shift=ranges.shift_mm * (2 * u[:, 2:5] - 1),
        flip=(u[:, 5:7] < 0.5) & ranges.flip,
    )


def no_augmentation(n: int) -> Augmentation:
    """Return what leaves n images as they are."""
    return Augmentation(
        np.ones(n), np.zeros(n), np.zeros((n, 3)), np.zeros((n, 2), dtype=bool)
    )


def source_points(drawn: Augmentation) -> npt.NDArray[np.float64]:
    """Return where each pixel is sampled, relative to the centre of the patch.

    Returns
    -------
    Voxels ``(n, 48, 48, 3)`` in ``(z, y, x)``; a patch of 80 reaches to 39.5.
    """
    offsets = np.arange(IMAGE_SIZE) - (IMAGE_SIZE - 1) / 2
    y, x = offsets[None, :, None], offsets[None, None, :]
    mirror = np.where(drawn.flip[:, 0], -1.0, 1.0)[:, None, None]
    cos = np.cos(drawn.angle)[:, None, None]
    sin = np.sin(drawn.angle)[:, None, None]
    shift = drawn.shift[:, :, None, None]
    along_x = mirror * x
    depth = np.where(drawn.flip[:, 1], -1.0, 1.0) * drawn.shift[:, 0]
    points = np.empty((len(drawn.angle), IMAGE_SIZE, IMAGE_SIZE, 3))
    points[..., 0] = depth[:, None, None]
    points[..., 1] = sin * along_x + cos * y + shift[:, 1]
    points[..., 2] = cos * along_x - sin * y + shift[:, 2]
    return points


def sample(slabs: npt.NDArray[np.generic], drawn: Augmentation) -> FloatArray:
    """Sample images from slabs of patches by linear interpolation.

    Parameters
    ----------
    slabs
        Central slices of n patches ``(n, depth, y, x)``; the centre lies between the
        middle voxels of each axis.
    drawn
        How to place each image.

    Returns
    -------
    Interpolated values ``(n, 48, 48)``, brightness not applied.
    """
    count, depth, height, width = slabs.shape
    images = np.empty((count, IMAGE_SIZE, IMAGE_SIZE), dtype=np.float32)
    points = source_points(drawn)
    z = points[:, 0, 0, 0] + (depth - 1) / 2
    below = np.clip(np.floor(z).astype(int), 0, depth - 2)
    weight = (z - below).astype(np.float32)
    for place in range(count):
        lower, upper = slabs[place, below[place]], slabs[place, below[place] + 1]
        plane = lower + weight[place] * (upper.astype(np.float32) - lower)
        y = (points[place, ..., 1] + (height - 1) / 2).ravel()
        x = (points[place, ..., 2] + (width - 1) / 2).ravel()
        images[place] = _bilinear(plane, y, x).reshape(IMAGE_SIZE, IMAGE_SIZE)
    return images


def _bilinear(
    plane: FloatArray, y: npt.NDArray[np.float64], x: npt.NDArray[np.float64]
) -> FloatArray:
    """Interpolate a plane ``(y, x)`` at points that lie inside it."""
    height, width = plane.shape
    row = np.minimum(y.astype(np.int32), height - 2)
    column = np.minimum(x.astype(np.int32), width - 2)
    v = (y - row).astype(np.float32)
    u = (x - column).astype(np.float32)
    values = plane.ravel()
    corner = row * width + column
    top = values.take(corner)
    top += u * (values.take(corner + 1) - top)
    corner += width
    bottom = values.take(corner)
    bottom += u * (values.take(corner + 1) - bottom)
    result: FloatArray = top + v * (bottom - top)
    return result


def _uniform(
    keys: npt.NDArray[np.uint64], seed: int, epoch: int
) -> npt.NDArray[np.float64]:
    """Return uniform numbers in [0, 1) by hashing counters ``(n, DRAWS)``.

    Each number is a function of (seed, epoch, key, place) alone.

    References
    ----------
    The mixing function is that of SplitMix64 (Steele et al., OOPSLA 2014).
    """
    with np.errstate(over="ignore"):
        state = _mix(keys ^ _mix(np.uint64(seed)))
        state = _mix(state + _mix(np.uint64(epoch) + np.uint64(1)))
        counters = np.arange(1, DRAWS + 1, dtype=np.uint64)
        bits = _mix(state[:, None] + counters * np.uint64(0x9E3779B97F4A7C15))
    return (bits >> np.uint64(11)).astype(np.float64) * 2.0**-53


def _mix(values: npt.NDArray[np.uint64] | np.uint64) -> npt.NDArray[np.uint64]:
    """Scramble 64 bits so that neighbours have nothing in common."""
    z = np.asarray(values, dtype=np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))
