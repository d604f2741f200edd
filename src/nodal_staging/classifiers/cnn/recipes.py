"""Recipes: everything that decides the weights of a CNN, except its images.

A recipe is a file next to the weights. Scoring, attribution and prediction read it, so
that later changes of the configuration do not affect a trained network.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nodal_staging.classifiers.cnn.augmentation import Ranges
from nodal_staging.classifiers.cnn.inputs import ImageOptions
from nodal_staging.study.files import read_json, write_json

OPTIMIZER = ("learning_rate", "beta_1", "beta_2", "epsilon")


@dataclass(frozen=True, slots=True)
class Architecture:
    """The layers of a network, as ``network.build_network`` puts them together.

    Attributes
    ----------
    convolutions
        Convolutions of each of the five blocks.
    first_width
        Filters of the first block; the others have 2, 4, 8 and 8 times as many.
    dense_widths
        Widths of the hidden dense layers.
    pooling
        ``max`` or ``average``, after each block.
    initializer
        How weights are drawn: ``he_normal`` or ``glorot_uniform``.
    batch_norm_momentum
        Momentum of the moving averages.
    dropout
        Share of inputs that a dense layer drops in training.
    """

    convolutions: Sequence[int]
    first_width: int
    dense_widths: Sequence[int]
    pooling: str
    initializer: str
    batch_norm_momentum: float
    dropout: float


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that decides the weights of a CNN, except its images.

    ``network`` is its architecture; ``optimizer`` holds the options of Adam;
    ``schedule`` is ``constant`` or ``cosine``; ``intra_op_threads`` is here since it
    changes bits, ``cpu_instructions``, ``precision`` and ``xla`` too;
    ``held_out_every`` is the number of epochs between two looks at the nodes that a
    fold holds out.
    """

    image: ImageOptions
    ranges: Ranges
    network: Architecture
    optimizer: Mapping[str, float]
    loss: str
    schedule: str
    epochs: int
    batch_size: int
    cpu_instructions: str
    intra_op_threads: int
    precision: str
    xla: bool
    held_out_every: int
    seed: int


def recipe_of(
    *,
    cnn: str,
    image: Mapping[str, Any],
    augmentation: Mapping[str, Any],
    network: Mapping[str, Any],
    training: Mapping[str, Any],
    seed: int,
) -> Recipe:
    """Gather a recipe from the sections of the configuration.

    The CNN ``xmask`` sees the node alone; the others see its surroundings too.
    """
    kept = {name: training[name] for name in training if name not in OPTIMIZER}
    return Recipe(
        image=ImageOptions(
            window_hu=tuple(image["window_hu"]),
            mask_fill=image["mask_fill"],
            channels=image["channels"],
            masked=cnn == "xmask",
            brightness_scale=augmentation["brightness_scale"],
        ),
        ranges=Ranges(
            brightness=tuple(augmentation["brightness"]),
            rotation_deg=augmentation["rotation_deg"],
            shift_mm=augmentation["shift_mm"],
            flip=augmentation["flip"],
        ),
        network=Architecture(**network),
        optimizer={name: training[name] for name in OPTIMIZER},
        seed=seed,
        **kept,
    )


def write_recipe(
    *,
    cnn: str,
    options: Mapping[str, Any],
    seed: int,
    chosen: str | Path | None,
    percent: int,
    output: str | Path,
) -> None:
    """Write the recipe of a CNN.

    Parameters
    ----------
    cnn
        ``status_balanced``, ``location_balanced`` or ``xmask``.
    options
        The sections ``image``, ``augmentation``, ``cnn`` and ``training`` of the
        configuration.
    seed
        The study's seed.
    chosen
        What the architecture selection chose, in place of these options; None where
        the configuration decides.
    percent
        Share of the training set that will be used: epochs are scaled, so that the
        number of batches stays that of the whole.
    output
        JSON.
    """
    if chosen is not None:
        options = read_json(chosen)["options"]
    training = dict(options["training"])
    training["epochs"] = round(training["epochs"] * 100 / percent)
    recipe = recipe_of(
        cnn=cnn,
        image=options["image"],
        augmentation=options["augmentation"],
        network=options["cnn"],
        training=training,
        seed=seed,
    )
    write_json(output, dataclasses.asdict(recipe))


def read_recipe(path: str | Path) -> Recipe:
    """Read what ``write_recipe`` wrote."""
    stored = read_json(path)
    image, ranges = stored.pop("image"), stored.pop("ranges")
    network = stored.pop("network")
    return Recipe(
        image=ImageOptions(**image | {"window_hu": tuple(image["window_hu"])}),
        ranges=Ranges(**ranges | {"brightness": tuple(ranges["brightness"])}),
        network=Architecture(**network),
        **stored,
    )
