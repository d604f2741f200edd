"""What the probe for the location is given: layers, pixels, measurements."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from nodal_staging import tables
from nodal_staging.audit.decodability import (
    DECODABILITY,
    PIXELS,
    TRAINED,
    UNTRAINED,
    VOLUME_HU,
    Described,
    decodability,
    encodes_location,
)

# The backend first: it keeps TensorFlow quiet.
from nodal_staging.classifiers.cnn import backend
from nodal_staging.classifiers.cnn.distance import hidden_features
from nodal_staging.classifiers.cnn.fitting import new_network
from nodal_staging.classifiers.cnn.network import LOGIT
from nodal_staging.classifiers.cnn.recipes import read_recipe
from nodal_staging.classifiers.cnn.training import trained_network
from nodal_staging.estimates.patient_bootstrap import BootstrapOptions, PatientBootstrap
from nodal_staging.heatmaps.drawing import TrainedCnn
from nodal_staging.study.arrays import AnyArray, Float32Array, FloatArray, TextArray

logger = logging.getLogger(__name__)

SQUARES = 12
"""Along each axis of an image, over which pixels are averaged."""
MASKED = "xmask"
"""The CNN whose images hold the node alone: volume and attenuation are its control."""

Pair = tuple[FloatArray, FloatArray]


@dataclass(frozen=True, slots=True)
class ProbeOptions:
    """How often weights are drawn anew, and locations exchanged between patients."""

    untrained: int
    permutations: int
    bootstrap: BootstrapOptions


def measure_decodability(
    cnns: Mapping[str, TrainedCnn],
    *,
    test: str | Path,
    nodes: str | Path,
    options: ProbeOptions,
    gpu: bool,
    output: str | Path,
) -> None:
    """Probe each CNN, and its controls, for the location of the test nodes.

    Parameters
    ----------
    cnns
        By name.
    test, nodes
        ``tables.DATASET`` of the test set and ``tables.NODES``.
    options
        Controls and intervals.
    gpu
        Whether a GPU may be used.
    output
        ``DECODABILITY``.
    """
    measured = tables.read(nodes, tables.NODES).set_index("node_id")
    tested = tables.read(test, tables.DATASET)
    positive = (tested["status"] == "positive").to_numpy()
    patient = tested["patient_id"].to_numpy(str)
    drawn = PatientBootstrap(positive, patient, options.bootstrap)
    frames = []
    for name, cnn in cnns.items():
        trained_on = tables.read(cnn.training, tables.DATASET)
        pair = (trained_on, tested)
        described = Described(
            _texts(pair, "location"), _texts(pair, "patient_id"), positive
        )
        features, logit = _features(cnn, test, untrained=options.untrained, gpu=gpu)
        if name == MASKED:
            features[VOLUME_HU] = _measurements(measured, pair)
        frames.append(
            decodability(
                name,
                described,
                features,
                logit=logit,
                drawn=drawn,
                permutations=options.permutations,
            )
        )
        if frames[-1].empty:
            logger.warning("%s: too few nodes of two locations for a probe", name)
            continue
        verb = "encodes" if encodes_location(frames[-1]) else "does not encode"
        logger.info("%s: its last hidden layer %s the location", name, verb)
    tables.write(pd.concat(frames, ignore_index=True), output, DECODABILITY)


def averaged_pixels(images: Float32Array, side: int = SQUARES) -> FloatArray:
    """Return the CT averaged over squares, a row each ``(n, side * side)``.

    Parameters
    ----------
    images
        ``(n, y, x, channels)``, the CT first; ``y`` and ``x`` are multiples of
        ``side``.
    side
        Squares along each axis.
    """
    n, height, width, _ = images.shape
    squares = images[..., 0].reshape(n, side, height // side, side, width // side)
    pixels: FloatArray = squares.mean(axis=(2, 4), dtype=float).reshape(n, -1)
    return pixels


def _features(
    cnn: TrainedCnn, test: str | Path, *, untrained: int, gpu: bool
) -> tuple[dict[str, Pair], FloatArray]:
    """Return the features of training and test nodes, and the logit's weights."""
    how = read_recipe(cnn.recipe)
    threads, precision = how.intra_op_threads, how.precision
    backend.use_device(gpu=gpu, intra_op_threads=threads, precision=precision)
    images = [cnn.images(dataset, how).plain() for dataset in (cnn.training, test)]
    model = trained_network(how, cnn.weights)
    networks = {TRAINED: model} | {
        f"{UNTRAINED}_{number}": new_network(how, f"untrained {number}")
        for number in range(1, untrained + 1)
    }
    found = {
        name: _both(*(hidden_features(network, one) for one in images))
        for name, network in networks.items()
    }
    found[PIXELS] = _both(*(averaged_pixels(one) for one in images))
    kernel = np.asarray(model.get_layer(LOGIT).get_weights()[0], float)
    return found, kernel[:, 0]


def _both(training: AnyArray, test: AnyArray) -> Pair:
    return np.asarray(training, float), np.asarray(test, float)


def _texts(
    pair: tuple[pd.DataFrame, pd.DataFrame], column: str
) -> tuple[TextArray, TextArray]:
    training, test = (frame[column].to_numpy(str) for frame in pair)
    return training, test


def _measurements(
    measured: pd.DataFrame, pair: tuple[pd.DataFrame, pd.DataFrame]
) -> Pair:
    """Return log volume and median attenuation, all that a masked image can tell."""
    training, test = (
        np.column_stack(
            [
                np.log(measured.loc[frame["node_id"], "volume_mm3"]),
                measured.loc[frame["node_id"], "median_hu"],
            ]
        )
        for frame in pair
    )
    return _both(training, test)
