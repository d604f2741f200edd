"""Augmented images of an epoch: ours and one affine of SciPy for each image.

732 images, the training set of the paper, on one core. Ours averages the two middle
slices, interpolates linearly and applies window and brightness; SciPy does one
two-dimensional affine, linear too, and nothing else. The limit of 25 microseconds was
set for a core on which SciPy takes 59; as a part of SciPy's time it is the same for
cores of any speed.

    python benchmarks/augmentation.py
"""

import dataclasses
import time
from collections.abc import Callable

import numpy as np
from rows import Row, publish
from scipy.ndimage import affine_transform
from synthetic_inputs import configuration, noise_source, recipe

from nodal_staging.classifiers.cnn.augmentation import draw_augmentations
from nodal_staging.classifiers.cnn.inputs import ImageSource
from nodal_staging.classifiers.cnn.recipes import Recipe
from nodal_staging.classifiers.cnn.sampling import IMAGE_SIZE

IMAGES = 732
ROUNDS = 5
PEER, SCALED = "SciPy, one 2-D affine", "limit as part of SciPy's time"
LIMIT_US, PEER_US = 25, 59


def main() -> None:
    """Print microseconds an image, and ratios to the peer."""
    config = configuration("paper_network")
    ways: dict[str, Callable[[int], object]] = {}
    for name in ("ct", "xmask", "ct_and_mask"):
        how = recipe(config, "xmask" if name == "xmask" else "status_balanced", 1)
        if name == "ct_and_mask":
            image = dataclasses.replace(how.image, channels=name)
            how = dataclasses.replace(how, image=image)
        ways[f"ours, {name}"] = ours(noise_source(IMAGES, how.image), how)
    plain = recipe(config, "status_balanced", 1)
    ways[PEER] = peer(noise_source(IMAGES, plain.image), plain)
    seconds = {name: min(_measure(way)) for name, way in ways.items()}
    floor = seconds[PEER]
    for name, spent in seconds.items():
        micro = spent / IMAGES * 1e6
        print(f"{name:24} {micro:7.1f} us an image   ratio {spent / floor:.2f}")
    rows = []
    for name in (name for name in seconds if name != PEER):
        took, theirs = (part / IMAGES * 1e6 for part in (seconds[name], floor))
        rows.append(Row(name, took, "µs", PEER, theirs, 1))
        rows.append(Row(name, took, "µs", SCALED, theirs * LIMIT_US / PEER_US, 1))
    publish(rows)


def ours(source: ImageSource, how: Recipe) -> Callable[[int], object]:
    """Return what draws an epoch of the study."""
    return lambda epoch: source.augmented(how.ranges, seed=1, epoch=epoch)


def peer(source: ImageSource, how: Recipe) -> Callable[[int], object]:
    """Return what draws an epoch with SciPy, in the plane of one slice."""
    slices = source.slabs[:, source.slabs.shape[1] // 2].astype(np.float32)

    def epoch(number: int) -> None:
        drawn = draw_augmentations(source.keys, how.ranges, seed=1, epoch=number)
        middle = (np.array(slices.shape[1:]) - 1) / 2
        for place, image in enumerate(slices):
            cos, sin = np.cos(drawn.angle[place]), np.sin(drawn.angle[place])
            turn = np.array([[cos, -sin], [sin, cos]])
            centre = middle + drawn.shift[place, 1:]
            corner = centre - turn @ np.full(2, (IMAGE_SIZE - 1) / 2)
            affine_transform(
                image, turn, corner, output_shape=(IMAGE_SIZE,) * 2, order=1
            )

    return epoch


def _measure(way: Callable[[int], object]) -> list[float]:
    way(0)
    seconds = []
    for epoch in range(1, ROUNDS + 1):
        start = time.process_time()
        way(epoch)
        seconds.append(time.process_time() - start)
    return seconds


if __name__ == "__main__":
    main()
