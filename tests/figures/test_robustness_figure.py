"""The figure of robustness draws every change of its table."""

import numpy as np
import pytest
from drawn_text import overlapping
from matplotlib.collections import PathCollection
from report_files import CNNS, TESTED, write_cnn_scores, write_robustness
from studies import measured_nodes

from nodal_staging import tables
from nodal_staging.audit.robustness.robustness_tables import ACTS_ON, ROBUSTNESS
from nodal_staging.audit.robustness.step_names import WORDS
from nodal_staging.figures import style
from nodal_staging.figures.legend import Legend
from nodal_staging.figures.robustness import MEASURES, STEP, draw_robustness

NAMES = [f"cnn_{cnn}" for cnn in CNNS]

pytestmark = pytest.mark.figures


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    write_cnn_scores(folder, measured_nodes(TESTED + 20, seed=7, patients=50))
    write_robustness(folder)
    return folder / "robustness.tsv"


def test_points_and_intervals_are_those_of_the_table(table, monkeypatch):
    figures = []
    monkeypatch.setattr(style, "save", lambda figure, *_, **__: figures.append(figure))
    draw_robustness(classifiers=NAMES, robustness=table, synthetic=True, output=[])
    (figure,) = figures
    frame = tables.read(table, ROBUSTNESS)
    for panel, name in zip(figure.axes, NAMES, strict=True):
        rows = frame[frame["classifier"].eq(name) & frame["strength"].ne(0)]
        points = [one for one in panel.collections if isinstance(one, PathCollection)]
        for number, measure in enumerate(MEASURES):
            at = points[number].get_offsets()
            expected = 100 * rows[f"{measure}_change"].to_numpy()[:2]
            np.testing.assert_allclose(at[:2, 0], expected)
            np.testing.assert_allclose(at[:2, 1], np.arange(2) + STEP * (number - 1))
    labels = [text.get_text() for text in figure.axes[0].get_yticklabels()]
    assert labels == ["HU +20", "mask +1 mm", "mirrored"]
    assert overlapping(figure) == []


def test_figure_is_the_same_bytes_twice_and_says_what_it_is(table, tmp_path):
    for name, synthetic in (("a", True), ("b", True), ("c", False)):
        draw_robustness(
            classifiers=NAMES,
            robustness=table,
            synthetic=synthetic,
            output=[tmp_path / f"{name}.svg"],
        )
    one, other, plain = ((tmp_path / f"{name}.svg").read_text() for name in "abc")
    assert one == other
    assert "synthetic cohort" in one
    assert "synthetic" not in plain
    assert "60 test nodes" in Legend.of(one).caption


def test_every_perturbation_has_words():
    assert list(WORDS) == list(ACTS_ON)
