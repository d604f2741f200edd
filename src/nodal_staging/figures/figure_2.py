"""Figure 2: from screened patients to the test set and the three training sets."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

from nodal_staging.datasets.flow import Flow, Nodes
from nodal_staging.figures import style
from nodal_staging.figures.legend import Legend
from nodal_staging.figures.text_boxes import TextBox

MARGIN_MM, GAP_MM, TOP_MM = 2.0, 5.0, 5.0
MAIN_MM = 64.0
SIDE_LEFT_MM = 76.0
SET_GAP_MM = 4.0

WIDTH_MM = style.DOUBLE_COLUMN_MM
SIDE_MM = WIDTH_MM - SIDE_LEFT_MM - MARGIN_MM
SET_MM = (WIDTH_MM - 2 * MARGIN_MM - 2 * SET_GAP_MM) / 3
MAIN_X = MARGIN_MM + MAIN_MM / 2

PLAIN, LEFT_OUT, TESTED = "white", "#F2F2F2", "#FFF6DA"
EDGE = "0.25"


def draw_figure_2(flow: Flow, *, synthetic: bool, output: Sequence[str | Path]) -> None:
    """Draw Figure 2.

    Parameters
    ----------
    flow
        The counts.
    synthetic
        Whether the figure must say that its data are synthetic.
    output
        Files to write; their suffixes (pdf, svg, png) say in which formats.
    """
    figure, _ = lay_out(flow)
    if synthetic:
        style.mark_synthetic(figure)
    style.save(figure, output, legend=legend(flow, synthetic=synthetic))


def lay_out(flow: Flow) -> tuple[Figure, list[Text]]:
    """Draw the chart, as high as its text; return it with the lines of text."""
    main = {name: _box(*words, MAIN_MM) for name, words in _main_words(flow).items()}
    side = {name: _box(*words, SIDE_MM) for name, words in _side_words(flow).items()}
    sets = [_box(*words, SET_MM) for words in _set_words(flow)]
    height = _height(main, side, sets)
    figure = style.new_figure(WIDTH_MM, height, placed=True)
    axes = style.add_axes(figure, 0, 0, WIDTH_MM, height)
    axes.set(xlim=(0, WIDTH_MM), ylim=(height, 0))
    axes.set_axis_off()
    return figure, _draw(axes, main, side, sets)


def _box(head: str, body: list[str], width_mm: float) -> TextBox:
    return TextBox.of(head, body, width_mm=width_mm)


def _main_words(flow: Flow) -> dict[str, tuple[str, list[str]]]:
    """Return head and body of the boxes on the left, from top to bottom."""
    return {
        "screened": ("Screened", [_exams(flow.screened)]),
        "included": (
            "Included",
            [_exams(flow.included), _nodes(flow.measured, "nodes measured")],
        ),
        "test": ("Test set", _set_body(flow.test, flow.unused["test"])),
    }


def _side_words(flow: Flow) -> dict[str, tuple[str, list[str]]]:
    """Return head and body of the boxes on the right; those without content are not."""
    words = {
        "excluded": ("Excluded exams", flow.excluded),
        "lost": ("Nodes left out", [one for own in flow.lost.values() for one in own]),
    }
    boxes = {
        name: (
            f"{head}: {sum(count for _, count in reasons):,}",
            [f"{reason}: {count:,}" for reason, count in reasons],
        )
        for name, (head, reasons) in words.items()
        if reasons
    }
    split = f"Left for training, split by {flow.protocol}"
    return boxes | {"pool": (split, _set_body(flow.pool, []))}


def _set_words(flow: Flow) -> list[tuple[str, list[str]]]:
    """Return head and body of the boxes of the training sets."""
    named = {
        "status_balanced": "Training set, status balanced",
        "location_balanced": "Training set, location balanced",
    }
    boxes = [
        (named[name], _set_body(own, flow.unused[name]))
        for name, own in flow.training.items()
    ]
    masked = flow.training["status_balanced"]
    words = ["the nodes of status balanced; CT × mask: the node alone is seen"]
    return [*boxes, ("Training set, xMask", _set_body(masked, []) + words)]


def _set_body(nodes: Nodes, unused: list[tuple[str, int]]) -> list[str]:
    body = [_nodes(nodes), f"{nodes.patients:,} patients"]
    return body + [f"not used: {count:,} {reason}" for reason, count in unused]


def _exams(counts: Mapping[str, int]) -> str:
    return f"{counts['patients']:,} patients, {counts['exams']:,} exams"


def _nodes(nodes: Nodes, words: str = "nodes") -> str:
    return (
        f"{nodes.nodes:,} {words}: {nodes.positive:,} positive, "
        f"{nodes.negative:,} negative"
    )


def _height(
    main: dict[str, TextBox], side: dict[str, TextBox], sets: list[TextBox]
) -> float:
    """Return the height in print that the rows and the gaps between them take."""
    rows = [main["screened"].height_mm, main["included"].height_mm]
    rows += [side[name].height_mm for name in ("excluded", "lost") if name in side]
    rows.append(max(main["test"].height_mm, side["pool"].height_mm))
    rows.append(max(box.height_mm for box in sets))
    return TOP_MM + sum(rows) + GAP_MM * (len(rows) - 1) + GAP_MM / 2 + MARGIN_MM


def _draw(
    axes: Axes, main: dict[str, TextBox], side: dict[str, TextBox], sets: list[TextBox]
) -> list[Text]:
    """Draw row by row; arrows first go down, then to what is left out."""
    texts: list[Text] = []
    top = TOP_MM
    for name, aside in (("screened", "excluded"), ("included", "lost")):
        texts += main[name].draw(axes, MARGIN_MM, top, fill=PLAIN, edge=EDGE)
        start = top = top + main[name].height_mm
        if aside in side:
            top += GAP_MM
            box = side[aside]
            texts += box.draw(axes, SIDE_LEFT_MM, top, fill=LEFT_OUT, edge=EDGE)
            _arrow(axes, (MAIN_X, top + box.height_mm / 2), to_x=SIDE_LEFT_MM)
            top += box.height_mm
        top += GAP_MM
        _arrow(axes, (MAIN_X, start), to_y=top)
    texts += main["test"].draw(axes, MARGIN_MM, top, fill=TESTED, edge=EDGE)
    texts += side["pool"].draw(axes, SIDE_LEFT_MM, top, fill=PLAIN, edge=EDGE)
    middle = SIDE_LEFT_MM + SIDE_MM / 2
    _elbow(axes, (MAIN_X, top - GAP_MM / 2), (middle, top))
    bottom = top + side["pool"].height_mm
    top += max(main["test"].height_mm, side["pool"].height_mm) + 1.5 * GAP_MM
    return texts + _draw_sets(axes, sets, (middle, bottom), top)


def _draw_sets(
    axes: Axes, sets: list[TextBox], source: tuple[float, float], top: float
) -> list[Text]:
    """Draw the training sets in a row, and arrows to each."""
    bus = top - GAP_MM / 2
    axes.plot([source[0], source[0]], [source[1], bus], color=EDGE, lw=0.7)
    texts = []
    for place, (box, colour) in enumerate(
        zip(sets, style.COLOURS.values(), strict=True)
    ):
        left = MARGIN_MM + place * (SET_MM + SET_GAP_MM)
        texts += box.draw(axes, left, top, fill=PLAIN, edge=colour)
        _elbow(axes, (source[0], bus), (left + SET_MM / 2, top))
    return texts


def _elbow(axes: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Draw a line sideways, then an arrow down."""
    axes.plot([start[0], end[0]], [start[1], start[1]], color=EDGE, lw=0.7)
    _arrow(axes, (end[0], start[1]), to_y=end[1])


def _arrow(
    axes: Axes,
    start: tuple[float, float],
    *,
    to_x: float | None = None,
    to_y: float | None = None,
) -> None:
    """Draw an arrow sideways or down."""
    end = (start[0] if to_x is None else to_x, start[1] if to_y is None else to_y)
    axes.annotate(
        "",
        end,
        xytext=start,
        arrowprops={
            "arrowstyle": "-|>",
            "color": EDGE,
            "lw": 0.7,
            "shrinkA": 0,
            "shrinkB": 0,
            "mutation_scale": 6,
        },
    )


def legend(flow: Flow, *, synthetic: bool) -> Legend:
    """Say what the boxes count."""
    whose = "synthetic patients" if synthetic else "patients"
    caption = (
        f"Of {flow.screened['patients']:,} {whose} with {flow.screened['exams']:,} "
        f"exams, {flow.included['patients']:,} with {flow.included['exams']:,} exams "
        "were included. Each excluded exam is counted once, under the first "
        f"criterion that it failed. {flow.measured.nodes:,} nodes were measured; the "
        f"split is by {flow.protocol}: {flow.test.nodes:,} nodes are tested and "
        f"{flow.pool.nodes:,} may train. Nodes that a set could have used and did not "
        "are counted in its box."
    )
    return Legend("From screened patients to the datasets", caption)
