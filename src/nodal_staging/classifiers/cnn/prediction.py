"""New nodes through a trained CNN: score, decision, and how far they are to trust."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from nodal_staging import tables
from nodal_staging.classifiers.called_nodes import chosen_threshold
from nodal_staging.classifiers.cnn.backend import use_device
from nodal_staging.classifiers.cnn.distance import (
    FAR_PERCENT,
    hidden_features,
    read_reference,
)
from nodal_staging.classifiers.cnn.fitting import predict
from nodal_staging.classifiers.cnn.inputs import ImageSource
from nodal_staging.classifiers.cnn.predicted_nodes import PREDICTIONS
from nodal_staging.classifiers.cnn.recipes import read_recipe
from nodal_staging.classifiers.cnn.training import trained_network
from nodal_staging.classifiers.scores import called_positive
from nodal_staging.nodes.patch_files import patch_sums


def predict_nodes(
    *,
    recipe: str | Path,
    weights: str | Path,
    reference: str | Path,
    statistics: str | Path,
    nodes: Iterable[str | Path],
    patches: Iterable[str | Path],
    gpu: bool,
    output: str | Path,
) -> None:
    """Score new nodes.

    Parameters
    ----------
    recipe, weights, gpu
        As for ``training.score_cnn``.
    reference
        What the CNN was trained on (``distance.describe_training_images``).
    statistics
        Of the CNN in its study; its threshold decides.
    nodes, patches
        ``tables.NODES`` and patches of the new nodes, of all shards; a node without a
        patch is left out.
    output
        ``PREDICTIONS``.
    """
    how = read_recipe(recipe)
    use_device(gpu=gpu, intra_op_threads=how.intra_op_threads, precision=how.precision)
    files = list(patches)
    measured = pd.concat([tables.read(path, tables.NODES) for path in nodes])
    found = measured[measured["node_id"].isin(patch_sums(files))]
    found = found.sort_values("node_id", ignore_index=True)
    images = ImageSource.read(files, list(found["node_id"]), how.image).plain()
    model = trained_network(how, weights)
    known = read_reference(reference)
    score = predict(model, images)
    threshold = chosen_threshold(statistics)
    distance = known.distances(hidden_features(model, images))
    percent = known.unseen_percent(distance)
    frame = found[
        ["node_id", "patient_id", "location", "volume_mm3", "short_axis_mm"]
    ].assign(
        score=score,
        threshold=threshold,
        prediction=np.where(called_positive(score, threshold), "positive", "negative"),
        distance=distance,
        unseen_percent=percent,
        far=np.where(percent >= FAR_PERCENT, "yes", "no"),
    )
    tables.write(frame, output, PREDICTIONS)
