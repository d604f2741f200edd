"""Contact sheet of the phantom: every region as CT, close-ups of nodes, and PET."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from nodal_staging.figures import style
from nodal_staging.figures.pictures import scale_bar
from nodal_staging.phantom.anatomy import REGIONS
from nodal_staging.phantom.ct import Grid
from nodal_staging.phantom.sample_patients import Sample, sample_patient
from nodal_staging.phantom.scanner import Scanner
from nodal_staging.phantom.truth import Dials
from nodal_staging.study.arrays import GenericArray

WINDOW_HU = (-160, 240)
HIGHEST_SUV = 10
CLOSE_UP_MM = 36.0
WIDTHS = [1.36, 1.36, 0.8, 0.8, 1.36]
TITLES = [
    "CT, patient A",
    "CT, patient B",
    "negative node of A",
    "positive node of B",
    "PET, patient B",
]


def draw_phantom_gallery(
    *, scanner: Scanner, dials: Dials, seed: int, output: Sequence[str | Path]
) -> None:
    """Draw two patients, one with negative and one with positive nodes everywhere.

    Parameters
    ----------
    scanner, dials
        The phantom of the study.
    seed
        The study's seed.
    output
        Files to write; their suffixes (pdf, svg, png) say in which formats.
    """
    negative = sample_patient(scanner, dials, "negative", seed=seed)
    positive = sample_patient(scanner, dials, "positive", seed=seed)
    figure = style.new_figure(style.DOUBLE_COLUMN_MM, 262)
    panels = figure.subplots(
        len(REGIONS), len(TITLES), gridspec_kw={"width_ratios": WIDTHS}
    )
    for number, (row, location) in enumerate(zip(panels, REGIONS, strict=True)):
        for axes, sample in zip(row[:2], (negative, positive), strict=True):
            draw_slice(axes, sample, number)
        for axes, sample in zip(row[2:4], (negative, positive), strict=True):
            draw_close_up(axes, sample, number)
        draw_uptake(row[4], positive, number)
        row[0].set_ylabel(location)
    for axes, title in zip(panels[0], TITLES, strict=True):
        axes.set_title(title, size=7)
    _caption(panels[-1])
    style.save(figure, output)


def _caption(last_row: npt.NDArray[np.object_]) -> None:
    """State window and scales under the last row."""
    low, high = WINDOW_HU
    last_row[0].set_xlabel(f"window {low} to {high} HU; bars 50 mm", size=6)
    last_row[1].set_xlabel("synthetic cohort", size=6)
    last_row[2].set_xlabel(f"{CLOSE_UP_MM:g} mm; bars 10 mm", size=6)
    last_row[4].set_xlabel(f"SUV 0 (white) to {HIGHEST_SUV} (black)", size=6)


def draw_slice(axes: Axes, sample: Sample, number: int) -> None:
    """Draw the axial slice through a node, and a ring around the node."""
    node = sample.nodes[number]
    _show(axes, sample.hu, sample.ct_grid, float(node.centre_mm[2]), WINDOW_HU, "gray")
    x, y = node.centre_mm[:2]
    axes.plot(
        *(x, y), marker="o", ms=9, mfc="none", mec=style.POSITIVE, mew=0.6, ls="none"
    )
    scale_bar(axes, 50)


def draw_close_up(axes: Axes, sample: Sample, number: int) -> None:
    """Draw a node and what lies right around it."""
    x, y, z = sample.nodes[number].centre_mm
    _show(axes, sample.hu, sample.ct_grid, float(z), WINDOW_HU, "gray")
    half = CLOSE_UP_MM / 2
    axes.set(xlim=(x - half, x + half), ylim=(y + half, y - half))
    scale_bar(axes, 10)


def draw_uptake(axes: Axes, sample: Sample, number: int) -> None:
    """Draw the axial slice of the PET through a node."""
    z = float(sample.nodes[number].centre_mm[2])
    _show(axes, sample.suv, sample.pet_grid, z, (0, HIGHEST_SUV), "gray_r")
    scale_bar(axes, 50, colour="black")


def _show(
    axes: Axes,
    volume: GenericArray,
    grid: Grid,
    z_mm: float,
    window: tuple[float, float],
    colours: str,
) -> None:
    """Show the slice at a height, in mm, the patient's left on the right."""
    x, y, z = grid.coordinates()
    half = grid.pixel_mm / 2
    axes.imshow(
        volume[int(np.abs(z - z_mm).argmin())],
        cmap=style.colour_map(colours),
        vmin=window[0],
        vmax=window[1],
        extent=(x[0] - half, x[-1] + half, y[-1] + half, y[0] - half),
        interpolation="nearest",
    )
    axes.set(xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set_visible(False)
