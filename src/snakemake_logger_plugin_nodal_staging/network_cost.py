"""Seconds that the configured network takes to train, from its size."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nodal_staging.study.configuration_file import read_configuration_file
from nodal_staging.study.errors import ConfigurationError
from snakemake_logger_plugin_nodal_staging.configuration_files import (
    configuration_files,
)
from snakemake_logger_plugin_nodal_staging.progress import about
from snakemake_logger_plugin_nodal_staging.words import EXPECTED_SECONDS

DEFAULTS = Path(__file__).parents[2] / "config" / "config.yaml"

PUBLISHED_TRAINING_S = 3000.0
"""CPU seconds of one training of ``config/paper_network.yaml`` on 684 nodes
(docs/training.md)."""

PUBLISHED_EPOCHS = 50
PUBLISHED: dict[str, dict[str, Any]] = {
    "cnn": {
        "convolutions": [2, 2, 4, 4, 4],
        "first_width": 64,
        "dense_widths": [4096, 4096],
    },
}
SMALL_TRAINING_S, SMALL_EPOCHS = EXPECTED_SECONDS["train_cnn"], 48
"""Of the network of the demonstration; smaller ones are no faster."""

WHOLE = ("train_cnn", "train_permuted", "train_share", "train_refit")
"""Rules that train one network on a whole training set."""
FOLDED = ("train_folds", "train_candidate")
"""Rules that train ``training.folds_per_job`` networks, each without one fold."""
TRAININGS = (*WHOLE, *FOLDED)

INPUT_PIXELS = 48 * 48
MOST_DOUBLINGS = 3
"""Of the width, from block to block."""


def read_configuration(arguments: Sequence[str]) -> dict[str, Any]:
    """Return the default configuration with the files of a command line over it.

    Files that cannot be read are left out; Snakemake refuses them.
    """
    merged: dict[str, Any] = {}
    paths = [str(DEFAULTS), *configuration_files(arguments)]
    for path in paths:
        try:
            _merge(merged, read_configuration_file(path))
        except ConfigurationError:
            continue
    return merged


def training_seconds(config: Mapping[str, Any]) -> float:
    """Return the CPU seconds of one training on 684 nodes.

    Scaled from the published network by multiplications and epochs, and at least that
    of the demonstration by epochs. Keys may lack.
    """
    epochs = float(_section(config, "training").get("epochs", SMALL_EPOCHS))
    small = SMALL_TRAINING_S * epochs / SMALL_EPOCHS
    share = multiplications(config) / multiplications(PUBLISHED)
    published = PUBLISHED_TRAINING_S * epochs / PUBLISHED_EPOCHS
    return max(small, share * published)


def multiplications(config: Mapping[str, Any]) -> float:
    """Return the multiplications of one pass of the configured network."""
    cnn = _section(config, "cnn")
    convolutions = cnn.get("convolutions", [])
    first = float(cnn.get("first_width", 1))
    pixels, before, total = float(INPUT_PIXELS), 1.0, 0.0
    for block, number in enumerate(convolutions):
        width = first * 2 ** min(block, MOST_DOUBLINGS)
        total += 9 * pixels * width * (before + (number - 1) * width)
        pixels, before = pixels / 4, width
    # The last pooling leaves one pixel.
    for width in (*cnn.get("dense_widths", []), 1):
        total += before * width
        before = float(width)
    return total


def expected_seconds(config: Mapping[str, Any]) -> dict[str, float]:
    """Return the seconds of a job of each rule, those of trainings as configured."""
    whole = training_seconds(config)
    folds = max(int(_section(config, "datasets").get("folds", 2)), 2)
    each = min(int(_section(config, "training").get("folds_per_job", 1)), folds)
    folded = whole * each * (folds - 1) / folds
    return (
        EXPECTED_SECONDS | dict.fromkeys(WHOLE, whole) | dict.fromkeys(FOLDED, folded)
    )


def network_name(config: Mapping[str, Any]) -> str:
    """Name the cost of a network: durations of another one do not count."""
    return f"{about(training_seconds(config))} a training"


def _section(config: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = config.get(name)
    return found if isinstance(found, Mapping) else {}


def _merge(base: dict[str, Any], over: Mapping[str, Any]) -> None:
    """Overrule keys as Snakemake does: section by section."""
    for key, value in over.items():
        if isinstance(value, Mapping) and isinstance(base.get(key), dict):
            _merge(base[key], value)
        else:
            base[key] = dict(value) if isinstance(value, Mapping) else value
