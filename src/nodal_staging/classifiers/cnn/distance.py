"""How far a node lies from what a CNN was trained on.

A network is confident also where it has never been. The distance is that to the tenth
nearest training node in the space of the last hidden layer, features scaled to unit
length; how large it is for nodes that are like the training set but unseen is read
off the study's own test set.

References
----------
Sun et al., Out-of-distribution detection with deep nearest neighbors, ICML 2022.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import normalize

from nodal_staging import tables
from nodal_staging.classifiers.cnn.backend import keras, use_device
from nodal_staging.classifiers.cnn.inputs import ImageSource
from nodal_staging.classifiers.cnn.network import LOGIT
from nodal_staging.classifiers.cnn.recipes import read_recipe
from nodal_staging.classifiers.cnn.training import trained_network
from nodal_staging.study.arrays import Float32Array, FloatArray
from nodal_staging.study.files import replacing

NEIGHBOUR = 10
FAR_PERCENT = 95.0
"""A node is far if this share of unseen nodes of the study's own kind lie nearer."""


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """What a CNN was trained on, as its last hidden layer has it.

    Attributes
    ----------
    trained
        Features of the training set, plain images ``(n, features)``, of unit length.
    unseen
        Distances of the study's test nodes ``(m,)``, ascending.
    """

    trained: Float32Array
    unseen: FloatArray

    def distances(self, features: Float32Array) -> FloatArray:
        """Return the distance of new nodes ``(k, features)`` from the training set."""
        neighbour = min(NEIGHBOUR, len(self.trained))
        search = NearestNeighbors(n_neighbors=neighbour, algorithm="brute")
        found, _ = search.fit(self.trained).kneighbors(features)
        distance: FloatArray = found[:, -1].astype(np.float64)
        return distance

    def unseen_percent(self, distance: FloatArray) -> FloatArray:
        """Return the share of unseen nodes that lie nearer, in per cent."""
        nearer = np.searchsorted(self.unseen, distance, side="left")
        share: FloatArray = 100 * nearer / len(self.unseen)
        return share


def describe_training_images(
    *,
    recipe: str | Path,
    weights: str | Path,
    training: str | Path,
    test: str | Path,
    patches: Iterable[str | Path],
    gpu: bool,
    output: str | Path,
) -> None:
    """Write the reference of a trained CNN (HDF5: ``trained``, ``unseen``).

    Parameters
    ----------
    recipe, weights, patches, gpu
        As for ``training.score_cnn``.
    training, test
        ``tables.DATASET`` of the nodes that were learned from, and of the others.
    """
    how = read_recipe(recipe)
    use_device(gpu=gpu, intra_op_threads=how.intra_op_threads, precision=how.precision)
    model = trained_network(how, weights)
    files = list(patches)
    found = []
    for path in (training, test):
        node_ids = list(tables.read(path, tables.DATASET)["node_id"])
        images = ImageSource.read(files, node_ids, how.image).plain()
        found.append(hidden_features(model, images))
    trained, unseen = found
    reference = Reference(trained, np.empty(0))
    with replacing(output) as part, h5py.File(part, "w") as file:
        file.create_dataset("trained", data=trained)
        file.create_dataset("unseen", data=np.sort(reference.distances(unseen)))


def read_reference(path: str | Path) -> Reference:
    """Read what ``describe_training_images`` wrote."""
    with h5py.File(path) as file:
        return Reference(file["trained"][()], file["unseen"][()])


def hidden_features(model: keras.Model, images: Float32Array) -> Float32Array:
    """Return what the last hidden layer says of images, of unit length ``(n, d)``."""
    hidden = keras.Model(model.input, model.get_layer(LOGIT).input)
    features = hidden.predict(images, batch_size=64, verbose=0)
    unit: Float32Array = normalize(np.asarray(features, np.float32))
    return unit
