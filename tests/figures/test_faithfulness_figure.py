"""The figure of faithfulness draws every curve of its tables, and no other."""

import numpy as np
import pandas as pd
import pytest
from drawn_text import overlapping
from matplotlib.colors import to_hex

from nodal_staging import tables
from nodal_staging.figures import style
from nodal_staging.figures.faithfulness import (
    COLOURS,
    CONTROLS,
    draw_curves,
    draw_faithfulness,
    in_columns,
)
from nodal_staging.figures.legend import Legend
from nodal_staging.figures.style import new_figure
from nodal_staging.heatmaps.heatmap_files import CURVES
from nodal_staging.heatmaps.methods import CONTROLS as CONTROL_MAPS
from nodal_staging.heatmaps.methods import METHODS
from nodal_staging.heatmaps.options import method_name

CNNS = ["status_balanced", "location_balanced", "xmask"]
KINDS = ("pdf", "svg", "png")


def written(folder, methods, steps=5):
    """Write curves that differ between all CNNs, methods and orders."""
    share = (np.arange(steps + 1) / steps) ** 2
    rng = np.random.default_rng(0)
    files = {}
    for cnn in CNNS:
        parts = [
            pd.DataFrame(
                {
                    "method": method,
                    "share_replaced": share,
                    "most_first": rng.normal(size=steps + 1),
                    "least_first": rng.normal(size=steps + 1),
                }
            )
            for method in methods
        ]
        files[cnn] = folder / f"{cnn}.curves.tsv"
        tables.write(pd.concat(parts), files[cnn], CURVES)
    return files


@pytest.fixture
def kept(monkeypatch):
    """Return the figures that would be written."""
    figures = []
    monkeypatch.setattr(style, "save", lambda figure, *_, **__: figures.append(figure))
    return figures


def lines(axes):
    """Return what is drawn across the panel, by whether it is solid, as pairs."""
    found = {"most_first": [], "least_first": []}
    for line in axes.get_lines():
        if line.get_linestyle() != ":":
            solid = line.get_linestyle() == "-"
            points = np.column_stack([line.get_xdata(), line.get_ydata()])
            found["most_first" if solid else "least_first"].append(points)
    return found


@pytest.mark.parametrize("steps", [2, 5, 20])
def test_lines_are_those_of_the_table(kept, tmp_path, steps):
    files = written(tmp_path, METHODS, steps)
    draw_faithfulness(curves=files, synthetic=False, output=[])
    (figure,) = kept
    panels = np.reshape(figure.axes, (len(CNNS), -1))
    for row, cnn in zip(panels, CNNS, strict=True):
        frame = tables.read(files[cnn], CURVES)
        for panel, methods in zip(row, in_columns(list(METHODS)), strict=True):
            drawn = lines(panel)
            for side, curves in drawn.items():
                assert len(curves) == 1 + len(methods)
                for method, points in zip(("random", *methods), curves, strict=True):
                    of = frame[frame["method"] == method]
                    assert (
                        points[:, 0].tolist() == (100 * of["share_replaced"]).tolist()
                    )
                    assert points[:, 1].tolist() == of[side].tolist()


def test_every_method_stands_once_and_the_controls_last():
    for count in (1, 2, 5, 8):
        methods = [*list(COLOURS)[:count], *CONTROL_MAPS]
        *columns, last = in_columns(methods)
        assert [name for column in columns for name in column] == methods[:count]
        assert {len(column) for column in columns[:-1]} <= {2}
        assert set(last) == set(CONTROL_MAPS) - {"random"}


def test_methods_have_colours_and_controls_have_greys():
    assert set(COLOURS) == set(METHODS) - set(CONTROL_MAPS)
    assert set(CONTROLS) == set(CONTROL_MAPS)
    colours = [to_hex(colour) for colour in (COLOURS | CONTROLS).values()]
    assert len(set(colours)) == len(colours)
    for colour in CONTROLS.values():
        code = to_hex(colour)
        assert code[1:3] == code[3:5] == code[5:7]


def test_the_names_above_a_column_have_its_colours_and_nothing_overlaps(kept, tmp_path):
    draw_faithfulness(curves=written(tmp_path, METHODS), synthetic=True, output=[])
    (figure,) = kept
    columns = in_columns(list(METHODS))
    for panel, methods in zip(figure.axes, columns, strict=False):
        key = panel.get_legend()
        assert [text.get_text() for text in key.get_texts()] == [
            method_name(method) for method in methods
        ]
        shown = [line.get_color() for line in key.get_lines()]
        drawn = [line.get_color() for line in panel.get_lines()]
        assert shown == list(dict.fromkeys(drawn))[-len(methods) :]
    assert figure.axes[0].get_ylabel().endswith("(logits)")
    assert figure.axes[-1].get_xlabel() == "Pixels replaced (%)"
    assert overlapping(figure) == []


def test_marks_tell_methods_apart_without_colours_unless_they_hide_the_curve(tmp_path):
    for steps, marked in ((5, True), (20, False)):
        frame = tables.read(written(tmp_path, METHODS, steps)["xmask"], CURVES)
        axes = draw_curves(
            new_figure(40, 40).subplots(), frame, ["pattern_attribution", "occlusion"]
        )
        marks = {line.get_marker() for line in axes.get_lines()[3:]}
        assert len(marks) == (2 if marked else 1)


@pytest.mark.figures
def test_figure_is_the_same_bytes_twice_and_says_what_it_is(tmp_path):
    files = written(tmp_path, ["grad_cam", *CONTROL_MAPS])
    outputs = [[tmp_path / f"{turn}.{kind}" for kind in KINDS] for turn in "abc"]
    for number, output in enumerate(outputs):
        draw_faithfulness(curves=files, synthetic=number < 2, output=output)
    for one, other in zip(outputs[0], outputs[1], strict=True):
        assert one.read_bytes() == other.read_bytes()
    assert "synthetic cohort" in outputs[0][1].read_text()
    assert "synthetic" not in outputs[2][1].read_text()
    caption = Legend.of(outputs[0][1].read_text()).caption
    for words in ("mean training image", "logit times its sign", "is the gap"):
        assert words in caption
