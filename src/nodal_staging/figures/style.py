"""One look for all figures: type, colours, widths, and files with the same bytes."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import Colormap
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from nodal_staging.figures.fonts import FAMILY, pin_fonts
from nodal_staging.figures.legend import Legend
from nodal_staging.study.files import replacing

MM = 1 / 25.4
POINT_MM = 25.4 / 72
DOUBLE_COLUMN_MM = 180
STEPS = 256

# Okabe and Ito's colours, which colour-blind readers can distinguish.
COLOURS = {
    "cnn_status_balanced": "#0072B2",
    "cnn_location_balanced": "#CC79A7",
    "cnn_xmask": "#009E73",
}
POSITIVE = "#D55E00"
NEGATIVE = "#56B4E9"
FOREST = "#0033CC"

HALO = [withStroke(linewidth=1.8, foreground="white")]
"""Around text that lies on curves."""

TYPE: dict[Any, Any] = {
    "font.family": FAMILY,
    "font.size": 7,
    "axes.labelsize": 7,
    "axes.titlesize": 7.5,
    "xtick.labelsize": 6.5,
    "ytick.labelsize": 6.5,
    "legend.fontsize": 6.5,
    "axes.linewidth": 0.6,
    "lines.linewidth": 1.2,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "svg.hashsalt": "nodal-staging",
    "svg.fonttype": "none",
    "pdf.fonttype": 42,
}


def new_figure(width_mm: float, height_mm: float, *, placed: bool = False) -> Figure:
    """Open a figure of a size in print; ``placed`` if its axes are, by ``add_axes``."""
    # A matplotlibrc of the user or of the working directory changes nothing.
    matplotlib.rcdefaults()
    matplotlib.rcParams.update(TYPE)
    pin_fonts()
    figure = Figure(
        figsize=(width_mm * MM, height_mm * MM),
        layout=None if placed else "constrained",
    )
    FigureCanvasAgg(figure)
    return figure


def colour_map(name: str) -> Colormap:
    """Return a colour map of 256 steps, whatever a matplotlibrc sets."""
    return matplotlib.colormaps[name].resampled(STEPS)


def mark_synthetic(figure: Figure, *, above: bool = False) -> None:
    """Say in the figure itself that its data are synthetic, optionally above titles."""
    if above:
        figure.suptitle(" ", size=7)
    figure.text(
        0.995,
        0.997,
        "synthetic cohort",
        ha="right",
        va="top",
        size=7,
        color="0.3",
    )


def add_axes(
    figure: Figure, left_mm: float, top_mm: float, width_mm: float, height_mm: float
) -> Axes:
    """Add axes at a place in print, counted from the upper left corner."""
    width, height = figure.get_size_inches() / MM
    box = (left_mm, height - top_mm - height_mm, width_mm, height_mm)
    shares = [
        part / whole for part, whole in zip(box, (width, height) * 2, strict=True)
    ]
    axes: Axes = figure.add_axes((shares[0], shares[1], shares[2], shares[3]))
    return axes


def mark_panel(figure: Figure, letter: str, left_mm: float, top_mm: float) -> None:
    """Write the letter of a panel at a place in print."""
    width, height = figure.get_size_inches() / MM
    figure.text(
        left_mm / width,
        1 - top_mm / height,
        letter,
        fontweight="bold",
        size=9,
        va="top",
    )


def save(
    figure: Figure,
    output: Sequence[str | Path],
    *,
    dots_per_inch: int = 300,
    legend: Legend | None = None,
) -> None:
    """Write a figure in the formats of the suffixes, without dates.

    A legend goes with the figure as title and description of each file.
    """
    without_date: dict[str, dict[str, str | None]] = {
        "pdf": {"CreationDate": None, "ModDate": None},
        "svg": {"Date": None},
        "png": {"Software": None},
    }
    for path in output:
        kind = Path(path).suffix.removeprefix(".")
        words = {} if legend is None else legend.metadata(kind)
        with replacing(path) as part:
            figure.savefig(
                part,
                format=kind,
                dpi=dots_per_inch,
                metadata=without_date[kind] | words,
            )
