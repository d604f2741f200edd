"""Every test node that a CNN gets wrong, with its image."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from io import BytesIO
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from nodal_staging import tables
from nodal_staging.classifiers.called_nodes import chosen_threshold, read_called
from nodal_staging.heatmaps.heatmap_files import Heatmaps, read_heatmaps
from nodal_staging.report.artefacts import Artefacts
from nodal_staging.study.arrays import BoolArray, Float32Array
from nodal_staging.study.classifier_names import printed
from nodal_staging.tables.parts import Folded, Heading, Html, Part
from nodal_staging.tables.rounding import counted, number

BAR_MM = 10


def node_image(image: Float32Array, mask: BoolArray, *, alt: str) -> str:
    """Return an axial image as SVG, a pixel and a mm a unit.

    Parameters
    ----------
    image
        CT on the scale of the window, 0 black and 1 white ``(y, x)``.
    mask
        The node there ``(y, x)``.
    alt
        What it shows, for those who do not see it.
    """
    rows, columns = image.shape
    bar = f'<path class="bar" d="M2 {rows - 2.5}h{BAR_MM}"/>'
    return (
        f'<svg viewBox="0 0 {columns} {rows}" role="img" aria-label="{escape(alt)}">'
        f'<image width="{columns}" height="{rows}" href="{_png(image)}"/>'
        f'<path class="outline" d="{outline(mask)}"/>{bar}</svg>'
    )


def outline(mask: BoolArray) -> str:
    """Return the edges of a mask as an SVG path along the edges of its pixels."""
    padded = np.pad(mask, 1).astype(np.int8)
    across = np.argwhere(np.diff(padded, axis=0)[:, 1:-1])
    along = np.argwhere(np.diff(padded, axis=1)[1:-1])
    return "".join(
        [f"M{x} {y}h1" for y, x in across] + [f"M{x} {y}v1" for y, x in along]
    )


def _png(image: Float32Array) -> str:
    """Return grey values as a PNG in a data URL."""
    grey = np.rint(255 * np.clip(image, 0, 1)).astype(np.uint8)
    file = BytesIO()
    Image.fromarray(grey).save(file, "png", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"


KINDS = {
    "false_negative": "False negatives: positive nodes called negative",
    "false_positive": "False positives: negative nodes called positive",
}


@dataclass(frozen=True, slots=True, eq=False)
class Errors:
    """What a CNN got wrong: nodes with ``outcome`` and ``score``, and its threshold."""

    cnn: str
    nodes: pd.DataFrame
    threshold: float
    tested: int


def gallery(study: Artefacts) -> list[Part]:
    """Return the parts of the section, folded by CNN."""
    # One CNN sees the whole CT; what xMask sees is within the outline.
    pictures = read_heatmaps(next(iter(study.heatmaps.values())))
    measured = tables.read(study.nodes, tables.NODES).set_index("node_id")
    return [
        Heading("Failure gallery", "gallery"),
        "Every false negative and every false positive of the test set: axial CT with "
        f"the outline of the node, {pictures.images.shape[-1]} mm across (bar {BAR_MM} "
        "mm), in the window of the network’s input. The xMask CNN sees only what lies "
        "inside the outline, all else is empty to it. Sorted by location; names of "
        "nodes are pseudonyms.",
        *(folded(errors(cnn, study, measured), pictures) for cnn in study.statistics),
    ]


def errors(cnn: str, study: Artefacts, measured: pd.DataFrame) -> Errors:
    """Return the test nodes that a CNN gets wrong, by location and name."""
    called = read_called(f"cnn_{cnn}", study.scores[cnn], study.statistics[cnn])
    found = measured.loc[called.scores.node_id].assign(
        score=called.scores.score,
        outcome=called.outcomes,
        place=lambda nodes: nodes["location"].map(tables.SHOWN_LOCATIONS.index),
    )
    wrong = found[found["outcome"].isin(KINDS)].sort_values(["place", "node_id"])
    threshold = chosen_threshold(study.statistics[cnn])
    return Errors(cnn, wrong, threshold, len(found))


def folded(errors: Errors, pictures: Heatmaps) -> Folded:
    """Fold the errors of one CNN, false negatives first."""
    return Folded(error_counts(errors), tuple(_kinds(errors, pictures)))


def error_counts(errors: Errors) -> str:
    """Count the errors of one CNN in words."""
    counts = errors.nodes["outcome"].value_counts()
    misses, alarms = (
        counted(int(counts.get(kind, 0)), one, f"{one}s")
        for kind, one in ((kind, kind.replace("_", " ")) for kind in KINDS)
    )
    return (
        f"{printed(f'cnn_{errors.cnn}')}: {misses} and {alarms} of "
        f"{counted(errors.tested, 'test node', 'test nodes')}, at the threshold "
        f"{number(errors.threshold)}"
    )


def _kinds(errors: Errors, pictures: Heatmaps) -> Iterator[Part]:
    """Yield a heading and the cases of each kind of error."""
    for kind, words in KINDS.items():
        nodes = errors.nodes[errors.nodes["outcome"] == kind]
        if nodes.empty:
            continue
        cases = "\n".join(
            case(row, errors, pictures)
            for row in nodes.reset_index().to_dict("records")
        )
        yield Html(f'<h3>{escape(words)}</h3>\n<div class="cases">\n{cases}\n</div>')


def case(node: dict[Any, Any], errors: Errors, pictures: Heatmaps) -> str:
    """Show a node with what is known of it."""
    place = list(pictures.node_ids).index(node["node_id"])
    name = f"{node['node_id']}, {node['location']}, {node['status']}"
    image = node_image(
        pictures.images[place], pictures.masks[place], alt=f"Axial CT of node {name}"
    )
    facts = (
        f"score {number(node['score'])}, threshold {number(errors.threshold)}",
        f"{number(node['volume_mm3'], 0)} mm³",
        f"short axis {number(node['short_axis_mm'], 1)} mm",
    )
    words = "<br>".join(map(escape, facts))
    return (
        f'<figure class="case {node["outcome"]}" data-cnn="{escape(errors.cnn)}" '
        f'data-node="{escape(node["node_id"])}">{image}'
        f"<figcaption><strong>{escape(name)}</strong><br>{words}</figcaption></figure>"
    )
