"""Figures of training and learning curve show everything that their tables hold."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.lines import Line2D

from nodal_staging import tables
from nodal_staging.figures import style
from nodal_staging.figures.learning_curve import draw_learning_curve
from nodal_staging.figures.training import draw_training
from nodal_staging.study.files import write_json

CNNS = ["status_balanced", "location_balanced", "xmask"]


@pytest.fixture
def kept(monkeypatch):
    """Return the figures that would be written."""
    figures = []
    monkeypatch.setattr(style, "save", lambda figure, _, **__: figures.append(figure))
    return figures


def history(top: float, lowest_auc: float) -> pd.DataFrame:
    epochs = np.arange(1, 6)
    return pd.DataFrame(
        {
            "epoch": epochs,
            "loss": np.linspace(top, 0.1, 5),
            "accuracy": 0.5,
            "held_out_loss": np.linspace(2 * top, 0.3, 5),
            "held_out_auc": np.linspace(lowest_auc, 0.9, 5),
        }
    )


def watched_once(top: float, lowest_auc: float) -> pd.DataFrame:
    """Return two epochs of which only the last was watched."""
    columns = ["held_out_loss", "held_out_auc"]
    table = history(top, lowest_auc).head(2)
    table.loc[0, columns] = None
    return table


def draw(folder, loss: str, history=history):
    """Draw three CNNs of which the last has the largest loss."""
    whole, folds = {}, {}
    for number, cnn in enumerate(CNNS, start=1):
        whole[cnn], folds[cnn] = folder / f"{cnn}.tsv", [folder / f"{cnn}_1.tsv"]
        course = history(number, 0.3)
        tables.write(course, whole[cnn], tables.HISTORY)
        tables.write(course.assign(fold=1), *folds[cnn], tables.FOLD_HISTORY)
    write_json(folder / "card.json", {"loss": loss})
    cards = [folder / "card.json"]
    draw_training(whole=whole, folds=folds, cards=cards, synthetic=False, output=[])


def assert_all_is_seen(figure) -> None:
    for axes in figure.axes:
        low, high = axes.get_ylim()
        for line in axes.get_lines():
            values = np.asarray(line.get_ydata(), float)
            assert low <= np.nanmin(values)
            assert np.nanmax(values) <= high


def test_no_panel_cuts_a_curve(kept, tmp_path):
    draw(tmp_path, "binary_crossentropy")
    (figure,) = kept
    assert_all_is_seen(figure)
    assert figure.axes[0].get_ylim()[0] == 0


@pytest.mark.parametrize(
    ("loss", "label", "names"),
    [
        ("binary_crossentropy", "Cross-entropy", ["training", "held out"]),
        (
            "mean_squared_error",
            "Loss",
            ["training (mean squared error)", "held out (cross-entropy)"],
        ),
    ],
)
def test_each_loss_has_its_name(kept, tmp_path, loss, label, names):
    draw(tmp_path, loss)
    (figure,) = kept
    assert figure.axes[0].get_ylabel() == label
    shown = [text.get_text() for text in figure.legends[0].get_texts()]
    assert shown[0] == names[0]
    assert {text.partition(", ")[0] for text in shown[1:]} == {names[1]}


def test_one_key_holds_for_both_rows(kept, tmp_path):
    draw(tmp_path, "binary_crossentropy")
    (figure,) = kept
    (legend,) = figure.legends
    explained = {line.get_color() for line in legend.findobj(Line2D)}
    curves = [line for axes in figure.axes for line in axes.get_lines()]
    drawn = {line.get_color() for line in curves if len(line.get_xdata()) > 2}
    assert drawn == explained


def test_a_single_epoch_is_seen_and_epochs_are_whole_numbers(kept, tmp_path):
    draw(tmp_path, "binary_crossentropy", watched_once)
    (figure,) = kept
    figure.draw_without_rendering()
    for axes in figure.axes:
        for line in axes.get_lines():
            if len(line.get_xdata()) == 1:
                assert line.get_marker() == "o"
        low, high = axes.get_xlim()
        shown = [tick for tick in axes.get_xticks() if low <= tick <= high]
        assert shown == [1, 2]
    assert [len(line.get_xdata()) for line in figure.axes[3].get_lines()][:2] == [1, 1]


def test_long_curves_have_no_marks_and_round_epochs(kept, tmp_path):
    def long(top: float, lowest_auc: float) -> pd.DataFrame:
        rows = pd.concat([history(top, lowest_auc)] * 10, ignore_index=True)
        return rows.assign(epoch=np.arange(1, 51))

    draw(tmp_path, "binary_crossentropy", long)
    (figure,) = kept
    figure.draw_without_rendering()
    for axes in figure.axes:
        assert all(line.get_marker() == "None" for line in axes.get_lines())
        assert all(tick % 10 == 0 for tick in axes.get_xticks())


def test_intervals_below_chance_are_seen(kept, tmp_path):
    rows = [
        {
            "cnn": cnn,
            "percent": percent,
            "repeat": 1,
            "nodes": 10 * percent,
            "auc": 0.4,
            "lower": 0.2,
            "upper": 0.7,
            "ceiling": None,
            "realistic_ceiling": None,
        }
        for cnn in CNNS
        for percent in (20, 50)
    ]
    path = tmp_path / "curve.tsv"
    tables.write(pd.DataFrame(rows), path, tables.LEARNING_CURVE)
    draw_learning_curve(table=path, synthetic=False, output=[])
    (figure,) = kept
    assert all(axes.get_ylim()[0] <= 0.2 for axes in figure.axes)
