"""What augmentation draws: a pure function of seed, epoch and node.

The published chain is brightness, rotation in the axial plane, translation, flips,
crop to 48 mm and the central axial slice; ``sampling`` applies it as one map. Since a
draw depends on seed, epoch and node alone, any image of any epoch can be drawn again,
whatever the batch or the order.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from nodal_staging.study.arrays import BoolArray, FloatArray, UInt64Array

Flip = Literal["none", "independent", "one_of_three"]

DRAWS = 7
"""Uniform numbers per image: brightness, angle, three shifts, two for the flips."""


@dataclass(frozen=True, slots=True)
class Ranges:
    """How far each part of the augmentation may go.

    ``brightness`` bounds the factor on the grey values, ``rotation_deg`` the angle
    either way, ``shift_mm`` the shift along each axis either way. ``flip`` says what
    "across the sagittal or axial plane or both" means: ``independent`` flips across
    each plane with probability 1/2, ``one_of_three`` always across one of them or
    both, each with probability 1/3; ``none`` never.
    """

    brightness: tuple[float, float]
    rotation_deg: float
    shift_mm: float
    flip: Flip


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

    brightness: FloatArray
    angle: FloatArray
    shift: FloatArray
    flip: BoolArray

    def part(self, rows: slice) -> "Augmentation":
        """Return the draws of some of the images."""
        return Augmentation(
            self.brightness[rows], self.angle[rows], self.shift[rows], self.flip[rows]
        )


def node_keys(node_ids: Sequence[str]) -> UInt64Array:
    """Return a number for each node that is the same everywhere ``(n,)``."""
    digests = [hashlib.sha256(node_id.encode()).digest()[:8] for node_id in node_ids]
    return np.frombuffer(b"".join(digests), dtype="<u8").astype(np.uint64)


def draw_augmentations(
    keys: UInt64Array, ranges: Ranges, *, seed: int, epoch: int
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
        flip=_flips(u[:, 5:7], ranges.flip),
    )


def _flips(u: FloatArray, meaning: Flip) -> BoolArray:
    """Decide on the sagittal and the axial flip from uniform numbers ``(n, 2)``."""
    if meaning == "none":
        return np.zeros(u.shape, dtype=bool)
    if meaning == "independent":
        return u < 0.5
    third = np.floor(3 * u[:, 0])  # 0 sagittal, 1 axial, 2 both
    return np.column_stack([third != 1, third != 0])


def no_augmentation(n: int) -> Augmentation:
    """Return what leaves n images as they are."""
    return Augmentation(
        np.ones(n), np.zeros(n), np.zeros((n, 3)), np.zeros((n, 2), dtype=bool)
    )


def _uniform(keys: UInt64Array, seed: int, epoch: int) -> FloatArray:
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


def _mix(values: UInt64Array | np.uint64) -> UInt64Array:
    """Scramble 64 bits so that neighbours have nothing in common."""
    z = np.asarray(values, dtype=np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))
