"""The training loop: the same weights for the same recipe, images and threads."""

import dataclasses
import hashlib
import json
import logging
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nodal_staging.classifiers.cnn.backend import keras, versions
from nodal_staging.classifiers.cnn.checkpoints import Checkpoint
from nodal_staging.classifiers.cnn.inputs import ImageSource
from nodal_staging.classifiers.cnn.network import build_network, compile_network
from nodal_staging.classifiers.cnn.recipes import Recipe
from nodal_staging.estimates.auc import placements
from nodal_staging.study.arrays import BoolArray, Float32Array, FloatArray
from nodal_staging.study.seeds import named_seed, stream

logger = logging.getLogger(__name__)

SMALLEST_PROBABILITY = 1e-7


@dataclass(frozen=True, slots=True, eq=False)
class HeldOut:
    """Nodes that a fold holds out: images ``(n, 48, 48, channels)``, status."""

    images: Float32Array
    positive: BoolArray


def fit(
    recipe: Recipe,
    dataset: pd.DataFrame,
    source: ImageSource,
    *,
    name: str,
    checkpoint: Path | None = None,
    code: str = "",
    held_out: HeldOut | None = None,
) -> tuple[keras.Model, pd.DataFrame]:
    """Train a network.

    The order of an epoch and the augmentation of its images depend on the seed, the
    epoch and the nodes alone.

    Parameters
    ----------
    recipe, dataset, source
        How to train, on which nodes (``tables.DATASET``), and their images.
    name
        Of this training; draws its first weights.
    checkpoint
        Where to keep the state between epochs; a training that finds its own state
        there goes on after it. The caller removes the file once the result is safe.
    code
        Version of the code, so that a state of other code is not used.
    held_out
        Nodes to watch meanwhile, at the epochs that the recipe names.

    Returns
    -------
    The trained model and ``tables.HISTORY``.
    """
    model = new_network(recipe, name)
    target = (dataset["status"] == "positive").to_numpy(np.float32)
    state = None
    rows: list[dict[str, Any]] = []
    if checkpoint is not None:
        key = _key(recipe, dataset, source, name, code)
        state = Checkpoint(checkpoint, key)
        rows = state.restore(model)
    for epoch in range(len(rows), recipe.epochs):
        row = train_epoch(model, recipe, source, target, epoch)
        if held_out and _is_watched(recipe, epoch):
            row |= _held_out_quality(model, held_out)
        rows.append(row)
        logger.info("%s: %s", name, _line(row, recipe.epochs))
        if state:
            state.save(model, rows)
    columns = ["epoch", "loss", "accuracy", "held_out_loss", "held_out_auc"]
    return model, pd.DataFrame(rows).reindex(columns=columns)


def new_network(recipe: Recipe, name: str) -> keras.Model:
    """Build and compile the network of a training with its first weights."""
    model = build_network(
        recipe.network,
        channels=recipe.image.n_channels,
        seed=named_seed(recipe.seed, "weights", name),
        precision=recipe.precision,
    )
    compile_network(model, **recipe.optimizer, loss=recipe.loss, xla=recipe.xla)
    model.optimizer.build(model.trainable_variables)
    return model


def learning_rate(recipe: Recipe, epoch: int) -> float:
    """Return the learning rate of an epoch, counted from 0.

    ``constant`` is the paper's; ``cosine`` falls to zero along half a cosine.
    """
    rate = float(recipe.optimizer["learning_rate"])
    if recipe.schedule == "constant":
        return rate
    return rate * (1 + math.cos(math.pi * epoch / recipe.epochs)) / 2


def predict(model: keras.Model, images: Float32Array) -> FloatArray:
    """Return the probability of a positive node ``(n,)``."""
    scores = model.predict(images, batch_size=64, verbose=0)[:, 0]
    return np.asarray(scores, dtype=np.float64)


def train_epoch(
    model: keras.Model,
    recipe: Recipe,
    source: ImageSource,
    target: Float32Array,
    epoch: int,
) -> dict[str, Any]:
    """Show every node once, in batches of equal size or one less.

    Returns
    -------
    Number of the epoch, and the means of loss and accuracy over its nodes, each as its
    batch met the network.
    """
    images = source.augmented(recipe.ranges, seed=recipe.seed, epoch=epoch)
    order = stream(recipe.seed, "training", "order", epoch).permutation(len(target))
    model.optimizer.learning_rate.assign(learning_rate(recipe, epoch))
    total = {"loss": 0.0, "accuracy": 0.0}
    for batch in np.array_split(order, max(len(order) // recipe.batch_size, 1)):
        # Whether results speak of a batch or of the epoch so far is up to the backend.
        model.reset_metrics()
        found = model.train_on_batch(images[batch], target[batch], return_dict=True)
        for name in total:
            total[name] += float(found[name]) * len(batch)
    return {"epoch": epoch + 1} | {n: one / len(target) for n, one in total.items()}


def _is_watched(recipe: Recipe, epoch: int) -> bool:
    last = epoch + 1 == recipe.epochs
    return last or (epoch + 1) % recipe.held_out_every == 0


def _held_out_quality(model: keras.Model, held_out: HeldOut) -> dict[str, float]:
    """Return cross-entropy and AUC of the nodes held out."""
    score = predict(model, held_out.images)
    bounded = np.clip(score, SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY)
    right = np.where(held_out.positive, bounded, 1 - bounded)
    quality = {"held_out_loss": float(-np.log(right).mean())}
    if 0 < held_out.positive.sum() < len(score):
        cases, _ = placements(score, held_out.positive)
        quality["held_out_auc"] = float(cases.mean())
    return quality


def _line(row: dict[str, Any], epochs: int) -> str:
    """Say in one line of the log how far a training is."""
    line = f"epoch {row['epoch']} of {epochs}, loss {row['loss']:.4f}, "
    line += f"accuracy {row['accuracy']:.3f}"
    if "held_out_loss" in row:
        line += f"; held out: loss {row['held_out_loss']:.4f}"
    if "held_out_auc" in row:
        line += f", AUC {row['held_out_auc']:.3f}"
    return line


def _key(
    recipe: Recipe, dataset: pd.DataFrame, source: ImageSource, name: str, code: str
) -> str:
    """Hash all that decides the weights."""
    nodes = dataset[["node_id", "status"]].to_numpy().tolist()
    described = [dataclasses.asdict(recipe), nodes, name, code, versions()]
    text = json.dumps(described, sort_keys=True)
    return hashlib.sha256(text.encode() + source.digest().encode()).hexdigest()
