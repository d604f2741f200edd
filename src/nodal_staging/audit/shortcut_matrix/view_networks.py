"""Training on the surroundings, and scores of all networks on all views."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from nodal_staging import tables
from nodal_staging.audit.shortcut_matrix.hidden_ball import PatchFiles
from nodal_staging.audit.shortcut_matrix.image_views import (
    SURROUNDINGS,
    VIEWS,
    ball,
    source_of,
)
from nodal_staging.audit.shortcut_matrix.matrix_tables import VIEW_SCORES
from nodal_staging.classifiers.cnn.backend import use_device
from nodal_staging.classifiers.cnn.fitting import Trainer, predict
from nodal_staging.classifiers.cnn.recipes import Recipe, read_recipe
from nodal_staging.classifiers.cnn.sampling import HALF_DEPTH
from nodal_staging.classifiers.cnn.training import trained_network
from nodal_staging.classifiers.cnn.weight_files import save_weights
from nodal_staging.nodes.patch_files import read_slabs
from nodal_staging.study.files import read_json


def train_on_surroundings(
    *,
    recipe: str | Path,
    training: str | Path,
    patches: PatchFiles,
    ball_mm: str | Path,
    gpu: bool,
    code: str,
    weights: str | Path,
    history: str | Path,
) -> None:
    """Train a CNN of the study anew, on the surroundings of its training nodes.

    Parameters
    ----------
    recipe, training
        Of the CNN: its recipe and its training set (``tables.DATASET``).
    patches, ball_mm
        Patches, and the file of ``measure_ball``.
    gpu, code
        Whether a GPU may be used, and the version of the code.
    weights, history
        Outputs, as of ``training.train_cnn``.
    """
    how = read_recipe(recipe)
    _start(how, gpu=gpu)
    dataset = tables.read(training, tables.DATASET)
    names = list(dataset["node_id"])
    slabs, masks = read_slabs(patches.files, names, half_depth=HALF_DEPTH)
    radius = float(read_json(ball_mm)["ball_mm"])
    hole = ball(slabs.shape[1:], radius, patches.spacing_mm)
    source = source_of(SURROUNDINGS, slabs, masks, names, how.image, hole=hole)
    state = Path(weights).with_name("checkpoint.h5")
    trainer = Trainer(how)
    frame = trainer.fit(dataset, source, name="all", checkpoint=state, code=code)
    save_weights(trainer.model, weights)
    tables.write(frame, history, tables.HISTORY)
    state.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class ViewNetwork:
    """A trained network: its recipe and weights."""

    recipe: str | Path
    weights: str | Path


def score_views(
    *,
    networks: Mapping[tuple[str, str], ViewNetwork],
    test: str | Path,
    patches: PatchFiles,
    ball_mm: str | Path,
    gpu: bool,
    output: str | Path,
) -> None:
    """Score all views of the test set with every network.

    Parameters
    ----------
    networks
        Training set and view to files.
    test
        ``tables.DATASET``.
    patches, ball_mm, gpu
        As of ``train_on_surroundings``.
    output
        ``VIEW_SCORES``.
    """
    tested = tables.read(test, tables.DATASET)
    names = list(tested["node_id"])
    slabs, masks = read_slabs(patches.files, names, half_depth=HALF_DEPTH)
    radius = float(read_json(ball_mm)["ball_mm"])
    hole = ball(slabs.shape[1:], radius, patches.spacing_mm)
    parts = []
    # The surroundings come last: they overwrite the slabs.
    for view in VIEWS:
        for (trained_on, trained_view), files in networks.items():
            how = read_recipe(files.recipe)
            _start(how, gpu=gpu)
            source = source_of(view, slabs, masks, names, how.image, hole=hole)
            score = predict(trained_network(how, files.weights), source.plain())
            part = tested[["node_id", "patient_id", "status"]].assign(score=score)
            part = part.assign(
                trained_on=trained_on, trained_view=trained_view, tested_view=view
            )
            parts.append(part)
    frame = pd.concat(parts)[list(VIEW_SCORES.columns)]
    tables.write(frame, output, VIEW_SCORES)


def _start(how: Recipe, *, gpu: bool) -> None:
    """Set up TensorFlow as a recipe requires."""
    use_device(
        gpu=gpu,
        intra_op_threads=how.intra_op_threads,
        xla=how.xla,
        precision=how.precision,
    )
