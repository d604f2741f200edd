"""The ball that hides every training node, measured on their masks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from nodal_staging import tables
from nodal_staging.audit.shortcut_matrix.image_views import ball_radius, farthest_mm
from nodal_staging.classifiers.cnn.sampling import HALF_DEPTH
from nodal_staging.nodes.patch_files import read_slabs
from nodal_staging.study.files import write_json


@dataclass(frozen=True, slots=True)
class PatchFiles:
    """Patch files of all shards, and the distance of their voxels in mm."""

    files: Sequence[str | Path]
    spacing_mm: float


def measure_ball(
    *,
    training: Iterable[str | Path],
    test: str | Path,
    patches: PatchFiles,
    output: str | Path,
) -> None:
    """Measure the ball that hides every training node.

    Parameters
    ----------
    training, test
        The training sets and the test set (``tables.DATASET``). Test nodes do not
        decide the radius; those that stick out of the ball are named.
    patches
        Where the masks are.
    output
        JSON: radius in mm, number of training nodes, and these test nodes.
    """
    names = sorted({name for path in training for name in _names(path)})
    _, masks = read_slabs(patches.files, names, half_depth=HALF_DEPTH)
    radius = ball_radius(masks, patches.spacing_mm)
    tested = _names(test)
    _, masks = read_slabs(patches.files, tested, half_depth=HALF_DEPTH)
    reach = farthest_mm(masks, patches.spacing_mm)
    out = [name for name, far in zip(tested, reach, strict=True) if far > radius]
    found = {"ball_mm": radius, "training_nodes": len(names), "sticks_out": out}
    write_json(output, found)


def _names(dataset: str | Path) -> list[str]:
    """Read the names of the nodes of a dataset."""
    return [str(name) for name in tables.read(dataset, tables.DATASET)["node_id"]]
