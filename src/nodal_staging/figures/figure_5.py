"""Figure 5: ROC curves with readers and forests; histograms of CNN outputs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from nodal_staging import tables
from nodal_staging.figures import style
from nodal_staging.figures.legend import Legend
from nodal_staging.figures.roc_curves import Curve, draw_roc
from nodal_staging.study.classifier_names import printed
from nodal_staging.study.files import read_json
from nodal_staging.tables.ceiling_table import read_ceilings
from nodal_staging.tables.intervals import percent_of

BINS = [step / 25 for step in range(26)]
SOURCES = {
    "out_of_fold": "chosen out of fold",
    "test": "chosen on the test set",
    "given": "given",
}


@dataclass(frozen=True, slots=True)
class CurveFiles:
    """What the statistics wrote of one CNN: ``tables.ROC``, ``BAND`` and JSON; scores.

    ``classifier`` is its name among all classifiers.
    """

    classifier: str
    roc: str | Path
    band: str | Path
    statistics: str | Path
    scores: str | Path


def draw_figure_5(
    *,
    cnns: Sequence[CurveFiles],
    readers: Mapping[str, str | Path],
    forests: Mapping[str, str | Path],
    ceilings: str | Path | None,
    synthetic: bool,
    output: Sequence[str | Path],
) -> None:
    """Draw Figure 5 from the artefacts of the statistics.

    Parameters
    ----------
    cnns
        The files of each CNN, in the order in which they are drawn.
    readers, forests
        Classifier to its statistics; drawn as operating points.
    ceilings
        ``tables.CEILINGS``; None unless the cohort is synthetic.
    synthetic
        Whether the data are synthetic, which the figure then says.
    output
        Files to write; their suffixes (pdf, svg, png) say in which formats.
    """
    best = read_ceilings(ceilings, "realistic_ceiling")
    loaded = [_load(files, best.get(files.classifier)) for files in cnns]
    figure = style.new_figure(style.DOUBLE_COLUMN_MM, 150)
    panels: Any = figure.subfigures(2, 1, height_ratios=[1.75, 1])
    upper, lower = panels
    roc_axes = upper.subplots()
    roc_axes.set_anchor("W")
    draw_roc(roc_axes, loaded, _points(readers), _points(forests))
    first, *others = lower.subplots(1, len(loaded), sharey=True, squeeze=False)[0]
    for axes, curve in zip((first, *others), loaded, strict=True):
        draw_histogram(axes, curve)
    for axes in others:
        axes.set_ylabel("")
    lower.legend(
        *histogram_key(loaded), loc="outside upper center", ncols=4, frameon=False
    )
    for panel, letter in ((upper, "a"), (lower, "b")):
        panel.text(0.005, 0.99, letter, fontweight="bold", size=9, va="top")
    if synthetic:
        style.mark_synthetic(figure)
    style.save(figure, output, legend=legend(loaded))


def legend(curves: Sequence[Curve]) -> Legend:
    """Say what curves, points and lines are, with the numbers of the test set."""
    statistics = curves[0].statistics
    interval = statistics["auc"]["intervals"]["bootstrap"]
    caption = (
        f"(a) ROC curves of the {len(curves)} CNNs on {statistics['n']['positive']:,} "
        f"positive and {statistics['n']['negative']:,} negative nodes. Intervals of "
        "the AUC take nodes as nested in patients (Obuchowski, logit scale). Shaded: "
        f"pointwise {percent_of(interval['level'])} band of sensitivity at given "
        f"specificities ({interval['replicates']:,} stratified bootstrap replicates, "
        "which take nodes as independent, though a patient has several); readers as "
        "black dots, forests as blue stars, at their operating points. "
        "(b) Outputs by status; dashed the Youden threshold "
        f"({SOURCES[statistics['threshold']['source']]}), dotted the threshold of "
        f"{percent_of(statistics['at_target_sensitivity']['target'])} sensitivity "
        "(always chosen on the test set)."
    )
    weak = [
        printed(curve.classifier)
        for curve in curves
        if curve.statistics["threshold"]["weak_folds"]
    ]
    if weak:
        caption += (
            " Models of the folds, which chose the threshold of "
            f"{', '.join(weak)}, are much weaker than the tested one."
        )
    if any(curve.ceiling is not None for curve in curves):
        caption += (
            " The realistic ceiling of a CNN is the best AUC of a classifier that may "
            "know of the same and reads the node from the scan as well as measurements "
            "can, blur and noise included."
        )
    return Legend("ROC curves of CNNs, readers and forests; outputs of CNNs", caption)


def _load(files: CurveFiles, ceiling: float | None) -> Curve:
    """Read what is drawn of one CNN."""
    table = tables.read(files.scores, tables.SCORES)
    return Curve(
        files.classifier,
        tables.read(files.roc, tables.ROC),
        tables.read(files.band, tables.BAND),
        read_json(files.statistics),
        table[table["partition"] == "test"],
        ceiling,
    )


def _points(files: Mapping[str, str | Path]) -> dict[str, tuple[float, float]]:
    """Return specificity and sensitivity of each classifier."""
    points = {}
    for classifier, path in files.items():
        metrics = read_json(path)["metrics"]
        points[classifier] = (
            metrics["specificity"]["estimate"],
            metrics["sensitivity"]["estimate"],
        )
    return points


def draw_histogram(axes: Axes, curve: Curve) -> Axes:
    """Draw the outputs of one CNN by status, with its two thresholds."""
    values = [
        curve.scores.loc[curve.scores["status"] == status, "score"]
        for status in ("negative", "positive")
    ]
    # Bars next to each other: where they overlap, a third colour would appear.
    colours = [style.NEGATIVE, style.POSITIVE]
    axes.hist(values, bins=BINS, color=colours, rwidth=0.9)
    threshold = curve.statistics["threshold"]["value"]
    target = curve.statistics["at_target_sensitivity"]["attained"]["threshold"]
    axes.axvline(threshold, color="black", linestyle="--", linewidth=0.9)
    axes.axvline(target, color="black", linestyle=":", linewidth=1.1)
    axes.set(xlim=(0, 1), xlabel="CNN output", ylabel="Nodes")
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_title(printed(curve.classifier))
    return axes


def histogram_key(curves: list[Curve]) -> tuple[list[Artist], list[str]]:
    """Return what the colours and lines of the histograms mean."""
    statistics = curves[0].statistics
    source = SOURCES[statistics["threshold"]["source"]]
    target = statistics["at_target_sensitivity"]["target"]
    handles: list[Artist] = [
        Patch(color=style.NEGATIVE),
        Patch(color=style.POSITIVE),
        Line2D([], [], color="black", linestyle="--", linewidth=0.9),
        Line2D([], [], color="black", linestyle=":", linewidth=1.1),
    ]
    labels = [
        "negative nodes",
        "positive nodes",
        f"Youden threshold, {source}",
        f"threshold of {percent_of(target)} sensitivity, test set",
    ]
    return handles, labels
