"""What benchmarks share: the configurations of the repository, and synthetic images."""

from pathlib import Path
from typing import Any

import numpy as np
import yaml

from nodal_staging.classifiers.cnn.inputs import ImageOptions, ImageSource
from nodal_staging.classifiers.cnn.recipes import Recipe, recipe_of
from nodal_staging.classifiers.cnn.sampling import HALF_DEPTH
from nodal_staging.study.configuration import recipe_options

CONFIG = Path(__file__).parents[1] / "config"


def configuration(*overlays: str) -> dict[str, Any]:
    """Return config.yaml with overlays, for example ``paper_network``."""
    config = yaml.safe_load((CONFIG / "config.yaml").read_text())
    for name in overlays:
        _lay(config, yaml.safe_load((CONFIG / f"{name}.yaml").read_text()))
    return config


def recipe(config: dict[str, Any], cnn: str, seed: int) -> Recipe:
    """Return the recipe of a CNN."""
    options = recipe_options(config)
    return recipe_of(
        cnn=cnn,
        image=options["image"],
        augmentation=options["augmentation"],
        network=options["cnn"],
        training=options["training"],
        seed=seed,
    )


def noise_source(n: int, options: ImageOptions) -> ImageSource:
    """Return n patches of noise, each with a ball for a node."""
    rng = np.random.default_rng(0)
    slabs = rng.integers(-200, 300, (n, 2 * HALF_DEPTH, 80, 80), dtype=np.int16)
    z, y, x = np.ogrid[-5.5:6, -39.5:40, -39.5:40]
    ball = (z**2 + y**2 + x**2 < 36).astype(np.uint8)
    masks = np.broadcast_to(ball, slabs.shape).copy()
    return ImageSource(slabs, masks, [f"N{k}" for k in range(n)], options)


def _lay(base: dict[str, Any], overlay: dict[str, Any]) -> None:
    for key, value in overlay.items():
        if isinstance(value, dict) and isinstance(base.get(key), dict):
            _lay(base[key], value)
        else:
            base[key] = value
