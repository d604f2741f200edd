"""Training, cross-validation and scoring of the CNNs, from files to files."""

import dataclasses
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nodal_staging import tables
from nodal_staging.classifiers.cnn.backend import keras, use_device, versions
from nodal_staging.classifiers.cnn.fitting import HeldOut, fit, new_network, predict
from nodal_staging.classifiers.cnn.inputs import ImageSource
from nodal_staging.classifiers.cnn.layers import describe_layers
from nodal_staging.classifiers.cnn.recipes import Recipe, read_recipe
from nodal_staging.classifiers.cnn.weight_files import load_weights, save_weights
from nodal_staging.classifiers.scores import score_table
from nodal_staging.study.files import write_json


def train_cnn(
    *,
    recipe: str | Path,
    training: str | Path,
    patches: Iterable[str | Path],
    gpu: bool,
    code: str,
    weights: str | Path,
    history: str | Path,
    card: str | Path,
) -> None:
    """Train on the whole training set; a killed training goes on where it was.

    Parameters
    ----------
    recipe, training, patches
        As ``recipes.write_recipe`` left it, ``tables.DATASET``, and patch files of
        all shards.
    gpu
        Whether a GPU may be used.
    code
        Version of the code.
    weights, history, card
        Outputs: weights alone; loss by epoch (``tables.HISTORY``); a description.
    """
    how = read_recipe(recipe)
    use_device(gpu=gpu, intra_op_threads=how.intra_op_threads, xla=how.xla)
    dataset = tables.read(training, tables.DATASET)
    source = ImageSource.read(patches, list(dataset["node_id"]), how.image)
    state = Path(weights).with_name("checkpoint.h5")
    model, frame = fit(how, dataset, source, name="all", checkpoint=state, code=code)
    save_weights(model, weights)
    tables.write(frame, history, tables.HISTORY)
    write_json(card, _card(how, dataset, source, model))
    state.unlink(missing_ok=True)


def train_fold(
    *,
    recipe: str | Path,
    fold: int,
    training: str | Path,
    patches: Iterable[str | Path],
    gpu: bool,
    code: str,
    scores: str | Path,
    history: str | Path,
) -> None:
    """Train without one fold and score its nodes.

    Parameters
    ----------
    recipe, training, patches, gpu, code
        As for ``train_cnn``.
    fold
        The fold to hold out.
    scores, history
        Outputs: ``tables.SCORES`` of its nodes, out of fold; ``tables.HISTORY``.
    """
    how = read_recipe(recipe)
    use_device(gpu=gpu, intra_op_threads=how.intra_op_threads, xla=how.xla)
    dataset = tables.read(training, tables.DATASET)
    patches = list(patches)
    out = dataset[dataset["fold"] == fold]
    kept = dataset[dataset["fold"] != fold].reset_index(drop=True)
    images = ImageSource.read(patches, list(out["node_id"]), how.image).plain()
    state = Path(scores).with_suffix(".checkpoint.h5")
    model, frame = fit(
        how,
        kept,
        ImageSource.read(patches, list(kept["node_id"]), how.image),
        name=f"fold {fold}",
        checkpoint=state,
        code=code,
        held_out=HeldOut(images, (out["status"] == "positive").to_numpy()),
    )
    table = score_table(out, predict(model, images), "out_of_fold")
    tables.write(frame, history, tables.HISTORY)
    tables.write(table, scores, tables.SCORES)
    state.unlink(missing_ok=True)


def score_cnn(
    *,
    recipe: str | Path,
    weights: str | Path,
    test: str | Path,
    folds: Iterable[str | Path],
    patches: Iterable[str | Path],
    gpu: bool,
    scores: str | Path,
) -> None:
    """Score the test set and join the out-of-fold scores (``tables.SCORES``)."""
    how = read_recipe(recipe)
    use_device(gpu=gpu, intra_op_threads=how.intra_op_threads)
    tested = tables.read(test, tables.DATASET)
    source = ImageSource.read(patches, list(tested["node_id"]), how.image)
    model = trained_network(how, weights)
    parts = [score_table(tested, predict(model, source.plain()), "test")]
    parts += [tables.read(path, tables.SCORES) for path in folds]
    tables.write(pd.concat(parts), scores, tables.SCORES)


def trained_network(recipe: Recipe, weights: str | Path) -> keras.Model:
    """Rebuild a network from code and fill in its weights."""
    model = new_network(recipe, "all")
    load_weights(model, weights)
    return model


def _card(
    recipe: Recipe, dataset: pd.DataFrame, source: ImageSource, model: keras.Model
) -> dict[str, Any]:
    """Describe a trained CNN; no time of day, so that equal runs give equal bytes."""
    return {
        "network": dataclasses.asdict(recipe.network),
        "optimizer": dict(recipe.optimizer),
        "loss": recipe.loss,
        "schedule": recipe.schedule,
        "epochs": recipe.epochs,
        "batch_size": recipe.batch_size,
        "precision": recipe.precision,
        "intra_op_threads": recipe.intra_op_threads,
        "seed": recipe.seed,
        "parameters": model.count_params(),
        "layers": describe_layers(model),
        "training_nodes": len(dataset),
        "training_positive": int(np.sum(dataset["status"] == "positive")),
        "pixels_sha256": source.digest(),
        **versions(),
    }
