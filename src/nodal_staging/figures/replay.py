"""Training images as the network was fed them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from nodal_staging.classifiers.cnn.inputs import ImageOptions
from nodal_staging.figures import style
from nodal_staging.study.classifier_names import printed

FloatArray = npt.NDArray[np.float32]

IMAGE_MM = 22.0
MARGIN_MM = 14.0
BAR_MM = 10
EDGE = "#E69F00"


def draw_replay(
    *,
    cnn: str,
    node_ids: Sequence[str],
    options: ImageOptions,
    plain: FloatArray,
    epochs: Mapping[int, FloatArray],
    synthetic: bool,
    output: Sequence[str | Path],
) -> None:
    """Draw a row for every node: without augmentation, then epoch by epoch.

    Parameters
    ----------
    cnn
        Its name.
    node_ids
        Of the n rows.
    options
        How patches became inputs; a mask that is fed too is drawn as an outline.
    plain, epochs
        Images ``(n, 48, 48, channels)`` at 1 mm.
    synthetic
        Whether to mark the figure as synthetic.
    output
        Files; the suffix decides the format.
    """
    columns = {"not augmented": plain}
    columns |= {f"epoch {epoch}": images for epoch, images in epochs.items()}
    width = max(IMAGE_MM * len(columns) + MARGIN_MM, 75.0)
    figure = style.new_figure(width, IMAGE_MM * len(node_ids) + MARGIN_MM)
    panels = figure.subplots(len(node_ids), len(columns), squeeze=False)
    for place, node_id in enumerate(node_ids):
        for axes, images in zip(panels[place], columns.values(), strict=True):
            _draw_image(axes, images[place])
        panels[place, 0].set_ylabel(node_id)
    for axes, title in zip(panels[0], columns, strict=True):
        axes.set_title(title)
    _draw_bar(panels[-1, 0])
    low, high = options.window_hu
    figure.supxlabel(
        f"{printed(f'cnn_{cnn}')}; window {low:g} to {high:g} HU; bar {BAR_MM} mm",
        size=6.5,
    )
    if synthetic:
        style.mark_synthetic(figure, above=True)
    style.save(figure, output)


def _draw_image(axes: Axes, image: FloatArray) -> None:
    """Draw the CT on the scale 0 to 1, and the edge of the mask where it is fed."""
    axes.imshow(image[..., 0], cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    if image.shape[-1] > 1 and image[..., 1].any():
        axes.contour(image[..., 1], levels=[0.5], colors=EDGE, linewidths=0.5)
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)


def _draw_bar(axes: Axes) -> None:
    axes.plot([4, 4 + BAR_MM], [44, 44], color="white", linewidth=1.5)
