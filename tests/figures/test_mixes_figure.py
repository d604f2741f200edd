"""The figure of the mixes draws every AUC of its table."""

import numpy as np
import pandas as pd
import pytest
from drawn_text import overlapping

from nodal_staging import tables
from nodal_staging.audit.mixes.reweighting import REWEIGHTED
from nodal_staging.audit.mixes.target_mixes import BUILT_IN
from nodal_staging.figures import style
from nodal_staging.figures.legend import Legend
from nodal_staging.figures.mixes import draw_mixes

pytestmark = pytest.mark.figures

NAMES = ["cnn_status_balanced", "cnn_xmask", "volume", "location"]


@pytest.fixture
def table(tmp_path):
    rows = []
    for place, name in enumerate(NAMES):
        for number, mix in enumerate([*BUILT_IN[:3], "theirs", *BUILT_IN[3:]]):
            area = 0.4 + 0.07 * number + 0.02 * place
            row = {"classifier": name, "mix": mix, "positive": 60, "negative": 61}
            row |= {"effective_positive": 30.0, "effective_negative": 31.0}
            row |= {"covered": 1.0, "prevalence": 0.3, "draws_without": 0}
            if mix == "uniform":
                rows.append(row | {"note": "not_covered"})
                continue
            row |= {"auc": area, "note": "ok"}
            if mix == "reversed":
                rows.append(row | {"note": "too_few"})
                continue
            rows.append(row | {"auc_lower": area - 0.1, "auc_upper": area + 0.1})
    frame = pd.DataFrame(rows).reindex(columns=list(REWEIGHTED.columns))
    tables.write(frame, tmp_path / "reweighted.tsv", REWEIGHTED)
    return tmp_path / "reweighted.tsv"


def test_lines_are_the_areas_of_the_table(table, monkeypatch):
    figures = []
    monkeypatch.setattr(style, "save", lambda figure, *_, **__: figures.append(figure))
    draw_mixes(reweighted=table, synthetic=True, output=[])
    (axes,) = figures[0].axes
    frame = tables.read(table, REWEIGHTED)
    frame = frame[frame["mix"] != "uniform"]
    lines = [line for line in axes.lines if len(line.get_xdata()) == 5]
    drawn = {tuple(np.round(line.get_ydata(), 9)) for line in lines}
    expected = {
        tuple(np.round(rows["auc"], 9)) for _, rows in frame.groupby("classifier")
    }
    assert drawn == expected
    labels = [text.get_text() for text in axes.get_xticklabels()]
    assert labels[2:4] == ["theirs", "as tested"]
    assert overlapping(figures[0]) == []


def test_figure_says_what_it_asks_and_what_it_lacks(table, tmp_path):
    for name in "ab":
        draw_mixes(
            reweighted=table, synthetic=name == "a", output=[tmp_path / f"{name}.svg"]
        )
    one, other = ((tmp_path / f"{name}.svg").read_text() for name in "ab")
    assert "synthetic cohort" in one
    assert "synthetic" not in other
    legend = Legend.of(one)
    assert legend.title.endswith("?")
    assert "60 positive and 61 negative" in legend.caption
    assert "all locations equally often" in legend.caption
