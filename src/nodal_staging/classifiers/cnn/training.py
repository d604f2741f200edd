"""Training, cross-validation and scoring of the CNNs, from files to files."""

import dataclasses
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nodal_staging import tables
from nodal_staging.classifiers.all_test_nodes import AllTestNodes
from nodal_staging.classifiers.cnn.backend import (
    instructions,
    keras,
    use_device,
    versions,
)
from nodal_staging.classifiers.cnn.fitting import (
    HeldOut,
    Trainer,
    new_network,
    predict,
)
from nodal_staging.classifiers.cnn.inputs import ImageSource
from nodal_staging.classifiers.cnn.layers import describe_layers
from nodal_staging.classifiers.cnn.recipes import Recipe, read_recipe
from nodal_staging.classifiers.cnn.weight_files import load_weights, save_weights
from nodal_staging.classifiers.scores import score_table
from nodal_staging.study.arrays import FloatArray
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
    how = _start_training(recipe, gpu=gpu)
    dataset = tables.read(training, tables.DATASET)
    source = ImageSource.read(patches, list(dataset["node_id"]), how.image)
    state = Path(weights).with_name("checkpoint.h5")
    trainer = Trainer(how)
    frame = trainer.fit(dataset, source, name="all", checkpoint=state, code=code)
    save_weights(trainer.model, weights)
    tables.write(frame, history, tables.HISTORY)
    write_json(card, _card(how, dataset, source, trainer.model))
    state.unlink(missing_ok=True)


def train_folds(
    *,
    recipe: str | Path,
    folds: Iterable[int],
    training: str | Path,
    patches: Iterable[str | Path],
    gpu: bool,
    code: str,
    scores: str | Path,
    history: str | Path,
) -> None:
    """Train without each of some folds in turn, and score its nodes.

    Parameters
    ----------
    recipe, training, patches, gpu, code
        As for ``train_cnn``.
    folds
        The folds to hold out, one after the other.
    scores, history
        Outputs: ``tables.SCORES`` of their nodes, out of fold; ``tables.FOLD_HISTORY``.
    """
    trainer = Trainer(_start_training(recipe, gpu=gpu))
    dataset = tables.read(training, tables.DATASET)
    parts = [
        _train_fold(trainer, fold, dataset, list(patches), code, Path(scores))
        for fold in folds
    ]
    scored, frames = zip(*parts, strict=True)
    tables.write(pd.concat(frames), history, tables.FOLD_HISTORY)
    tables.write(pd.concat(scored), scores, tables.SCORES)
    for fold in folds:
        _fold_checkpoint(Path(scores), fold).unlink(missing_ok=True)


def _train_fold(
    trainer: Trainer,
    fold: int,
    dataset: pd.DataFrame,
    patches: Sequence[str | Path],
    code: str,
    scores: Path,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Train without a fold; return the scores of its nodes, and the epochs."""
    image = trainer.recipe.image
    out = dataset[dataset["fold"] == fold]
    kept = dataset[dataset["fold"] != fold].reset_index(drop=True)
    images = ImageSource.read(patches, list(out["node_id"]), image).plain()
    frame = trainer.fit(
        kept,
        ImageSource.read(patches, list(kept["node_id"]), image),
        name=f"fold {fold}",
        checkpoint=_fold_checkpoint(scores, fold),
        code=code,
        held_out=HeldOut(images, (out["status"] == "positive").to_numpy()),
    )
    table = score_table(out, predict(trainer.model, images), "out_of_fold")
    return table, frame.assign(fold=fold)


def _fold_checkpoint(scores: Path, fold: int) -> Path:
    return scores.with_name(f"{fold}.checkpoint.h5")


def _start_training(recipe: str | Path, *, gpu: bool) -> Recipe:
    """Read a recipe and set up TensorFlow as it requires."""
    how = read_recipe(recipe)
    use_device(
        gpu=gpu,
        intra_op_threads=how.intra_op_threads,
        xla=how.xla,
        precision=how.precision,
    )
    return how


def score_cnn(
    *,
    recipe: str | Path,
    weights: str | Path,
    test: str | Path,
    folds: Iterable[str | Path],
    patches: Iterable[str | Path],
    gpu: bool,
    scores: str | Path,
    all_test_nodes: AllTestNodes | None = None,
) -> None:
    """Score the test set and join the out-of-fold scores (``tables.SCORES``).

    Parameters
    ----------
    recipe, patches, gpu
        As for ``train_cnn``.
    weights, test, folds
        What was learned, ``tables.DATASET``, and the scores of the folds.
    scores
        Output.
    all_test_nodes
        Where all nodes of the test patients are scored as well; None for nowhere.
    """
    how = read_recipe(recipe)
    use_device(gpu=gpu, intra_op_threads=how.intra_op_threads, precision=how.precision)
    tested = tables.read(test, tables.DATASET)
    files, model = list(patches), trained_network(how, weights)

    def scored(dataset: pd.DataFrame) -> FloatArray:
        source = ImageSource.read(files, list(dataset["node_id"]), how.image)
        return predict(model, source.plain())

    parts = [score_table(tested, scored(tested), "test")]
    if all_test_nodes is not None:
        all_test_nodes.write(parts[0], scored)
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
        "cpu_instructions": instructions(),
        **versions(),
    }
