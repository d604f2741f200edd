"""The network as a drawing: its input, a bar per layer, rows of groups."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from nodal_staging.figures import style
from nodal_staging.figures.network_groups import (
    COLOURS,
    IMAGE_MM,
    LABEL_SIZE,
    Bar,
    Group,
    Layer,
    groups_of,
)
from nodal_staging.figures.text_boxes import text_width_mm
from nodal_staging.study.arrays import Float32Array

MARGIN_MM, TOP_MM, GAP_MM, WIDEST_GAP_MM = 2.0, 5.0, 3.5, 8.0
LINE_MM = LABEL_SIZE * 1.3 * style.POINT_MM
CHANNEL_GAP_MM = 3.5
KEY_MM = 2.2


@dataclass(frozen=True, slots=True)
class Input:
    """What the network is fed, by example: ``channels`` maps names to images."""

    name: str
    channels: Mapping[str, Float32Array]

    @property
    def side_mm(self) -> float:
        """Edge of one image in print."""
        count = len(self.channels)
        return (IMAGE_MM - CHANNEL_GAP_MM * (count - 1)) / count if count > 1 else 20.0


def lay_out(layers: Sequence[Layer], fed: Input) -> Figure:
    """Draw the network from left to right, in as many rows as it takes."""
    groups = groups_of(layers)
    first = fed.side_mm + GAP_MM
    rows = _rows(groups, first)
    heights = [_row_height(row) for row in rows]
    key = sorted({bar.operation for group in groups for bar in group.bars}, key=_place)
    total = TOP_MM + sum(heights) + 3 * LINE_MM
    figure = style.new_figure(style.DOUBLE_COLUMN_MM, total, placed=True)
    axes = style.add_axes(figure, 0, 0, style.DOUBLE_COLUMN_MM, total)
    axes.set(xlim=(0, style.DOUBLE_COLUMN_MM), ylim=(total, 0))
    axes.set_axis_off()
    top = TOP_MM
    for row, height in zip(rows, heights, strict=True):
        if row is rows[0]:
            _draw_input(figure, axes, layers[0], fed, top)
        left = MARGIN_MM + (first if row is rows[0] else GAP_MM)
        _draw_row(axes, row, left, top)
        top += height
    _draw_key(axes, key, total - 2.2 * LINE_MM)
    axes.text(
        MARGIN_MM,
        total - 0.8 * LINE_MM,
        parameters(layers),
        va="center_baseline",
        size=LABEL_SIZE,
    )
    return figure


def _rows(groups: Sequence[Group], first_mm: float) -> list[list[Group]]:
    """Break the groups into rows of the width of the figure."""
    rows: list[list[Group]] = [[]]
    left = MARGIN_MM + first_mm
    for group in groups:
        if rows[-1] and left + group.width_mm > style.DOUBLE_COLUMN_MM - MARGIN_MM:
            rows.append([])
            left = MARGIN_MM + GAP_MM
        rows[-1].append(group)
        left += group.width_mm + GAP_MM
    return rows


def _row_height(row: Sequence[Group]) -> float:
    """Return the height of title, bars and lines."""
    lines = max(len(group.lines) for group in row)
    return LINE_MM * (lines + 1.6) + IMAGE_MM + 2


def _draw_row(axes: Axes, row: Sequence[Group], left: float, top: float) -> None:
    """Draw groups on one middle line, with arrows between them."""
    upper = top + 1.2 * LINE_MM
    middle = upper + IMAGE_MM / 2
    end = left - GAP_MM
    gap = _gap(row, left)
    for group in row:
        start = left + (group.width_mm - group.bars_mm) / 2
        _arrow(axes, end + 0.5, start - 0.5, middle)
        x = start
        for bar in group.bars:
            _draw_bar(axes, bar, x, middle)
            x += bar.width_mm
        _label(axes, group, left + group.width_mm / 2, upper)
        end, left = x, left + group.width_mm + gap


def _gap(row: Sequence[Group], left: float) -> float:
    """Return the distance of groups at which a row fills the width, within reason."""
    used = left + sum(group.width_mm for group in row) + MARGIN_MM
    spare = style.DOUBLE_COLUMN_MM - used
    return min(max(spare / max(len(row) - 1, 1), GAP_MM), WIDEST_GAP_MM)


def _draw_bar(axes: Axes, bar: Bar, left: float, middle: float) -> None:
    axes.add_patch(
        Rectangle(
            (left, middle - bar.height_mm / 2),
            bar.width_mm,
            bar.height_mm,
            facecolor=COLOURS.get(bar.operation, "white"),
            edgecolor="black",
            linewidth=0.3,
            gid=bar.layer,
        )
    )


def _label(axes: Axes, group: Group, middle: float, upper: float) -> None:
    """Write the title above and the lines below a group."""
    axes.text(
        middle,
        upper - 0.7 * LINE_MM,
        group.title,
        size=LABEL_SIZE,
        fontweight="bold",
        ha="center",
        va="center_baseline",
    )
    for place, line in enumerate(group.lines):
        axes.text(
            middle,
            upper + IMAGE_MM + 1.5 + (place + 0.5) * LINE_MM,
            line,
            size=LABEL_SIZE,
            ha="center",
            va="center_baseline",
        )


def _draw_input(
    figure: Figure, axes: Axes, layer: Layer, fed: Input, top: float
) -> None:
    """Draw the channels of the example one above the other."""
    upper = top + 1.2 * LINE_MM
    side, count = fed.side_mm, len(fed.channels)
    used = count * side + (count - 1) * CHANNEL_GAP_MM
    place = upper + (IMAGE_MM - used) / 2
    for name, image in fed.channels.items():
        own = style.add_axes(figure, MARGIN_MM, place, side, side)
        own.imshow(
            image,
            cmap=style.colour_map("gray"),
            vmin=0,
            vmax=1,
            interpolation="nearest",
        )
        own.set(xticks=[], yticks=[], label=name)
        own.spines[:].set_visible(False)
        own.set_gid(fed.name)
        axes.text(
            MARGIN_MM,
            place - 0.6 * LINE_MM,
            name,
            size=LABEL_SIZE,
            va="center_baseline",
        )
        place += side + CHANNEL_GAP_MM
    shape = " × ".join(str(size) for size in layer["output"])
    for row, line in enumerate(("input", shape)):
        axes.text(
            MARGIN_MM + side / 2,
            upper + IMAGE_MM + 1.5 + (row + 0.5) * LINE_MM,
            line,
            size=LABEL_SIZE,
            ha="center",
            va="center_baseline",
        )


def _arrow(axes: Axes, start: float, end: float, y: float) -> None:
    axes.annotate(
        "",
        (end, y),
        xytext=(start, y),
        arrowprops={
            "arrowstyle": "-|>",
            "color": "0.25",
            "lw": 0.6,
            "shrinkA": 0,
            "shrinkB": 0,
            "mutation_scale": 5,
        },
    )


def _draw_key(axes: Axes, operations: Sequence[str], y: float) -> None:
    """Say what the colours mean."""
    left = MARGIN_MM
    for words in operations:
        axes.add_patch(
            Rectangle(
                (left, y - KEY_MM / 2),
                KEY_MM,
                KEY_MM,
                facecolor=COLOURS.get(words, "white"),
                edgecolor="black",
                linewidth=0.3,
            )
        )
        left += KEY_MM + 1
        axes.text(left, y, words, size=LABEL_SIZE, va="center_baseline")
        left += text_width_mm(words, LABEL_SIZE) + 3.5


def _place(operation: str) -> tuple[int, str]:
    known = list(COLOURS)
    return (known.index(operation) if operation in COLOURS else len(known), operation)


def parameters(layers: Sequence[Layer]) -> str:
    """State the number of parameters."""
    total = sum(layer["parameters"] for layer in layers)
    trained = sum(layer["trained"] for layer in layers)
    return f"{total:,} parameters (par.), {trained:,} of them trained"
