"""The scores of the same nodes at every location: a line per node, a panel per CNN.

Below them, where nodes were rendered: what the size, the attenuation and the hilum of a
node do to its score at the same location.
"""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.legend_handler import HandlerTuple
from matplotlib.lines import Line2D

from nodal_staging import tables
from nodal_staging.audit.counterfactual.effect_tables import (
    COUNTERFACTUAL,
    EFFECTS,
    IDEAL,
)
from nodal_staging.figures import style
from nodal_staging.figures.legend import Legend
from nodal_staging.phantom.truth import LATENTS
from nodal_staging.study.classifier_names import printed
from nodal_staging.tables.rounding import counted, percentage

HEIGHT_MM, DOSES_MM = 78, 52
OBSERVER = "0.45"
APART = 0.09
"""Distance of the CNNs along the axis of the doses."""
DOSED = {"size": "Size", "attenuation": "Attenuation", "hilum": "Loss of the hilum"}
DOSES_LEGEND = (
    " Below: {nodes} of the nodes rendered again with another size, attenuation or "
    "hilum; mean change of the log odds of each CNN (in the colours above) and of the "
    "ideal observer, less the mean effect of the location."
)
STATUS_COLOURS = {"positive": style.POSITIVE, "negative": style.NEGATIVE}


def draw_counterfactual(
    *,
    counterfactual: str | Path,
    effects: str | Path,
    synthetic: bool,
    output: Sequence[str | Path],
) -> None:
    """Draw the log odds of the same nodes at every location.

    Parameters
    ----------
    counterfactual, effects
        ``COUNTERFACTUAL`` and ``EFFECTS``.
    synthetic
        Whether the nodes were rendered; else they were transplanted.
    output
        Files; the suffix decides the format.
    """
    copies = tables.read(counterfactual, COUNTERFACTUAL)
    frame = copies[copies["changed"] == "location"]
    doses = dose_response(copies)
    found = tables.read(effects, EFFECTS).set_index(["classifier", "quantity"])["value"]
    known = frame.columns[frame.notna().any()]
    names = [name for name in style.COLOURS if f"logit_{name}" in known]
    dosed = not doses.empty
    figure = style.new_figure(style.DOUBLE_COLUMN_MM, HEIGHT_MM + DOSES_MM * dosed)
    upper, lower = _panels(figure, max(len(names), 1), dosed=dosed)
    for panel, name in zip(upper, names, strict=False):
        draw_classifier(panel, frame, name)
        panel.set_title(_title(name, found), loc="left")
    if not names:
        upper[0].text(0.5, 0.5, "no node could be transplanted", ha="center")
    upper[0].set_ylabel("Log odds of a positive node")
    for panel, latent in zip(lower, LATENTS, strict=False):
        draw_doses(panel, doses[doses["latent"] == latent], names)
        panel.set_title(DOSED[latent], loc="left")
    if dosed:
        lower[0].set_ylabel("Change of the log odds")
        lower[len(lower) // 2].set_xlabel(
            "Change of the node at the same location, standard deviations"
        )
    handles = _handles(names, observed=synthetic)
    figure.legend(
        handles=list(handles.values()),
        labels=list(handles),
        handler_map={tuple: HandlerTuple(ndivide=None, pad=0.15)},
        loc="outside lower center",
        ncols=4,
        frameon=False,
        handlelength=2.4,
    )
    if synthetic:
        style.mark_synthetic(figure, above=True)
    words = legend(frame, names, found, synthetic=synthetic)
    if dosed:
        nodes = copies.loc[copies["changed"].isin(LATENTS), "original"].nunique()
        more = DOSES_LEGEND.format(nodes=nodes)
        words = Legend(words.title, words.caption + more)
    style.save(figure, output, legend=words)


def _panels(
    figure: Figure, columns: int, *, dosed: bool
) -> tuple[list[Axes], list[Axes]]:
    """Return a row of panels for CNNs, and one for latents if there is any dose."""
    if not dosed:
        return list(figure.subplots(1, columns, sharey=True, squeeze=False)[0]), []
    grid = figure.add_gridspec(2, 1, height_ratios=[HEIGHT_MM - 8, DOSES_MM - 4])
    upper, lower = (
        grid[row].subgridspec(1, size).subplots(sharey=True, squeeze=False)[0]
        for row, size in enumerate((columns, len(LATENTS)))
    )
    return list(upper), list(lower)


def dose_response(copies: pd.DataFrame) -> pd.DataFrame:
    """Return the log odds of copies of which one latent was changed.

    A dose of one node is at another location than the next, so the mean effect of each
    location is taken away; then the mean of the node over its doses.

    Parameters
    ----------
    copies
        ``COUNTERFACTUAL``.

    Returns
    -------
    ``latent``, ``dose`` and, by classifier, the mean over the nodes; no rows where no
    latent was changed.
    """
    scores = [name for name in copies if str(name).startswith("logit_")]
    moved = copies[copies["changed"] == "location"]
    dosed = copies[copies["changed"].isin(LATENTS)]
    by_location = moved.groupby("location")[scores].mean()
    effect = by_location.reindex(dosed["location"]).to_numpy()
    own = dosed.copy()
    own[scores] -= effect
    mean = own.groupby(["original", "changed"])[scores].transform("mean")
    own[scores] -= mean
    found = own.groupby(["changed", "dose"], as_index=False)[scores].mean()
    found = found.rename(columns={"changed": "latent"})
    return found.rename(columns={name: name.removeprefix("logit_") for name in scores})


def draw_doses(axes: Axes, doses: pd.DataFrame, names: Sequence[str]) -> Axes:
    """Draw what the doses of one latent do to the log odds.

    Parameters
    ----------
    axes
        Where to draw.
    doses
        Rows of ``dose_response``, doses ascending.
    names
        CNNs to draw over the ideal observer.
    """
    if doses[IDEAL].notna().all():
        axes.plot(doses["dose"], doses[IDEAL], color=OBSERVER, linewidth=2.2, zorder=2)
    for place, name in enumerate(names):
        # Side by side, since CNNs may agree.
        aside = APART * (place - (len(names) - 1) / 2)
        axes.plot(
            doses["dose"] + aside,
            doses[name],
            color=style.COLOURS[name],
            linewidth=1.4,
            marker="o",
            markersize=3,
            zorder=3,
        )
    axes.axhline(0, color="0.8", linewidth=0.5, zorder=0)
    axes.set_xticks(doses["dose"].to_list())
    return axes


def by_location(frame: pd.DataFrame) -> list[str]:
    """Return the locations from the lowest to the highest log prior ratio."""
    prior = frame.groupby("location")["location_evidence"].first()
    shown = [name for name in tables.LOCATIONS if name in prior]
    found = prior[shown].sort_values(kind="stable")
    return [str(name) for name in found.index]


def draw_classifier(axes: Axes, frame: pd.DataFrame, name: str) -> Axes:
    """Draw a classifier: every node, their mean, and that of the ideal observer.

    Parameters
    ----------
    axes
        Where to draw.
    frame
        Rows of ``COUNTERFACTUAL`` whose location was changed.
    name
        The classifier.
    """
    order = by_location(frame)
    places = range(len(order))
    lines = frame.pivot_table(
        index=["status", "original"], columns="location", values=f"logit_{name}"
    )[order]
    for (status, _), values in lines.iterrows():
        colour = STATUS_COLOURS[str(status)]
        axes.plot(places, values, color=colour, linewidth=0.5, alpha=0.55, zorder=1)
    if f"logit_{IDEAL}" in frame and frame[f"logit_{IDEAL}"].notna().all():
        ideal = frame.groupby("location")[f"logit_{IDEAL}"].mean()[order]
        axes.plot(places, ideal, color=OBSERVER, linewidth=2.2, zorder=2)
    colour = style.COLOURS[name]
    axes.plot(places, lines.mean(), color="white", linewidth=3.0, zorder=3)
    axes.plot(places, lines.mean(), color=colour, linewidth=1.9, zorder=4)
    axes.axhline(0, color="0.8", linewidth=0.5, zorder=0)
    axes.set_xticks(
        list(places), order, rotation=45, ha="right", rotation_mode="anchor"
    )
    axes.set_xlim(-0.3, len(order) - 0.7)
    return axes


def _title(name: str, found: pd.Series) -> str:
    """Name the classifier, and the share of its scores that is the location."""
    share = percentage(found[name, "location_share"], 0)
    return f"{printed(name)}\nlocation: {share}% of the variance"


def _handles(names: Sequence[str], *, observed: bool) -> dict[str, tuple[Line2D, ...]]:
    """Return what the legend shows, the ideal observer where there is one."""
    shown = {
        "a positive node": ([style.POSITIVE], 0.8),
        "a negative node": ([style.NEGATIVE], 0.8),
        "mean of the CNN": ([style.COLOURS[name] for name in names], 1.9),
    }
    if observed:
        shown["mean of an ideal observer"] = ([OBSERVER], 2.2)
    return {
        label: tuple(Line2D([], [], color=one, linewidth=width) for one in colours)
        for label, (colours, width) in shown.items()
        if colours
    }


def legend(
    frame: pd.DataFrame, names: Sequence[str], found: pd.Series, *, synthetic: bool
) -> Legend:
    """Say what is drawn, and how the shares of the variance divide."""
    nodes = frame["original"].nunique()
    shares = "; ".join(
        f"{printed(name)}: node {percentage(found[name, 'node_share'], 0)}%, location "
        f"{percentage(found[name, 'location_share'], 0)}%, both together "
        f"{percentage(found[name, 'interaction_share'], 0)}%"
        for name in names
    )
    renderings = frame["rendering"].nunique()
    if synthetic:
        what = (
            f"{nodes} synthetic test nodes, rendered at every location with the same "
            "shape, attenuation and hilum (mean of "
            f"{counted(renderings, 'rendering', 'renderings')})"
        )
        observer = (
            " An ideal observer that also reads the location follows the grey line."
        )
    else:
        what = (
            f"{nodes} test nodes, put into patches of other patients at every location "
            f"(an approximation; mean of {counted(renderings, 'patient', 'patients')})"
        )
        observer = ""
    caption = (
        f"Each thin line is one of {what}. Locations are in the order of their log "
        "prior ratio. A classifier that reads the node alone gives horizontal lines."
        f"{observer} Shares of the variance of the log odds: {shares}."
    )
    title = "The same nodes at every location: does their score change?"
    return Legend(title, caption)
