"""From patches to what the network sees: windowed images, masked if configured."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

import numpy as np

from nodal_staging.classifiers.cnn.augmentation import (
    Augmentation,
    Ranges,
    draw_augmentations,
    no_augmentation,
    node_keys,
)
from nodal_staging.classifiers.cnn.sampling import (
    HALF_DEPTH,
    IMAGE_SIZE,
    sample_in_parts,
)
from nodal_staging.nodes.patch_files import read_slabs
from nodal_staging.study.arrays import Float32Array, FloatArray, Slabs, UInt8Array

BrightnessScale = Literal["windowed", "hu", "attenuation"]

AIR_HU = np.float32(-1000)


@dataclass(frozen=True, slots=True)
class ImageOptions:
    """How a patch becomes an input.

    ``window_hu`` is mapped to 0..1; ``masked`` sets what lies outside the node to
    ``mask_fill`` after windowing; ``channels`` is ``ct`` or ``ct_and_mask``.
    ``brightness_scale`` says on which scale the factor of the augmentation acts:
    ``windowed`` on 0..1, not clipped again; ``hu`` on signed HU; ``attenuation`` on
    HU above air; the last two before windowing.
    """

    window_hu: tuple[float, float]
    mask_fill: float
    channels: str
    masked: bool
    brightness_scale: BrightnessScale = "windowed"

    @property
    def channel_names(self) -> tuple[str, ...]:
        """What the channels of the input hold, in their order."""
        ct = "CT × mask" if self.masked else "CT"
        return (ct, "mask") if self.channels == "ct_and_mask" else (ct,)

    @property
    def n_channels(self) -> int:
        """Number of channels of the input."""
        return len(self.channel_names)


class ImageSource:
    """Images of a list of nodes, augmented or plain, in the order of the list."""

    def __init__(
        self,
        slabs: Slabs,
        masks: UInt8Array,
        node_ids: Sequence[str],
        options: ImageOptions,
    ) -> None:
        """Take the central slices of n patches: HU and mask ``(n, 12, 80, 80)``."""
        self.slabs, self.masks = slabs, masks
        self.keys = node_keys(node_ids)
        self.options = options

    @classmethod
    def read(
        cls,
        patches: Iterable[str | Path],
        node_ids: Sequence[str],
        options: ImageOptions,
    ) -> Self:
        """Read the central slices of the nodes' patches."""
        slabs, masks = read_slabs(patches, node_ids, half_depth=HALF_DEPTH)
        return cls(slabs, masks, node_ids, options)

    def digest(self) -> str:
        """Return the SHA-256 sum of all voxels that images are made of."""
        total = hashlib.sha256()
        for slab, mask in zip(self.slabs, self.masks, strict=True):
            total.update(slab.data)
            total.update(mask.data)
        return total.hexdigest()

    def plain(self) -> Float32Array:
        """Return the central images ``(n, 48, 48, channels)``."""
        return self.images(no_augmentation(len(self.keys)))

    def augmented(self, ranges: Ranges, *, seed: int, epoch: int) -> Float32Array:
        """Return the images of a training epoch ``(n, 48, 48, channels)``."""
        return self.images(
            draw_augmentations(self.keys, ranges, seed=seed, epoch=epoch)
        )

    def images(self, drawn: Augmentation) -> Float32Array:
        """Return the images of given draws ``(n, 48, 48, channels)``."""
        shape = (len(self.keys), IMAGE_SIZE, IMAGE_SIZE, self.options.n_channels)
        images = np.empty(shape, np.float32)
        needed = self.options.masked or self.options.n_channels > 1
        parts = sample_in_parts(
            self.slabs,
            self.masks if needed else None,
            drawn,
            inside_only=self.options.masked,
        )
        for rows, values, inside in parts:
            windowed(values, drawn.brightness[rows], self.options)
            if inside is not None:
                if self.options.masked:
                    np.copyto(values, self.options.mask_fill, where=~inside)
                if self.options.n_channels > 1:
                    images[rows, ..., 1] = inside
            images[rows, ..., 0] = values
        return images


def windowed(hu: Float32Array, brightness: FloatArray, options: ImageOptions) -> None:
    """Map the window to 0..1 and apply brightness, in place.

    Parameters
    ----------
    hu
        Values of n images ``(n, y, x)``; overwritten.
    brightness
        Factor of each image ``(n,)``.
    options
        Window, and the scale on which brightness acts.
    """
    factor = brightness.astype(np.float32)[:, None, None]
    low, high = (np.float32(bound) for bound in options.window_hu)
    if options.brightness_scale == "hu":
        hu *= factor
    elif options.brightness_scale == "attenuation":
        hu -= AIR_HU
        hu *= factor
        hu += AIR_HU
    hu -= low
    hu *= 1 / (high - low)
    np.clip(hu, np.float32(0), np.float32(1), out=hu)
    if options.brightness_scale == "windowed":
        hu *= factor
