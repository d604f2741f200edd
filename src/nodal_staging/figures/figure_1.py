"""Figure 1: what the study looks at: CT and PET of a patient, and of single nodes."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nodal_staging import tables
from nodal_staging.figures import style
from nodal_staging.figures.legend import Legend
from nodal_staging.figures.pictures import (
    mark_right,
    outline,
    scale_bar,
    show,
    window_in_words,
    write_below,
)
from nodal_staging.nodes.example_nodes import EXAMPLES
from nodal_staging.nodes.picture_files import Picture, Pictures, read_pictures

HIGHEST_SUV = 10.0
OUTLINE = {"positive": style.POSITIVE, "negative": style.NEGATIVE}

LEFT_MM, RIGHT_MM, TOP_MM, GAP_MM, PAIR_GAP_MM = 5.0, 0.5, 8.0, 1.5, 7.0
TITLE_MM, FOOT_MM = 4.0, 5.0
HIGHEST_MM = 115.0
AXIAL_BAR_MM, TALL_MM = 20, 500
WIDTH_MM = style.DOUBLE_COLUMN_MM - LEFT_MM - RIGHT_MM
"""Room for pictures from left to right."""


def draw_figure_1(
    *,
    chosen: str | Path,
    pictures: str | Path,
    window_hu: tuple[float, float],
    synthetic: bool,
    output: Sequence[str | Path],
) -> None:
    """Draw Figure 1 from the kept sections of the chosen exams.

    Parameters
    ----------
    chosen, pictures
        The nodes (``EXAMPLES``), and what ``picture_examples`` kept of their exams.
    window_hu
        What is black and what is white on CT.
    synthetic
        Whether the figure must say that its data are synthetic.
    output
        Files to write; their suffixes (pdf, svg, png) say in which formats.
    """
    nodes = tables.read(chosen, EXAMPLES).set_index("panel")
    figure = lay_out(nodes, read_pictures(pictures), window_hu)
    if synthetic:
        style.mark_synthetic(figure)
    style.save(figure, output, legend=legend(nodes, window_hu, synthetic=synthetic))


def lay_out(
    nodes: pd.DataFrame,
    pictures: dict[str, Pictures],
    window_hu: tuple[float, float],
) -> Figure:
    """Place the whole body with its close-ups above, the pairs of two nodes below."""
    body = pictures["a"]["coronal_ct"]
    height = body_height_mm(body)
    square = (WIDTH_MM - 2 * GAP_MM - PAIR_GAP_MM) / 4
    below = TOP_MM + height + FOOT_MM + TITLE_MM
    total = below + square + 1.7 * FOOT_MM
    figure = style.new_figure(style.DOUBLE_COLUMN_MM, total, placed=True)
    _draw_body(figure, nodes.loc["a"], pictures["a"], height, window_hu)
    for letter, place in (("b", 0), ("c", 1)):
        left = LEFT_MM + place * (2 * square + GAP_MM + PAIR_GAP_MM)
        right = left + square + GAP_MM
        style.mark_panel(figure, letter, left - LEFT_MM + 0.9, below - TITLE_MM + 0.4)
        node = nodes.loc[letter]
        ct = style.add_axes(figure, left, below, square, square)
        pet = style.add_axes(figure, right, below, square, square)
        draw_close_up(ct, pet, node, pictures[letter], window_hu)
        write_below(ct, described(node))
    figure.text(LEFT_MM / style.DOUBLE_COLUMN_MM, 1 / total, scales(window_hu), size=6)
    return figure


def body_height_mm(body: Picture) -> float:
    """Return the height in print at which body, projection and close-ups fill a row."""
    left, right, first, last = body.extent_mm
    aspect = (right - left) / (last - first)
    room = WIDTH_MM - 2 * GAP_MM
    # Two bodies, and two close-ups one above the other with a title between.
    return min((room + TITLE_MM / 2) / (2 * aspect + 0.5), HIGHEST_MM)


def _draw_body(
    figure: Figure,
    node: pd.Series,
    pictures: Pictures,
    height: float,
    window_hu: tuple[float, float],
) -> None:
    left, right, first, last = pictures["coronal_ct"].extent_mm
    width = height * (right - left) / (last - first)
    style.mark_panel(figure, "a", 0.9, TOP_MM - TITLE_MM + 0.4)
    ct = style.add_axes(figure, LEFT_MM, TOP_MM, width, height)
    pet = style.add_axes(figure, LEFT_MM + width + GAP_MM, TOP_MM, width, height)
    draw_body(ct, pet, node, pictures, window_hu)
    square = (height - TITLE_MM) / 2
    place = LEFT_MM + 2 * (width + GAP_MM)
    upper = style.add_axes(figure, place, TOP_MM, square, square)
    lower = style.add_axes(figure, place, TOP_MM + square + TITLE_MM, square, square)
    draw_close_up(upper, lower, node, pictures, window_hu)
    write_below(ct, described(node))


def draw_body(
    ct: Axes,
    pet: Axes,
    node: pd.Series,
    pictures: Pictures,
    window_hu: tuple[float, float],
) -> None:
    """Draw the coronal CT with the node, and the projection of the whole PET."""
    body, mask = pictures["coronal_ct"], pictures["coronal_node"]
    colour = OUTLINE[node["status"]]
    show(
        ct, body.values, body.extent_mm, limits=window_hu, colours="gray", upwards=True
    )
    outline(ct, mask.values, mask.extent_mm, colour=colour)
    ct.set_title("Coronal CT", loc="left", pad=2)
    pet.set_title("PET, maximum intensity projection", loc="left", pad=2)
    _mark_body(ct, pictures, colour, ink="white")
    projected = pictures.get("projected_pet")
    if projected is None:
        _say_no_pet(pet, body)
        return
    show(
        pet,
        projected.values,
        projected.extent_mm,
        limits=(0, HIGHEST_SUV),
        colours="gray_r",
        upwards=True,
    )
    left, right, first, last = body.extent_mm
    pet.set(xlim=(left, right), ylim=(first, last))
    _mark_body(pet, pictures, colour, ink="black")


def _mark_body(axes: Axes, pictures: Pictures, colour: str, *, ink: str) -> None:
    """Point at the node; give scale and side."""
    body = pictures["coronal_ct"]
    _point_at(axes, pictures["axial_node"], pictures["coronal_node"], colour)
    tall = body.extent_mm[3] - body.extent_mm[2] > TALL_MM
    scale_bar(axes, 100 if tall else 50, colour=ink, labelled=True)
    mark_right(axes, colour=ink)


def _point_at(axes: Axes, axial: Picture, coronal: Picture, colour: str) -> None:
    """Point an arrow at the node, and mark the height of its axial section."""
    left, right, *_ = axial.extent_mm
    rows, _ = (coronal.values > 0.5 * coronal.values.max()).nonzero()
    _, _, first, last = coronal.extent_mm
    step = (last - first) / len(coronal.values)
    x, z = (left + right) / 2, first + (float(rows.mean()) + 0.5) * step
    axes.annotate(
        "",
        (x, z),
        xytext=(-17, 17),
        textcoords="offset points",
        arrowprops={
            "arrowstyle": "-|>",
            "color": colour,
            "lw": 0.9,
            "shrinkB": 5,
            "mutation_scale": 7,
        },
    )


def draw_close_up(
    ct: Axes,
    pet: Axes,
    node: pd.Series,
    pictures: Pictures,
    window_hu: tuple[float, float],
) -> None:
    """Draw the axial section through a node, on CT with its outline, and on PET."""
    mask = pictures["axial_node"]
    shown: list[tuple[Axes, str, Any, str, str]] = [
        (ct, "axial_ct", window_hu, "gray", "white"),
        (pet, "axial_pet", (0, HIGHEST_SUV), "gray_r", "black"),
    ]
    for axes, name, limits, colours, ink in shown:
        picture = pictures.get(name)
        if picture is None:
            _say_no_pet(axes, mask)
            continue
        show(axes, picture.values, picture.extent_mm, limits=limits, colours=colours)
        outline(axes, mask.values, mask.extent_mm, colour=OUTLINE[node["status"]])
        scale_bar(axes, AXIAL_BAR_MM, colour=ink, labelled=True)
        mark_right(axes, colour=ink)
    ct.set_title("Axial CT", loc="left", pad=2)
    pet.set_title("Axial PET", loc="left", pad=2)


def _say_no_pet(axes: Axes, like: Picture) -> None:
    """Leave the place of a PET that there is not."""
    none = 0 * like.values
    show(axes, none, like.extent_mm, limits=(0, 1), colours="gray_r")
    axes.text(0.5, 0.5, "no PET", ha="center", color="0.4", transform=axes.transAxes)


def described(node: pd.Series) -> str:
    """Describe a node in words: status, location, volume, uptake."""
    words = f"{node['status']}, {node['location']}, {node['volume_mm3']:,.0f} mm³"
    known = pd.notna(node["suv_max"])
    return f"{words}, SUVmax {node['suv_max']:.1f}" if known else f"{words}, no SUV"


def scales(window_hu: tuple[float, float]) -> str:
    """Say what black and white mean on CT and on PET."""
    ct = f"CT: {window_in_words(window_hu)}."
    return f"{ct} PET: SUV 0 (white) to {HIGHEST_SUV:g} (black)."


def legend(
    nodes: pd.DataFrame, window_hu: tuple[float, float], *, synthetic: bool
) -> Legend:
    """Say what is shown, and by which rule it was chosen."""
    a, b, c = (nodes.loc[panel] for panel in ("a", "b", "c"))
    whose = "synthetic patient" if synthetic else "patient"
    caption = (
        f"(a) Coronal CT and projected PET of one {whose}; the arrow points at a "
        f"node ({described(a)}) that is outlined on CT and on its axial section. "
        f"(b) A negative node ({described(b)}) and (c) a positive one "
        f"({described(c)}) on axial CT and PET. {scales(window_hu)} "
        f"R: the patient’s right. {rule(nodes)}"
    )
    return Legend("CT and PET of lymph nodes", caption)


def rule(nodes: pd.DataFrame) -> str:
    """Say how the nodes were chosen, as far as the cohort let the rule go."""
    a, b, c = (nodes.loc[panel] for panel in ("a", "b", "c"))
    known = pd.notna(a["suv_max"]) and pd.notna(b["suv_max"])
    measures, are = (
        ("volume and SUVmax, as logarithms", "are")
        if known
        else ("volume, as a logarithm", "is")
    )
    other = "of another patient than (a)"
    if c["patient_id"] == a["patient_id"]:
        other = "after (a)" if c["node_id"] != a["node_id"] else "there is, that of (a)"
    return (
        f"The nodes were chosen by rule: of the {a['candidates']:.0f} positive and "
        f"{b['candidates']:.0f} negative nodes of the test set those whose {measures} "
        f"in units of the interquartile range, {are} nearest to the median of their "
        f"status; (c) is the nearest one {other}."
    )
