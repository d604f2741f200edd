"""Training the CNNs, the same bytes whatever the machine's number of cores."""

import hashlib
import logging
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from nodal_staging import tables
from nodal_staging.augment import Ranges
from nodal_staging.backend import keras, tf
from nodal_staging.cnn import build_network, compile_network, load_weights, save_weights
from nodal_staging.files import write_json
from nodal_staging.images import ImageOptions, ImageSource
from nodal_staging.scores import score_table
from nodal_staging.seeds import named_seed, stream

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that decides the weights of a CNN beside its images.

    ``network`` holds the options of ``cnn.build_network``, ``optimizer`` those of
    ``cnn.compile_network``; ``schedule`` is ``constant`` or ``cosine``;
    ``intra_op_threads`` is here since it changes bits.
    """

    image: ImageOptions
    ranges: Ranges
    network: Mapping[str, Any]
    optimizer: Mapping[str, float]
    schedule: str
    epochs: int
    batch_size: int
    intra_op_threads: int
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
    optimizer = ("learning_rate", "beta_1", "beta_2", "epsilon")
    return Recipe(
        image=ImageOptions(
            window_hu=tuple(image["window_hu"]),
            mask_fill=image["mask_fill"],
            channels=image["channels"],
            masked=cnn == "xmask",
        ),
        ranges=Ranges(
            brightness=tuple(augmentation["brightness"]),
            rotation_deg=augmentation["rotation_deg"],
            shift_mm=augmentation["shift_mm"],
            flip=augmentation["flip"],
        ),
        network=network,
        optimizer={name: training[name] for name in optimizer},
        schedule=training["schedule"],
        epochs=training["epochs"],
        batch_size=training["batch_size"],
        intra_op_threads=training["intra_op_threads"],
        seed=seed,
    )


def use_device(*, gpu: bool, intra_op_threads: int) -> None:
    """Fix threads and device before TensorFlow starts; ask for determinism.

    Without a GPU on the machine training runs on the CPU.
    """
    tf.config.threading.set_intra_op_parallelism_threads(intra_op_threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.config.experimental.enable_op_determinism()
    if not gpu:
        tf.config.set_visible_devices([], "GPU")


def train_cnn(
    *,
    recipe: Recipe,
    training: str | Path,
    patches: Iterable[str | Path],
    gpu: bool,
    weights: str | Path,
    history: str | Path,
    card: str | Path,
) -> None:
    """Train on the whole training set.

    Parameters
    ----------
    recipe
        What decides the weights.
    training, patches
        ``tables.DATASET``, and patch files of all shards.
    gpu
        Whether a GPU may be used.
    weights, history, card
        Outputs: weights alone; loss by epoch (``tables.HISTORY``); a description.
    """
    use_device(gpu=gpu, intra_op_threads=recipe.intra_op_threads)
    dataset = tables.read(training, tables.DATASET)
    source = ImageSource(patches, list(dataset["node_id"]), recipe.image)
    model, frame = fit(recipe, dataset, source, name="all")
    save_weights(model, weights)
    tables.write(frame, history, tables.HISTORY)
    write_json(card, _card(recipe, dataset, source, model))


def train_fold(
    *,
    recipe: Recipe,
    fold: int,
    training: str | Path,
    patches: Iterable[str | Path],
    gpu: bool,
    scores: str | Path,
) -> None:
    """Train without one fold and score its nodes (``tables.SCORES``, out of fold)."""
    use_device(gpu=gpu, intra_op_threads=recipe.intra_op_threads)
    dataset = tables.read(training, tables.DATASET)
    patches = list(patches)
    held_out = dataset[dataset["fold"] == fold]
    kept = dataset[dataset["fold"] != fold].reset_index(drop=True)
    source = ImageSource(patches, list(kept["node_id"]), recipe.image)
    model, _ = fit(recipe, kept, source, name=f"fold {fold}")
    images = ImageSource(patches, list(held_out["node_id"]), recipe.image).plain()
    frame = score_table(held_out, predict(model, images), "out_of_fold")
    tables.write(frame, scores, tables.SCORES)


def score_cnn(
    *,
    recipe: Recipe,
    weights: str | Path,
    test: str | Path,
    folds: Iterable[str | Path],
    patches: Iterable[str | Path],
    gpu: bool,
    scores: str | Path,
) -> None:
    """Score the test set and join the out-of-fold scores (``tables.SCORES``)."""
    use_device(gpu=gpu, intra_op_threads=recipe.intra_op_threads)
    tested = tables.read(test, tables.DATASET)
    source = ImageSource(patches, list(tested["node_id"]), recipe.image)
    model = trained_network(recipe, weights)
    parts = [score_table(tested, predict(model, source.plain()), "test")]
    parts += [tables.read(path, tables.SCORES) for path in folds]
    tables.write(pd.concat(parts), scores, tables.SCORES)


def trained_network(recipe: Recipe, weights: str | Path) -> keras.Model:
    """Rebuild a network from code and fill in its weights."""
    model = _network(recipe, "all")
    load_weights(model, weights)
    return model


def fit(
    recipe: Recipe, dataset: pd.DataFrame, source: ImageSource, *, name: str
) -> tuple[keras.Model, pd.DataFrame]:
    """Train a network.

    The order of an epoch and the augmentation of its images depend on the seed, the
    epoch and the nodes alone.

    Returns
    -------
    The trained model and ``tables.HISTORY``.
    """
    model = _network(recipe, name)
    compile_network(model, **recipe.optimizer)
    target = (dataset["status"] == "positive").to_numpy(np.float32)
    rows = []
    for epoch in range(recipe.epochs):
        images = source.augmented(recipe.ranges, seed=recipe.seed, epoch=epoch)
        order = stream(recipe.seed, "training", "order", epoch).permutation(len(target))
        model.optimizer.learning_rate.assign(learning_rate(recipe, epoch))
        batches = np.array_split(order, max(len(order) // recipe.batch_size, 1))
        results = [
            model.train_on_batch(images[batch], target[batch]) for batch in batches
        ]
        loss, accuracy = np.average(
            np.array(results, dtype=float), axis=0, weights=[len(b) for b in batches]
        )
        row = {"epoch": epoch + 1, "loss": float(loss), "accuracy": float(accuracy)}
        logger.info(
            "%s: epoch %d of %d, loss %.4f, accuracy %.3f",
            name,
            epoch + 1,
            recipe.epochs,
            row["loss"],
            row["accuracy"],
        )
        rows.append(row)
    return model, pd.DataFrame(rows)


def learning_rate(recipe: Recipe, epoch: int) -> float:
    """Return the learning rate of an epoch, counted from 0.

    ``constant`` is the paper's; ``cosine`` falls to zero along half a cosine.
    """
    rate = float(recipe.optimizer["learning_rate"])
    if recipe.schedule == "constant":
        return rate
    return rate * (1 + math.cos(math.pi * epoch / recipe.epochs)) / 2


def predict(
    model: keras.Model, images: npt.NDArray[np.float32]
) -> npt.NDArray[np.float64]:
    """Return the probability of a positive node ``(n,)``."""
    scores = model.predict(images, batch_size=64, verbose=0)[:, 0]
    return np.asarray(scores, dtype=np.float64)


def _network(recipe: Recipe, name: str) -> keras.Model:
    return build_network(
        channels=recipe.image.n_channels,
        seed=named_seed(recipe.seed, "weights", name),
        **recipe.network,
    )


def _card(
    recipe: Recipe, dataset: pd.DataFrame, source: ImageSource, model: keras.Model
) -> dict[str, Any]:
    """Describe a trained CNN; no time of day, so that equal runs give equal bytes."""
    pixels = hashlib.sha256(source.slabs.tobytes() + source.masks.tobytes())
    return {
        "network": dict(recipe.network),
        "optimizer": dict(recipe.optimizer),
        "schedule": recipe.schedule,
        "epochs": recipe.epochs,
        "batch_size": recipe.batch_size,
        "intra_op_threads": recipe.intra_op_threads,
        "seed": recipe.seed,
        "parameters": model.count_params(),
        "layers": [layer.name for layer in model.layers],
        "training_nodes": len(dataset),
        "training_positive": int((dataset["status"] == "positive").sum()),
        "pixels_sha256": pixels.hexdigest(),
        "keras": keras.__version__,
        "tensorflow": tf.__version__,
    }
