"""Scores and calls of all classifiers for the same nodes, at frozen thresholds.

Classifiers of tables are fitted to their training set once more, which gives the same
model; the training set is not perturbed. A threshold is read from the statistics of the
study and never chosen again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from nodal_staging.audit.robustness.perturbed_nodes import PerturbedNodes
from nodal_staging.classifiers import forest
from nodal_staging.classifiers.baselines import CUT_OFFS, measured_scores
from nodal_staging.classifiers.called_nodes import chosen_threshold
from nodal_staging.classifiers.cnn.backend import keras, use_device
from nodal_staging.classifiers.cnn.fitting import predict
from nodal_staging.classifiers.cnn.inputs import ImageOptions, ImageSource
from nodal_staging.classifiers.cnn.recipes import read_recipe
from nodal_staging.classifiers.cnn.training import trained_network
from nodal_staging.classifiers.scores import called_positive
from nodal_staging.classifiers.table_models import TableModels
from nodal_staging.study.arrays import BoolArray, FloatArray

USES = {
    "cnn": ("image", "mask", "position", "orientation"),
    "radiomics": ("image", "mask"),
    "attenuation_27hu": ("image", "mask"),
    "location": (),
}
"""What a classifier depends on, by the beginning of its name; others on the mask
alone. Radiomics features depend neither on the place nor on the orientation of a node.
A CNN without a mask in its images still follows the mask, which centres them."""


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """Scores and calls of n nodes, both ``(n,)``."""

    score: FloatArray
    called: BoolArray


@dataclass(frozen=True, slots=True, eq=False)
class Scorer:
    """A classifier of the study.

    Attributes
    ----------
    name
        Of the classifier.
    uses
        What it depends on, as steps name it.
    score
        Scores nodes and calls them at the frozen threshold.
    """

    name: str
    uses: tuple[str, ...]
    score: Callable[[PerturbedNodes], Scored]


@dataclass(frozen=True, slots=True, kw_only=True)
class Models:
    """What classifiers are made of.

    Attributes
    ----------
    recipes, weights
        By CNN.
    tables
        What classifiers of tables are fitted to.
    gpu
        Whether a GPU may be used.
    """

    recipes: Mapping[str, str | Path]
    weights: Mapping[str, str | Path]
    tables: TableModels
    gpu: bool


def scorers(
    models: Models, statistics: Mapping[str, str | Path], test: pd.DataFrame
) -> list[Scorer]:
    """Return the classifiers, in the order of their statistics.

    Parameters
    ----------
    models
        What they are made of.
    statistics
        Classifier to its statistics, which hold its threshold.
    test
        ``tables.DATASET`` of the test set.
    """
    start_tensorflow(models)
    return [
        Scorer(name, _uses(name), _scoring(name, models, path, test))
        for name, path in statistics.items()
    ]


def start_tensorflow(models: Models) -> None:
    """Set up TensorFlow as the recipes require, which agree in this."""
    for path in models.recipes.values():
        how = read_recipe(path)
        use_device(
            gpu=models.gpu,
            intra_op_threads=how.intra_op_threads,
            precision=how.precision,
        )
        return


def _uses(name: str) -> tuple[str, ...]:
    for start, uses in USES.items():
        if name.startswith(start):
            return uses
    return ("mask",)


def _scoring(
    name: str, models: Models, statistics: str | Path, test: pd.DataFrame
) -> Callable[[PerturbedNodes], Scored]:
    """Return how a classifier scores perturbed nodes."""
    if name in CUT_OFFS:
        return partial(_by_cut_off, name)
    kind, _, training = name.partition("_")
    if kind == "rf":
        return partial(_by_forest, partial(models.tables.scorer(name), test))
    threshold = chosen_threshold(statistics)
    if kind == "cnn":
        how = read_recipe(models.recipes[training])
        model = trained_network(how, models.weights[training])
        return partial(_by_cnn, model, how.image, threshold)
    if name == "volume":
        return partial(_by_threshold, _volume_scores, threshold)
    scores_of = partial(models.tables.scorer(name), test)
    return partial(_by_threshold, scores_of, threshold)


def _by_cnn(
    model: keras.Model, options: ImageOptions, threshold: float, nodes: PerturbedNodes
) -> Scored:
    node_ids = [node.node_id for node in nodes.patches]
    source = ImageSource(nodes.slabs, nodes.masks, node_ids, options)
    score = predict(model, source.images(nodes.placed))
    return Scored(score, called_positive(score, threshold))


def _by_forest(
    scores_of: Callable[[PerturbedNodes], FloatArray], nodes: PerturbedNodes
) -> Scored:
    score = scores_of(nodes)
    return Scored(score, score > forest.THRESHOLD)


def _by_cut_off(name: str, nodes: PerturbedNodes) -> Scored:
    score, called = measured_scores(name, nodes.measured)
    return Scored(score, np.asarray(called, bool))


def _by_threshold(
    scores_of: Callable[[PerturbedNodes], FloatArray],
    threshold: float,
    nodes: PerturbedNodes,
) -> Scored:
    score = scores_of(nodes)
    return Scored(score, called_positive(score, threshold))


def _volume_scores(nodes: PerturbedNodes) -> FloatArray:
    return measured_scores("volume", nodes.measured)[0]
