"""From patches to what the network sees: windowed images, masked where asked."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from nodal_staging.augment import (
    HALF_DEPTH,
    Augmentation,
    Ranges,
    draw_augmentations,
    no_augmentation,
    node_keys,
    sample,
)
from nodal_staging.patch_files import read_slabs

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ImageOptions:
    """How a patch becomes an input.

    ``window_hu`` is mapped to 0..1; ``masked`` sets what lies outside the node to
    ``mask_fill`` after windowing; ``channels`` is ``ct`` or ``ct_and_mask``.
    """

    window_hu: tuple[float, float]
    mask_fill: float
    channels: str
    masked: bool

    @property
    def n_channels(self) -> int:
        """Number of channels of the input."""
        return 2 if self.channels == "ct_and_mask" else 1


class ImageSource:
    """Images of a list of nodes, augmented or plain, in the order of the list."""

    def __init__(
        self,
        patches: Iterable[str | Path],
        node_ids: Sequence[str],
        options: ImageOptions,
    ) -> None:
        """Read the central slices of the nodes' patches."""
        self.slabs, self.masks = read_slabs(patches, node_ids, half_depth=HALF_DEPTH)
        self.keys = node_keys(node_ids)
        self.options = options

    def plain(self) -> FloatArray:
        """Return the central images ``(n, 48, 48, channels)``."""
        return self._images(no_augmentation(len(self.keys)))

    def augmented(self, ranges: Ranges, *, seed: int, epoch: int) -> FloatArray:
        """Return the images of a training epoch ``(n, 48, 48, channels)``."""
        return self._images(
            draw_augmentations(self.keys, ranges, seed=seed, epoch=epoch)
        )

    def _images(self, drawn: Augmentation) -> FloatArray:
        """Interpolate, window, brighten, mask; in this order.

        Brightness acts on the windowed scale, as HU are signed, and is not clipped.
        """
        low, high = self.options.window_hu
        images = (sample(self.slabs, drawn) - low) / (high - low)
        images = np.clip(images, 0, 1) * drawn.brightness[:, None, None]
        channels = [images]
        if self.options.masked or self.options.n_channels > 1:
            masks = sample(self.masks, drawn) >= 0.5
            if self.options.masked:
                channels[0] = np.where(masks, images, self.options.mask_fill)
            if self.options.n_channels > 1:
                channels.append(masks)
        return np.stack(channels, axis=-1).astype(np.float32)
