"""Heatmaps of the study's CNNs on the test set, and what they are drawn from."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nodal_staging import tables
from nodal_staging.attribution.chain import LinearChain

# The backend first: it keeps TensorFlow quiet.
from nodal_staging.classifiers.cnn import backend
from nodal_staging.classifiers.cnn.augmentation import no_augmentation
from nodal_staging.classifiers.cnn.inputs import ImageSource
from nodal_staging.classifiers.cnn.recipes import Recipe, read_recipe
from nodal_staging.classifiers.cnn.sampling import sample
from nodal_staging.classifiers.cnn.training import trained_network
from nodal_staging.heatmaps.heatmap_files import Heatmaps
from nodal_staging.heatmaps.methods import CONTROLS, Explanation
from nodal_staging.study.arrays import BoolArray, Float32Array


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

    def read(self, *, gpu: bool) -> tuple[Recipe, LinearChain]:
        """Set up the device; return recipe and network."""
        how = read_recipe(self.recipe)
        backend.use_device(gpu=gpu, intra_op_threads=how.intra_op_threads)
        return how, read_chain(how, self.weights)

    def images(self, dataset: str | Path, recipe: Recipe) -> "NodeImages":
        """Return the images of a dataset, not augmented."""
        node_ids = list(tables.read(dataset, tables.DATASET)["node_id"])
        return NodeImages(
            node_ids, ImageSource.read(self.patches, node_ids, recipe.image)
        )


@dataclass(frozen=True, slots=True, eq=False)
class NodeImages:
    """What a network sees of nodes."""

    node_ids: Sequence[str]
    source: ImageSource

    def plain(self) -> Float32Array:
        """Return the images, not augmented ``(n, 48, 48, channels)``."""
        return self.source.plain()

    def masks(self) -> BoolArray:
        """Return the nodes on their images ``(n, 48, 48)``."""
        drawn = no_augmentation(len(self.node_ids))
        masks: BoolArray = sample(self.source.masks, drawn) >= 0.5
        return masks


def read_chain(recipe: Recipe, weights: str | Path) -> LinearChain:
    """Read a trained CNN as a chain of linear steps."""
    return LinearChain.from_keras(trained_network(recipe, weights), mean_pooling=True)


def draw_heatmaps(explanation: Explanation, nodes: NodeImages) -> Heatmaps:
    """Draw the maps of nodes by every method of the study, and the controls."""
    names = (*explanation.network.options.methods, *CONTROLS)
    return Heatmaps(
        nodes.node_ids,
        explanation.logit,
        explanation.images[..., 0],
        nodes.masks(),
        {name: explanation.heatmap(name) for name in names},
    )
