"""How the CNNs were trained: loss and held-out AUC by epoch."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.legend_handler import HandlerTuple
from matplotlib.ticker import MaxNLocator

from nodal_staging import tables
from nodal_staging.figures import style
from nodal_staging.figures.legend import Legend
from nodal_staging.study.classifier_names import printed
from nodal_staging.study.files import read_json
from nodal_staging.tables.rounding import count

HELD_OUT = "0.35"
LOWEST_AUC = 0.4
"""Axes of AUC reach down to here, or to what was found below."""

FEW_POINTS = 5
"""Up to here points are marked: a line through one is not seen."""

CROSS_ENTROPY = "binary_crossentropy"


def draw_training(
    *,
    whole: Mapping[str, str | Path],
    folds: Mapping[str, Sequence[str | Path]],
    cards: Sequence[str | Path],
    synthetic: bool,
    output: Sequence[str | Path],
) -> None:
    """Draw one column per CNN: loss above, AUC of the nodes held out below.

    Parameters
    ----------
    whole
        CNN to the history of its training on all nodes (``tables.HISTORY``).
    folds
        CNN to the histories of its folds, those of one job in a file.
    cards
        Descriptions of the trainings, which name their loss.
    synthetic
        Whether to mark the figure as synthetic.
    output
        Files; the suffix decides the format.
    """
    loss = read_json(cards[0])["loss"]
    labels = _labels(loss)
    figure = style.new_figure(style.DOUBLE_COLUMN_MM, 85)
    axes = figure.subplots(2, len(whole), sharex="col", sharey="row", squeeze=False)
    for column, cnn in enumerate(whole):
        history = tables.read(whole[cnn], tables.HISTORY)
        watched = _held_out(folds[cnn])
        colour = style.COLOURS[f"cnn_{cnn}"]
        axes[0, column].set_title(printed(f"cnn_{cnn}"))
        _draw_loss(axes[0, column], history, watched, colour, labels)
        _draw_auc(axes[1, column], watched)
        axes[1, column].set_xlabel("Epoch")
        axes[1, column].xaxis.set_major_locator(
            MaxNLocator("auto", steps=[1, 2, 5, 10], integer=True, min_n_ticks=1)
        )
    axes[0, 0].set_ylabel("Cross-entropy" if loss == CROSS_ENTROPY else "Loss")
    # Once all panels share one scale: a limit that is set first would cut the others.
    axes[0, 0].set_ylim(bottom=0)
    axes[1, 0].set_ylim(min(LOWEST_AUC, axes[1, 0].get_ylim()[0]), 1)
    figure.legend(**key(axes[0]), loc="outside lower center", ncols=3, frameon=False)
    axes[1, 0].set_ylabel("AUC, nodes held out")
    if synthetic:
        style.mark_synthetic(figure, above=True)
    style.save(figure, output, legend=legend(whole, loss))


def legend(whole: Mapping[str, str | Path], loss: str) -> Legend:
    """Say what the lines are, and for how many epochs was trained.

    Parameters
    ----------
    whole
        CNN to the history of its training on all nodes.
    loss
        Name of the loss.
    """
    epochs = {
        int(tables.read(path, tables.HISTORY)["epoch"].max()) for path in whole.values()
    }
    length = " to ".join(count(n) for n in sorted({min(epochs), max(epochs)}))
    named = "Cross-entropy" if loss == CROSS_ENTROPY else loss.replace("_", " ")
    return Legend(
        "Training of the CNNs",
        f"{named.capitalize()} of the training on all nodes ({length} epochs, "
        "coloured), and cross-entropy (above) and AUC (below) of the nodes that each "
        "fold held out (grey; dashed: mean of the folds). Dotted: an AUC of 0.5. "
        "Training ends after a set number of epochs; no epoch is chosen by these "
        "curves.",
    )


def key(axes: Sequence[Axes]) -> dict[str, Any]:
    """Return what the lines mean, once for all panels: held out is grey in both rows.

    Parameters
    ----------
    axes
        The upper row, where each CNN has its colour.
    """
    handles, names = axes[0].get_legend_handles_labels()
    trained = tuple(panel.get_legend_handles_labels()[0][0] for panel in axes)
    return {
        "handles": [trained, *handles[1:]],
        "labels": names,
        "handler_map": {tuple: HandlerTuple(ndivide=None, pad=0.2)},
        "handlelength": 4,
    }


def _held_out(paths: Sequence[str | Path]) -> pd.DataFrame:
    """Return the epochs at which folds were watched, all folds in one table."""
    parts = [tables.read(path, tables.FOLD_HISTORY) for path in paths]
    return pd.concat(parts).dropna(subset=["held_out_loss"])


def _labels(loss: str) -> tuple[str, str]:
    """Name both losses; nodes held out are always judged by cross-entropy."""
    if loss == CROSS_ENTROPY:
        return "training", "held out"
    return f"training ({loss.replace('_', ' ')})", "held out (cross-entropy)"


def _draw_loss(
    axes: Axes,
    history: pd.DataFrame,
    watched: pd.DataFrame,
    colour: str,
    labels: tuple[str, str],
) -> None:
    """Draw the loss of training, and of the nodes held out."""
    axes.plot(
        history["epoch"],
        history["loss"],
        color=colour,
        label=labels[0],
        **_marks(len(history), 3.5),
    )
    _draw_folds(axes, watched, "held_out_loss", HELD_OUT, label=labels[1])


def _draw_auc(axes: Axes, watched: pd.DataFrame) -> None:
    _draw_folds(axes, watched, "held_out_auc", HELD_OUT)
    axes.axhline(0.5, color="0.6", linewidth=0.6, linestyle=":")


def _draw_folds(
    axes: Axes, watched: pd.DataFrame, column: str, colour: str, label: str = ""
) -> None:
    """Draw each fold thinly and the mean of all."""
    for number, fold in watched.groupby("fold"):
        name = f"{label}, each fold" if label and number == 1 else None
        axes.plot(
            fold["epoch"],
            fold[column],
            color=colour,
            linewidth=0.5,
            label=name,
            **_marks(len(fold), 1.8),
        )
    mean = watched.groupby("epoch")[column].mean()
    name = f"{label}, mean of the folds" if label else None
    axes.plot(
        mean.index,
        mean,
        color=colour,
        linestyle="--",
        label=name,
        **_marks(len(mean), 5.0, fillstyle="none"),
    )


def _marks(points: int, size: float, *, fillstyle: str = "full") -> dict[str, Any]:
    """Return how a curve of so many points is marked, if at all."""
    if points > FEW_POINTS:
        return {}
    return {
        "marker": "o",
        "markersize": size,
        "fillstyle": fillstyle,
        "clip_on": False,
    }
