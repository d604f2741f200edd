"""Pictures of scans: grey values in mm, outlines, scale bars, the side of the body."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke

from nodal_staging.figures.style import colour_map
from nodal_staging.study.arrays import Float32Array, FloatArray

Extent = tuple[float, float, float, float]
"""Left, right, first and last row in mm, as ``picture_files.Picture`` has it."""


LINE_PT = 0.9
"""Line around a node."""
HALO_PT = 2.2
"""Line around letters, so that white ones are read on bone."""


def show(
    axes: Axes,
    values: Float32Array,
    extent_mm: Extent,
    *,
    limits: tuple[float, float],
    colours: str,
    upwards: bool = False,
) -> Axes:
    """Show a plane in mm, without ticks; ``upwards`` if the first row is the lowest.

    Values beyond the limits are drawn as the limit, unknown ones as the lowest.
    """
    left, right, first, last = extent_mm
    axes.imshow(
        np.nan_to_num(values, nan=limits[0]),
        cmap=colour_map(colours),
        vmin=limits[0],
        vmax=limits[1],
        extent=(left, right, first, last) if upwards else (left, right, last, first),
        origin="lower" if upwards else "upper",
        interpolation="nearest",
        aspect="equal",
    )
    axes.set(xticks=[], yticks=[])
    # White pictures end somewhere too.
    axes.spines[:].set(visible=True, color="0.7", linewidth=0.4)
    return axes


def outline(
    axes: Axes,
    coverage: Float32Array,
    extent_mm: Extent,
    *,
    colour: str,
    edge: str | None = None,
) -> None:
    """Draw the line within which pixels are covered by more than half.

    An ``edge`` of another colour on both sides keeps the line seen on any picture.
    """
    if coverage.max() <= 0.5:
        return
    rows, columns = coverage.shape
    left, right, first, last = extent_mm
    drawn = axes.contour(
        _centres(left, right, columns),
        _centres(first, last, rows),
        coverage,
        levels=[0.5],
        colors=colour,
        linewidths=LINE_PT,
    )
    if edge is not None:
        around = withStroke(linewidth=LINE_PT + 1.0, foreground=edge)
        drawn.set(path_effects=[around])


def _centres(first: float, last: float, count: int) -> FloatArray:
    """Return the middles of ``count`` pixels between two outer edges."""
    half = (last - first) / count / 2
    return np.linspace(first + half, last - half, count)


def scale_bar(
    axes: Axes, length_mm: float, *, colour: str = "white", labelled: bool = False
) -> None:
    """Draw a bar of that length into the lower left corner."""
    left, right = axes.get_xlim()
    bottom, top = axes.get_ylim()
    x = left + 0.04 * (right - left)
    y = bottom + 0.05 * (top - bottom)
    around = "black" if colour == "white" else "white"
    axes.plot(
        [x, x + length_mm],
        [y, y],
        color=colour,
        lw=1.6,
        solid_capstyle="butt",
        path_effects=[withStroke(linewidth=3.6, foreground=around)],
    )
    if labelled:
        axes.annotate(
            f"{length_mm:g} mm",
            (x, y),
            xytext=(0, 3),
            textcoords="offset points",
            color=colour,
            size=6,
            path_effects=[withStroke(linewidth=HALO_PT, foreground=around)],
        )


def mark_right(axes: Axes, *, colour: str = "white") -> None:
    """Say which side of the picture is the patient's right."""
    around = "black" if colour == "white" else "white"
    axes.annotate(
        "R",
        (0, 1),
        xycoords="axes fraction",
        xytext=(3, -3),
        textcoords="offset points",
        color=colour,
        size=6,
        va="top",
        path_effects=[withStroke(linewidth=HALO_PT, foreground=around)],
    )


def write_below(axes: Axes, words: str, *, linespacing: float | None = None) -> None:
    """Write lines of text below a picture, from its left edge."""
    axes.annotate(
        words,
        (0, 0),
        xycoords="axes fraction",
        xytext=(0, -3),
        textcoords="offset points",
        va="top",
        size=6.5,
        linespacing=linespacing,
        annotation_clip=False,
    )


def window_in_words(window_hu: tuple[float, float]) -> str:
    """Return the grey scale of a CT window, ``−160 (black) to 240 (white) HU``."""
    low, high = (f"{bound:g}".replace("-", "−") for bound in window_hu)
    return f"{low} (black) to {high} (white) HU"
