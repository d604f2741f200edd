"""Heatmaps of the study's CNNs on the test set, from files to files."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nodal_staging import tables
from nodal_staging.attribution.chain import LinearChain
from nodal_staging.attribution.estimation import fit_patterns
from nodal_staging.attribution.gradients import logits
from nodal_staging.attribution.kernel_layers import Estimator, Precision
from nodal_staging.attribution.patterns import Patterns

# The backend first: it keeps TensorFlow quiet.
from nodal_staging.classifiers.cnn import backend
from nodal_staging.classifiers.cnn.augmentation import no_augmentation
from nodal_staging.classifiers.cnn.inputs import ImageOptions, ImageSource
from nodal_staging.classifiers.cnn.recipes import Recipe, read_recipe
from nodal_staging.classifiers.cnn.sampling import sample
from nodal_staging.classifiers.cnn.training import trained_network
from nodal_staging.heatmaps.heatmap_files import Heatmaps, write_heatmaps
from nodal_staging.heatmaps.methods import CONTROLS, Explained, heatmap
from nodal_staging.heatmaps.options import HeatmapOptions
from nodal_staging.study.arrays import Float32Array
from nodal_staging.study.files import replacing


@dataclass(frozen=True, slots=True)
class TrainedCnn:
    """Files of a trained CNN.

    Attributes
    ----------
    recipe, weights
        As ``recipes.write_recipe`` and ``training.train_cnn`` wrote them.
    training, patches
        ``tables.DATASET`` that it was trained on, and the patch files of all shards.
    """

    recipe: str | Path
    weights: str | Path
    training: str | Path
    patches: Sequence[str | Path]

    def read(self, *, gpu: bool) -> tuple[Recipe, LinearChain, Float32Array]:
        """Set up the device; return recipe, network and training images."""
        how = read_recipe(self.recipe)
        backend.use_device(gpu=gpu, intra_op_threads=how.intra_op_threads)
        trained_on = self.images(self.training, how.image)
        return how, read_chain(how, self.weights), trained_on

    def images(self, dataset: str | Path, options: ImageOptions) -> Float32Array:
        """Return the images of a dataset, not augmented ``(n, 48, 48, channels)``."""
        node_ids = list(tables.read(dataset, tables.DATASET)["node_id"])
        return ImageSource.read(self.patches, node_ids, options).plain()


def fit_cnn_patterns(
    *,
    cnn: TrainedCnn,
    estimator: Estimator,
    dtype: Precision,
    batch_size: int,
    gpu: bool,
    output: str | Path,
) -> None:
    """Fit the patterns of a CNN on its training images, as no epoch augmented them.

    Parameters
    ----------
    cnn
        The trained CNN.
    estimator, dtype, batch_size
        As for ``attribution.estimation.fit_patterns``.
    gpu
        Whether a GPU may be used.
    output
        ``attribution.patterns.Patterns``, with the sums of the CNN and the images
        that they belong to.
    """
    _, chain, trained_on = cnn.read(gpu=gpu)
    patterns = fit_patterns(
        chain,
        trained_on,
        estimator=estimator,
        dtype=dtype,
        batch_size=batch_size,
    )
    with replacing(output) as part:
        patterns.save(part)


def attribute_cnn(
    *,
    cnn: TrainedCnn,
    patterns: str | Path | None,
    test: str | Path,
    options: HeatmapOptions,
    gpu: bool,
    output: str | Path,
) -> None:
    """Write the maps of a CNN for the test nodes, by every method and control.

    Parameters
    ----------
    cnn, gpu
        As for ``fit_cnn_patterns``.
    options
        Which maps, and how.
    patterns
        What it wrote, or None where no method asks for it.
    test
        ``tables.DATASET`` of the nodes.
    output
        ``heatmap_files.Heatmaps``.
    """
    how, chain, trained_on = cnn.read(gpu=gpu)
    network = read_explained(chain, patterns, trained_on, options)
    node_ids = list(tables.read(test, tables.DATASET)["node_id"])
    source = ImageSource.read(cnn.patches, node_ids, how.image)
    images = source.plain()
    masks = sample(source.masks, no_augmentation(len(node_ids))) >= 0.5
    names = (*options.methods, *CONTROLS)
    drawn = {name: heatmap(name, network, images) for name in names}
    logit = logits(network.chain, images)
    ct = images[..., 0]
    write_heatmaps(output, Heatmaps(node_ids, logit, ct, masks, drawn))


def read_chain(recipe: Recipe, weights: str | Path) -> LinearChain:
    """Read a trained CNN as a chain of linear steps."""
    return LinearChain.from_keras(trained_network(recipe, weights), mean_pooling=True)


def read_explained(
    chain: LinearChain,
    patterns: str | Path | None,
    trained_on: Float32Array,
    options: HeatmapOptions,
) -> Explained:
    """Put a network together with patterns that were fitted on these very images."""
    fitted = None if patterns is None else Patterns.load(patterns, chain, trained_on)
    return Explained(chain, fitted, np.mean(trained_on, axis=0), options)
