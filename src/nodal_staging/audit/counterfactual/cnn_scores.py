"""Scores of the CNNs for copies of nodes, and for transplanted nodes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from nodal_staging import tables
from nodal_staging.audit.counterfactual.effect_tables import CNN_SCORES
from nodal_staging.audit.counterfactual.transplanted import (
    TransplantOptions,
    make_transplants,
    of_copies,
    of_nodes,
)
from nodal_staging.classifiers.cnn.backend import use_device
from nodal_staging.classifiers.cnn.fitting import predict
from nodal_staging.classifiers.cnn.inputs import ImageSource
from nodal_staging.classifiers.cnn.recipes import read_recipe
from nodal_staging.classifiers.cnn.sampling import HALF_DEPTH
from nodal_staging.classifiers.cnn.training import trained_network
from nodal_staging.nodes.patch_files import read_slabs
from nodal_staging.phantom.copies import COPIES
from nodal_staging.study.arrays import Int16Array, UInt8Array


@dataclass(frozen=True, slots=True)
class TrainedCnn:
    """Files of a trained CNN: recipe and weights."""

    recipe: str | Path
    weights: str | Path


def trained_cnns(
    names: Sequence[str],
    recipes: Sequence[str | Path],
    weights: Sequence[str | Path],
) -> dict[str, TrainedCnn]:
    """Return files by classifier, of CNNs that are named without ``cnn_``."""
    found = zip(names, recipes, weights, strict=True)
    return {f"cnn_{name}": TrainedCnn(*files) for name, *files in found}


def score_copies(
    *,
    cnns: Mapping[str, TrainedCnn],
    copies: str | Path,
    patches: str | Path,
    gpu: bool,
    output: str | Path,
) -> None:
    """Score copies of nodes with every CNN (``CNN_SCORES``).

    Parameters
    ----------
    cnns
        Classifier to files.
    copies, patches
        ``COPIES`` and their central slices.
    gpu
        Whether a GPU may be used.
    output
        Table to write.
    """
    names = list(tables.read(copies, COPIES)["node_id"])
    slabs, masks = read_slabs([patches], names, half_depth=HALF_DEPTH)
    found = _predicted(cnns, names, slabs, masks, gpu=gpu)
    tables.write(found, output, CNN_SCORES)


@dataclass(frozen=True, slots=True)
class TransplantFiles:
    """What is transplanted: copies of a synthetic cohort, else test nodes.

    Attributes
    ----------
    copies
        ``COPIES``; None unless the cohort is synthetic.
    nodes, test
        ``tables.NODES`` and the test set (``tables.DATASET``).
    patches
        Patch file of the copies, or of all nodes.
    """

    copies: str | Path | None
    nodes: str | Path
    test: str | Path
    patches: str | Path

    def plan(self, options: TransplantOptions) -> pd.DataFrame:
        """Choose what is transplanted where."""
        if self.copies is None:
            return of_nodes(self.nodes, self.test, options)
        once = replace(options, renderings=1)
        return of_copies(tables.read(self.copies, COPIES), once)


def score_transplants(
    *,
    cnns: Mapping[str, TrainedCnn],
    files: TransplantFiles,
    options: TransplantOptions,
    spacing_mm: float,
    gpu: bool,
    transplants: str | Path,
    output: str | Path,
) -> None:
    """Transplant nodes and score them with every CNN.

    Parameters
    ----------
    cnns, gpu
        As for ``score_copies``.
    files, options
        What is transplanted, and how often.
    spacing_mm
        Distance of the voxels of the patches.
    transplants, output
        Outputs: ``COPIES`` and ``CNN_SCORES``.
    """
    made = make_transplants(
        files.plan(options), files.patches, spacing_mm=spacing_mm, seed=options.seed
    )
    frame = made.copies[list(COPIES.columns)]
    names = list(frame["node_id"])
    found = _predicted(cnns, names, made.images, made.masks, gpu=gpu)
    tables.write(frame, transplants, COPIES)
    tables.write(found, output, CNN_SCORES)


def _predicted(
    cnns: Mapping[str, TrainedCnn],
    names: Sequence[str],
    slabs: Int16Array,
    masks: UInt8Array,
    *,
    gpu: bool,
) -> pd.DataFrame:
    """Return the probabilities of every CNN (``CNN_SCORES``)."""
    found = pd.DataFrame({"node_id": list(names)}, dtype=str)
    if found.empty:
        return found
    for name, trained in cnns.items():
        how = read_recipe(trained.recipe)
        use_device(
            gpu=gpu, intra_op_threads=how.intra_op_threads, precision=how.precision
        )
        images = ImageSource(slabs, masks, names, how.image).plain()
        found[name] = predict(trained_network(how, trained.weights), images)
    return found
