"""Training images as the network was fed them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from nodal_staging import tables
from nodal_staging.classifiers.cnn.augmentation import Augmentation, draw_augmentations
from nodal_staging.classifiers.cnn.inputs import ImageOptions, ImageSource
from nodal_staging.classifiers.cnn.recipes import Recipe, read_recipe
from nodal_staging.figures import style
from nodal_staging.figures.fonts import drawn
from nodal_staging.study.arrays import Float32Array
from nodal_staging.study.classifier_names import printed
from nodal_staging.study.errors import InputError
from nodal_staging.study.sheet_identifiers import identifier

IMAGE_MM = 22.0
MARGIN_MM = 14.0
BAR_MM = 10
EDGE = "#E69F00"

FIRST_NODES = 3
"""Nodes that are shown where the configuration names none."""


class ReplayError(InputError):
    """There is no such training image."""

    reason = "replay"


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which training images are drawn again.

    Attributes
    ----------
    cnn
        ``status_balanced``, ``location_balanced`` or ``xmask``.
    nodes
        Of its training set; the first few if there are none.
    epochs
        Counted from 1.
    """

    cnn: str
    nodes: Sequence[str]
    epochs: Sequence[int]

    def require_trained(self, known: set[str], epochs: int) -> None:
        """Refuse a node that did not train, or an epoch after the last.

        Raises
        ------
        ReplayError
            If one of them is not in the training.
        """
        for node_id in map(identifier, self.nodes):
            if node_id not in known:
                raise ReplayError(
                    f"config: replay.nodes names {node_id}, which is not in the "
                    f"training set of {self.cnn}; choose one of datasets/ or another "
                    "replay.cnn"
                )
        for epoch in self.epochs:
            if epoch > epochs:
                raise ReplayError(
                    f"config: replay.epochs names {epoch}, but {self.cnn} trains for "
                    f"{epochs} epochs; choose an epoch from 1 to {epochs}"
                )


@dataclass(frozen=True, slots=True, eq=False)
class Replayed:
    """Images of n nodes in one epoch ``(n, 48, 48, channels)``, and their draws."""

    epoch: int
    images: Float32Array
    drawn: Augmentation


def replay_images(
    *,
    recipe: str | Path,
    training: str | Path,
    patches: Iterable[str | Path],
    chosen: Chosen,
    synthetic: bool,
    table: str | Path,
    figure: Sequence[str | Path],
) -> None:
    """Draw training images again, as the network was fed them.

    Parameters
    ----------
    recipe, training, patches
        Those of the CNN.
    chosen
        Which images to draw again.
    synthetic
        Whether to mark the figure as synthetic.
    table, figure
        Outputs: what was drawn (``tables.REPLAY``); the images next to those
        without augmentation.

    Raises
    ------
    ReplayError
        If a node is not in the training set or an epoch was not trained.
    """
    how = read_recipe(recipe)
    dataset = tables.read(training, tables.DATASET)
    chosen.require_trained(set(dataset["node_id"]), how.epochs)
    shown = [*map(identifier, chosen.nodes)] or sorted(dataset["node_id"])[:FIRST_NODES]
    source = ImageSource.read(patches, shown, how.image)
    replayed = [_replay(source, how, epoch) for epoch in chosen.epochs]
    rows = [row for part in replayed for row in _rows(part, shown)]
    tables.write(pd.DataFrame(rows), table, tables.REPLAY)
    draw_replay(
        cnn=chosen.cnn,
        node_ids=shown,
        options=how.image,
        plain=source.plain(),
        epochs={part.epoch: part.images for part in replayed},
        synthetic=synthetic,
        output=figure,
    )


def _replay(source: ImageSource, how: Recipe, epoch: int) -> Replayed:
    """Draw an epoch again; its number counts from 1."""
    drawn = draw_augmentations(source.keys, how.ranges, seed=how.seed, epoch=epoch - 1)
    return Replayed(epoch, source.images(drawn), drawn)


def _rows(part: Replayed, node_ids: Sequence[str]) -> list[dict[str, object]]:
    drawn = part.drawn
    return [
        {
            "node_id": node_id,
            "epoch": part.epoch,
            "brightness": drawn.brightness[place],
            "rotation_deg": np.rad2deg(drawn.angle[place]),
            "shift_z": drawn.shift[place, 0],
            "shift_y": drawn.shift[place, 1],
            "shift_x": drawn.shift[place, 2],
            "flip_sagittal": _word(drawn.flip[place, 0]),
            "flip_axial": _word(drawn.flip[place, 1]),
        }
        for place, node_id in enumerate(node_ids)
    ]


def _word(flag: np.bool_) -> str:
    return "yes" if flag else "no"


def draw_replay(
    *,
    cnn: str,
    node_ids: Sequence[str],
    options: ImageOptions,
    plain: Float32Array,
    epochs: Mapping[int, Float32Array],
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
        panels[place, 0].set_ylabel(drawn(node_id))
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


def _draw_image(axes: Axes, image: Float32Array) -> None:
    """Draw the CT on the scale 0 to 1, and the edge of the mask where it is fed."""
    axes.imshow(
        image[..., 0],
        cmap=style.colour_map("gray"),
        vmin=0,
        vmax=1,
        interpolation="nearest",
    )
    if image.shape[-1] > 1 and image[..., 1].any():
        axes.contour(image[..., 1], levels=[0.5], colors=EDGE, linewidths=0.5)
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)


def _draw_bar(axes: Axes) -> None:
    axes.plot([4, 4 + BAR_MM], [44, 44], color="white", linewidth=1.5)
