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

from nodal_staging.classifiers.cnn.backend import instructions, keras, versions
from nodal_staging.classifiers.cnn.checkpoints import Checkpoint, all_variables
from nodal_staging.classifiers.cnn.epochs import epochs_of
from nodal_staging.classifiers.cnn.inputs import ImageSource
from nodal_staging.classifiers.cnn.network import build_network, compile_network
from nodal_staging.classifiers.cnn.recipes import Recipe
from nodal_staging.estimates.auc import placements
from nodal_staging.study.arrays import BoolArray, Float32Array, FloatArray
from nodal_staging.study.instruction_sets import check_instructions
from nodal_staging.study.seeds import named_seed, stream

logger = logging.getLogger(__name__)

SMALLEST_PROBABILITY = 1e-7
SCORED_AT_ONCE = 64
"""Images."""


@dataclass(frozen=True, slots=True, eq=False)
class HeldOut:
    """Nodes that a fold holds out: images ``(n, 48, 48, channels)``, status."""

    images: Float32Array
    positive: BoolArray


class Trainer:
    """A network that is trained once or several times, as a recipe says.

    All its trainings use one graph, which takes seconds to build. Each gives the
    weights that it would have given alone.
    """

    def __init__(self, recipe: Recipe) -> None:
        """Build the network.

        Raises
        ------
        InputError
            If this CPU lacks the instruction set of the recipe.
        """
        check_instructions(recipe.cpu_instructions)
        self.recipe = recipe
        self.model = new_network(recipe, "all")
        self._is_new = True
        self._epoch = epochs_of(self.model, xla=recipe.xla)

    def fit(
        self,
        dataset: pd.DataFrame,
        source: ImageSource,
        *,
        name: str,
        checkpoint: Path | None = None,
        code: str = "",
        held_out: HeldOut | None = None,
    ) -> pd.DataFrame:
        """Train the network from its first weights.

        The order of an epoch and the augmentation of its images depend on the seed, the
        epoch and the nodes alone.

        Parameters
        ----------
        dataset, source
            On which nodes (``tables.DATASET``), and their images.
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
        ``tables.HISTORY``.

        Raises
        ------
        InputError
            If the checkpoint was written with another instruction set.
        """
        self.restart(name)
        target = (dataset["status"] == "positive").to_numpy(np.float32)
        state = None
        rows: list[dict[str, Any]] = []
        if checkpoint is not None:
            key = _key(self.recipe, dataset, source, name, code)
            state = Checkpoint(checkpoint, key, instructions())
            rows = state.restore(self.model)
        for epoch in range(len(rows), self.recipe.epochs):
            row = self.train_epoch(source, target, epoch)
            if held_out and _is_watched(self.recipe, epoch):
                row |= _held_out_quality(self.model, held_out)
            rows.append(row)
            logger.info("%s: %s", name, _line(row, self.recipe.epochs))
            if state:
                state.save(self.model, rows)
        columns = ["epoch", "loss", "accuracy", "held_out_loss", "held_out_auc"]
        return pd.DataFrame(rows).reindex(columns=columns)

    def restart(self, name: str) -> None:
        """Give network and optimiser the first values of a training."""
        was_new, self._is_new = self._is_new, False
        if was_new and name == "all":
            return
        fresh = new_network(self.recipe, name)
        for variable, first in zip(
            all_variables(self.model), all_variables(fresh), strict=True
        ):
            variable.assign(first)

    def train_epoch(
        self, source: ImageSource, target: Float32Array, epoch: int
    ) -> dict[str, Any]:
        """Show every node once, in batches of equal size or one less.

        Returns
        -------
        Number of the epoch, and the means of loss and accuracy over its nodes, each as
        its batch met the network.
        """
        seed = self.recipe.seed
        images = source.augmented(self.recipe.ranges, seed=seed, epoch=epoch)
        order = stream(seed, "training", "order", epoch).permutation(len(target))
        self.model.optimizer.learning_rate.assign(learning_rate(self.recipe, epoch))
        batches = max(len(order) // self.recipe.batch_size, 1)
        found = self._epoch(images, target, np.array_split(order, batches))
        return {"epoch": epoch + 1, **found}


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
    """Return the probability of a positive node ``(n,)``.

    Without a graph: it would take longer to build than some hundred images to score.
    """
    starts = range(0, len(images), SCORED_AT_ONCE)
    parts = [images[i : i + SCORED_AT_ONCE] for i in starts]
    scores = [keras.ops.convert_to_numpy(model(part, training=False)) for part in parts]
    return np.concatenate([np.empty((0, 1)), *scores], dtype=np.float64)[:, 0]


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
    """Hash all that decides the weights but the instruction sets of the CPU."""
    nodes = dataset[["node_id", "status"]].to_numpy().tolist()
    how = dataclasses.asdict(recipe)
    del how["cpu_instructions"]
    described = [how, nodes, name, code, versions()]
    text = json.dumps(described, sort_keys=True)
    return hashlib.sha256(text.encode() + source.digest().encode()).hexdigest()
