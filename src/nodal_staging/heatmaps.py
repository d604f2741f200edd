"""Heatmaps of the study's CNNs on the test set."""

from collections.abc import Iterable
from pathlib import Path

import h5py
import numpy as np

from nodal_staging import tables
from nodal_staging.attribution.gradient import gradient_times_input
from nodal_staging.augment import no_augmentation
from nodal_staging.backend import use_device
from nodal_staging.cnn import LOGIT
from nodal_staging.files import replacing
from nodal_staging.images import ImageSource
from nodal_staging.recipes import read_recipe
from nodal_staging.sampling import sample
from nodal_staging.training import trained_network


def attribute_cnn(
    *,
    recipe: str | Path,
    weights: str | Path,
    test: str | Path,
    patches: Iterable[str | Path],
    gpu: bool,
    output: str | Path,
) -> None:
    """Write the maps of a CNN for the test nodes.

    Parameters
    ----------
    recipe, weights
        The trained CNN.
    test, patches
        ``tables.DATASET``, and patch files of all shards.
    gpu
        Whether a GPU may be used.
    output
        HDF5: ``/node_id``; ``/gradient_x_input``, ``/image`` (what the network saw)
        and ``/mask``, each ``(n, 48, 48)``.
    """
    how = read_recipe(recipe)
    use_device(gpu=gpu, intra_op_threads=how.intra_op_threads)
    tested = tables.read(test, tables.DATASET)
    node_ids = list(tested["node_id"])
    source = ImageSource.read(patches, node_ids, how.image)
    images = source.plain()
    maps = gradient_times_input(trained_network(how, weights), images, layer=LOGIT)
    masks = sample(source.masks, no_augmentation(len(node_ids))) >= 0.5
    with replacing(output) as part, h5py.File(part, "w") as file:
        file.create_dataset("node_id", data=np.array(node_ids, dtype="S"))
        file.create_dataset("gradient_x_input", data=maps)
        file.create_dataset("image", data=images[..., 0])
        file.create_dataset("mask", data=masks.astype(np.uint8))
