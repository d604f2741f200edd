"""One look for all figures: type, colours, widths, and files with the same bytes."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from nodal_staging.files import replacing

MM = 1 / 25.4
DOUBLE_COLUMN_MM = 180

# Okabe and Ito's colours, told apart by colour-blind readers too.
COLOURS = {
    "cnn_status_balanced": "#0072B2",
    "cnn_location_balanced": "#D55E00",
    "cnn_xmask": "#009E73",
}
POSITIVE = "#D55E00"
NEGATIVE = "#56B4E9"
FOREST = "#0033CC"

HALO = [withStroke(linewidth=1.8, foreground="white")]
"""Around text that lies on curves."""

TYPE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
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


def new_figure(width_mm: float, height_mm: float) -> Figure:
    """Open a figure of a size in print."""
    matplotlib.rcParams.update(TYPE)
    return plt.figure(figsize=(width_mm * MM, height_mm * MM), layout="constrained")


def mark_synthetic(figure: Figure, *, above: bool = False) -> None:
    """Say in the figure itself that its data are synthetic, above titles if asked."""
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


def save(
    figure: Figure, output: Sequence[str | Path], *, dots_per_inch: int = 300
) -> None:
    """Write a figure in the formats of the suffixes, without dates, and close it."""
    without_date: dict[str, dict[str, None]] = {
        "pdf": {"CreationDate": None, "ModDate": None},
        "svg": {"Date": None},
        "png": {"Software": None},
    }
    for path in output:
        kind = Path(path).suffix.removeprefix(".")
        with replacing(path) as part:
            figure.savefig(
                part, format=kind, dpi=dots_per_inch, metadata=without_date[kind]
            )
    plt.close(figure)
