"""Explain a CNN: its patterns, its heatmaps of the test nodes, and their checks.

All in one process, since the networks that the checks compare are of one form, and so
that images are read once.
"""

from dataclasses import dataclass
from pathlib import Path

from nodal_staging import tables
from nodal_staging.heatmaps.drawing import TrainedCnn, draw_heatmaps, read_chain
from nodal_staging.heatmaps.heatmap_files import CURVES, NODE_CHECKS, write_heatmaps
from nodal_staging.heatmaps.methods import Explained, Explanation
from nodal_staging.heatmaps.options import HeatmapOptions
from nodal_staging.heatmaps.sanity_checks import check_heatmaps
from nodal_staging.study.files import replacing


@dataclass(frozen=True, slots=True)
class ExplanationFiles:
    """Files to write.

    Attributes
    ----------
    patterns
        ``attribution.patterns.Patterns``, with the sums of the CNN and of the images
        that they belong to; None where no method needs them.
    heatmaps
        ``heatmap_files.Heatmaps``.
    checks, curves
        ``NODE_CHECKS`` and ``CURVES``.
    """

    patterns: str | Path | None
    heatmaps: str | Path
    checks: str | Path
    curves: str | Path


def explain_cnn(
    *,
    cnn: TrainedCnn,
    permuted: str | Path | None,
    test: str | Path,
    options: HeatmapOptions,
    gpu: bool,
    outputs: ExplanationFiles,
) -> None:
    """Fit the patterns of a CNN, draw its heatmaps and check them node by node.

    Parameters
    ----------
    cnn
        The trained CNN. Its patterns are fitted on its training images, not augmented.
    permuted
        Weights of the same network, trained with permuted labels; None without.
    test
        ``tables.DATASET`` of the nodes.
    options
        Which maps and checks, and how.
    gpu
        Whether a GPU may be used.
    outputs
        Files to write.
    """
    how, chain = cnn.read(gpu=gpu)
    trained_on = cnn.images(cnn.training, how).plain()
    network = Explained.fitted(chain, trained_on, options)
    if network.patterns is not None and outputs.patterns is not None:
        with replacing(outputs.patterns) as part:
            network.patterns.save(part)
    tested = cnn.images(test, how)
    explanation = Explanation(network, tested.plain())
    drawn = draw_heatmaps(explanation, tested)
    write_heatmaps(outputs.heatmaps, drawn)
    learned = None if permuted is None else read_chain(how, permuted)
    checks, curves = check_heatmaps(how, explanation, drawn, trained_on, learned)
    tables.write(checks, outputs.checks, NODE_CHECKS)
    tables.write(curves, outputs.curves, CURVES)
