"""ROC curves with their bands, and operating points, on one pair of axes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from nodal_staging.figures import style
from nodal_staging.figures.fonts import drawn
from nodal_staging.study.classifier_names import printed
from nodal_staging.tables.intervals import ci, percent_of, with_interval

SHORT = {"rf_status_balanced": "RF status", "rf_location_balanced": "RF location"}


@dataclass(frozen=True, slots=True)
class Curve:
    """What is drawn of one CNN: ROC points, pointwise band, statistics, scores.

    ``ceiling`` is the best AUC that its images allow; None where no truth is known.
    """

    classifier: str
    roc: pd.DataFrame
    band: pd.DataFrame
    statistics: Mapping[str, Any]
    scores: pd.DataFrame
    ceiling: float | None


def draw_roc(
    axes: Axes,
    curves: list[Curve],
    readers: Mapping[str, tuple[float, float]],
    forests: Mapping[str, tuple[float, float]],
) -> Axes:
    """Draw ROC curves with bands, and operating points.

    Parameters
    ----------
    axes
        To draw on.
    curves
        The CNNs.
    readers, forests
        Specificity and sensitivity of each.
    """
    axes.plot([1, 0], [0, 1], color="0.75", linewidth=0.6, zorder=0)
    for curve in curves:
        _draw_curve(axes, curve)
    _mark(axes, readers, marker="o", colour="black", size=22)
    _mark(axes, forests, marker="*", colour=style.FOREST, size=75)
    axes.set(
        xlim=(1.01, -0.01),
        ylim=(-0.01, 1.01),
        xlabel="Specificity",
        ylabel="Sensitivity",
        aspect="equal",
    )
    handles, labels = axes.get_legend_handles_labels()
    axes.legend(
        handles,
        labels,
        loc="lower left",
        bbox_to_anchor=(1.03, 0.0),
        frameon=False,
        title=_legend_title(curves),
        title_fontsize=6.5,
        alignment="left",
        labelspacing=0.9,
    )
    return axes


def _draw_curve(axes: Axes, curve: Curve) -> None:
    """Draw the points of a curve, joined, and its band."""
    colour = style.COLOURS.get(curve.classifier, "0.3")
    band = curve.band.sort_values("specificity")
    axes.fill_between(
        band["specificity"],
        band["lower"],
        band["upper"],
        color=colour,
        alpha=0.13,
        lw=0,
    )
    points = curve.roc.sort_values(
        ["specificity", "sensitivity"], ascending=[False, True]
    )
    axes.plot(
        points["specificity"],
        points["sensitivity"],
        color=colour,
        label=_label(curve),
    )


def _legend_title(curves: list[Curve]) -> str:
    """Describe the interval of the AUC and the band."""
    intervals = curves[0].statistics["auc"]["intervals"]
    level = percent_of(intervals["obuchowski_logit"]["level"])
    return (
        f"AUC ({ci(intervals['obuchowski_logit']['level'])} over patients); "
        f"shaded: pointwise\n{level} band of sensitivity at given specificity\n"
    )


def _label(curve: Curve) -> str:
    auc = curve.statistics["auc"]
    interval = auc["intervals"]["obuchowski_logit"]
    best = "" if curve.ceiling is None else f"\nrealistic ceiling {curve.ceiling:.3f}"
    return (
        f"{printed(curve.classifier)}\n"
        f"{with_interval(auc['estimate'], interval['lower'], interval['upper'])}{best}"
    )


def _mark(
    axes: Axes,
    points: Mapping[str, tuple[float, float]],
    *,
    marker: str,
    colour: str,
    size: float,
) -> None:
    """Mark operating points and name them on the plot."""
    for number, (classifier, (specificity, sensitivity)) in enumerate(points.items()):
        axes.scatter(
            specificity,
            sensitivity,
            marker=marker,
            s=size,
            color=colour,
            edgecolor="white",
            linewidth=0.8,
            zorder=4,
            clip_on=False,
        )
        axes.annotate(
            drawn(SHORT.get(classifier, printed(classifier))),
            (specificity, sensitivity),
            xytext=(5, -8 if number % 2 == 0 else 5),
            textcoords="offset points",
            size=6,
            color=colour,
            zorder=5,
            path_effects=style.HALO,
        )
