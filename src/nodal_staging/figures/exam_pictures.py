"""What a radiologist looks at before a cohort is trusted: nodes on CT, CT on PET."""

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from nodal_staging.cohort.exam_index import ExamIndex, read_index
from nodal_staging.cohort.sheets import Exam, read_exams
from nodal_staging.exams.isolation import isolated
from nodal_staging.figures import style
from nodal_staging.nodes.masks import node_masks
from nodal_staging.nodes.views import NodeView, node_views
from nodal_staging.study.arrays import BoolArray
from nodal_staging.study.errors import InputError
from nodal_staging.study.files import replacing_folder, write_json

WINDOW_HU = (-160, 240)
HIGHEST_SUV = 10.0
CLOSE_UP_MM = 60.0
CLOSE_UP_SHARE = 1.3
"""Edge of the close-up of a larger node, in extents of the node."""

ROW_MM = 46.0
WIDTH_MM = 150.0
OWN, OTHERS = "#E69F00", "#56B4E9"
TITLES = ("close-up", "PET on CT")


def draw_exam(views: Sequence[NodeView], *, total: int, output: str | Path) -> None:
    """Draw a row for every view: the slice, a close-up, and the PET over the CT.

    Parameters
    ----------
    views
        Slices through nodes of one exam.
    total
        Nodes of the exam, of which the views may be the largest.
    output
        PNG.
    """
    figure = style.new_figure(WIDTH_MM, ROW_MM * len(views) + 8)
    panels = figure.subplots(
        len(views), 3, squeeze=False, gridspec_kw={"width_ratios": [1.3, 1, 1.3]}
    )
    for row, view in zip(panels, views, strict=True):
        for axes in row:
            _draw_ct(axes, view)
            axes.set_axis_off()
        _zoom(row[1], view)
        _draw_pet(row[2], view)
        row[0].set_title(f"{view.node_id} on CT", loc="left")
    for axes, title in zip(panels[0][1:], TITLES, strict=True):
        axes.set_title(title, loc="left")
    figure.supxlabel(_legend(len(views), total), size=6.5)
    style.save(figure, [output], dots_per_inch=110)


def _draw_ct(axes: Axes, view: NodeView) -> None:
    """Draw the slice with the outlines of its nodes."""
    low, high = WINDOW_HU
    axes.imshow(
        view.hu, cmap="gray", vmin=low, vmax=high, extent=_extent(view), aspect="equal"
    )
    _outline(axes, view.mask, view, OWN)
    _outline(axes, view.others, view, OTHERS)


def _draw_pet(axes: Axes, view: NodeView) -> None:
    """Lay the uptake over the CT, the more opaque the hotter."""
    if view.suv is None:
        axes.text(0.5, 0.5, "no SUV", color="white", transform=axes.transAxes)
        return
    share = np.clip(np.nan_to_num(view.suv) / HIGHEST_SUV, 0, 1)
    axes.imshow(
        share,
        cmap="hot",
        vmin=0,
        vmax=1,
        alpha=np.clip(1.5 * share, 0, 0.75),
        extent=_extent(view),
        aspect="equal",
    )
    _outline(axes, view.mask, view, OWN)


def _outline(axes: Axes, mask: BoolArray, view: NodeView, colour: str) -> None:
    """Draw the edge of a mask; a node of one pixel has one too."""
    if mask.any():
        column_mm, row_mm = view.spacing_mm
        rows, columns = mask.shape
        axes.contour(
            np.arange(columns) * column_mm,
            np.arange(rows) * row_mm,
            mask.astype(float),
            levels=[0.5],
            colors=colour,
            linewidths=0.8,
        )


def _zoom(axes: Axes, view: NodeView) -> None:
    """Show the surroundings of the node alone."""
    x, y = (
        place * step for place, step in zip(view.centre, view.spacing_mm, strict=True)
    )
    column_mm, row_mm = view.spacing_mm
    rows, columns = np.nonzero(view.mask)
    extent = max(np.ptp(columns) * column_mm, np.ptp(rows) * row_mm)
    half = max(CLOSE_UP_MM, CLOSE_UP_SHARE * extent) / 2
    axes.set_xlim(x - half, x + half)
    axes.set_ylim(y + half, y - half)


def _extent(view: NodeView) -> tuple[float, float, float, float]:
    """Return left, right, bottom and top in mm; rows run downwards."""
    rows, columns = view.hu.shape
    column_mm, row_mm = view.spacing_mm
    return (
        -0.5 * column_mm,
        (columns - 0.5) * column_mm,
        (rows - 0.5) * row_mm,
        -0.5 * row_mm,
    )


def _legend(shown: int, total: int) -> str:
    words = (
        f"window {WINDOW_HU[0]} to {WINDOW_HU[1]} HU; "
        f"close-up at least {CLOSE_UP_MM:.0f} mm; "
        f"SUV 0 to {HIGHEST_SUV:.0f}; orange: the node, blue: other nodes"
    )
    return words if shown == total else f"{words}; the {shown} largest of {total}"


logger = logging.getLogger(__name__)


def picture_exams(
    *,
    exams: str | Path,
    nodes: str | Path,
    index: str | Path,
    shard: str,
    output: str | Path,
) -> None:
    """Draw the usable exams of a shard, each in a process of its own.

    Parameters
    ----------
    exams, nodes
        The input sheets.
    index
        How the files of each usable exam are read.
    shard
        Name of the shard.
    output
        Folder of the pictures; ``pictures.json`` gives the file of each exam_id,
        ``unread.json`` reason and sentence of those whose voxels cannot be read.
        Files are numbered, for an exam_id may hold what a file name may not.
    """
    indices = read_index(index)
    names: dict[str, str] = {}
    unread: dict[str, dict[str, str]] = {}
    with replacing_folder(output) as folder:
        for exam in read_exams(exams=exams, nodes=nodes, shard=shard):
            exam_index = indices.get(exam.exam_id)
            if exam_index is None:
                continue
            name = f"{len(names) + 1:05}.png"
            role = f"patient {exam.patient_id}, exam {exam.exam_id}"
            try:
                isolated(
                    _picture_exam,
                    exam,
                    exam_index,
                    Path(nodes).parent,
                    folder / name,
                    role=role,
                )
            except InputError as error:
                logger.warning("%s (no picture of this exam)", error)
                unread[exam.exam_id] = {"reason": error.reason, "problem": str(error)}
                continue
            names[exam.exam_id] = name
        write_json(folder / "pictures.json", names)
        write_json(folder / "unread.json", unread)


def _picture_exam(exam: Exam, index: ExamIndex, folder: Path, path: Path) -> None:
    """Draw one exam, in a child process."""
    masks = node_masks(exam, index, folder)
    draw_exam(node_views(exam, index, masks), total=len(masks), output=path)
