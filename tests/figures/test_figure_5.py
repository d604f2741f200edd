"""Figure 5 shows the artefacts it is given."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from evaluation import evaluate_into
from score_files import simulate

from nodal_staging import tables
from nodal_staging.figures.figure_5 import (
    CurveFiles,
    draw_figure_5,
    draw_histogram,
    legend,
)
from nodal_staging.figures.legend import Legend
from nodal_staging.figures.roc_curves import Curve, draw_roc
from nodal_staging.figures.style import (
    COLOURS,
    FOREST,
    NEGATIVE,
    POSITIVE,
    new_figure,
)
from nodal_staging.study.files import read_json

CNNS = ["cnn_status_balanced", "cnn_location_balanced", "cnn_xmask"]
OTHERS = ["rf_status_balanced", "rf_location_balanced", "reader_1"]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Compute the statistics of six simulated classifiers."""
    folder = tmp_path_factory.mktemp("study")
    for number, name in enumerate(CNNS + OTHERS):
        path = folder / f"{name}.csv"
        simulate(path, seed=number, decided=name in OTHERS)
        evaluate_into(folder, name, path)
    return folder


CEILINGS = dict(zip(CNNS, (0.9441, 0.8766, 0.8123), strict=True))


def ceilings(folder):
    """Write a table in which the ideal ceiling lies above the realistic one."""
    row = {"ceiling_of": "all", "auc": 0.8, "standard_error": 0.05, "ceiling": 0.999}
    row |= {"ceiling_standard_error": 0.01, "difference": -0.2, "z": -4, "status": "at"}
    frame = pd.DataFrame(
        [
            {"classifier": name} | row | {"realistic_ceiling": value}
            for name, value in (CEILINGS | {"volume": 0.7}).items()
        ]
    )
    tables.write(frame, folder / "ceilings.tsv", tables.CEILINGS)
    return folder / "ceilings.tsv"


def drawn(study, folder, *, synthetic=True):
    outputs = {kind: folder / f"figure_5.{kind}" for kind in ("pdf", "svg", "png")}
    draw_figure_5(
        cnns=[
            CurveFiles(
                name,
                roc=study / f"{name}.roc.tsv",
                band=study / f"{name}.band.tsv",
                statistics=study / f"{name}.json",
                scores=study / f"{name}.csv",
            )
            for name in CNNS
        ],
        readers={"reader_1": study / "reader_1.json"},
        forests={name: study / f"{name}.json" for name in OTHERS[:2]},
        ceilings=ceilings(study) if synthetic else None,
        synthetic=synthetic,
        output=list(outputs.values()),
    )
    return outputs


@pytest.fixture(scope="module")
def curve(study):
    name = CNNS[0]
    scores = tables.read(study / f"{name}.csv", tables.SCORES)
    return Curve(
        name,
        tables.read(study / f"{name}.roc.tsv", tables.ROC),
        tables.read(study / f"{name}.band.tsv", tables.BAND),
        read_json(study / f"{name}.json"),
        scores[scores["partition"] == "test"],
        ceiling=None,
    )


def test_the_drawn_curve_has_the_area_that_the_legend_states(curve):
    axes = draw_roc(new_figure(90, 90).subplots(), [curve], {}, {})
    line = axes.get_lines()[1]
    specificity, sensitivity = line.get_xdata(), line.get_ydata()
    area = np.trapezoid(sensitivity, 1 - np.asarray(specificity))
    assert area == pytest.approx(curve.statistics["auc"]["estimate"], abs=1e-9)
    text = axes.get_legend().get_texts()[0].get_text()
    ends = curve.statistics["auc"]["intervals"]["obuchowski_logit"]
    assert f"{area:.3f} ({ends['lower']:.3f}-{ends['upper']:.3f})" in text


def test_a_threshold_of_weak_folds_is_named_in_the_legend(curve):
    assert "much weaker" not in legend([curve]).caption
    threshold = curve.statistics["threshold"] | {"weak_folds": True}
    weak = replace(curve, statistics={**curve.statistics, "threshold": threshold})
    words = "chose the threshold of CNN, status balanced, are much weaker"
    assert words in legend([weak, curve]).caption


@pytest.mark.figures
def test_each_cnn_has_its_realistic_ceiling_where_the_truth_is_known(study, tmp_path):
    svg = drawn(study, tmp_path)["svg"].read_text()
    labels = re.findall(r"realistic ceiling (\d\.\d+)", svg)
    assert labels == [f"{value:.3f}" for value in CEILINGS.values()]
    assert "as well as measurements can" in Legend.of(svg).caption
    real = drawn(study, tmp_path, synthetic=False)["svg"].read_text()
    assert "ceiling" not in real


def test_the_ceiling_stands_below_the_area_of_its_own_curve(curve):
    pair = [replace(curve, ceiling=0.9), replace(curve, ceiling=0.7)]
    axes = draw_roc(new_figure(90, 90).subplots(), pair, {}, {})
    texts = [text.get_text().splitlines() for text in axes.get_legend().get_texts()]
    assert [lines[-1] for lines in texts] == [
        "realistic ceiling 0.900",
        "realistic ceiling 0.700",
    ]
    assert {lines[0] for lines in texts} == {"CNN, status balanced"}


def test_axes_are_the_papers(curve):
    axes = draw_roc(new_figure(90, 90).subplots(), [curve], {}, {})
    assert axes.get_xlim()[0] > axes.get_xlim()[1]
    assert axes.get_aspect() == 1


def test_an_operating_point_stands_where_its_classifier_does(curve):
    axes = draw_roc(
        new_figure(90, 90).subplots(), [curve], {"reader_1": (0.8, 0.6)}, {}
    )
    assert [0.8, 0.6] in axes.collections[-1].get_offsets().tolist()
    assert axes.texts[-1].get_text() == "Reader 1"


def test_histograms_count_every_node(curve):
    axes = draw_histogram(new_figure(90, 90).subplots(), curve)
    assert sum(patch.get_height() for patch in axes.patches) == len(curve.scores)
    thresholds = [line.get_xdata()[0] for line in axes.get_lines()]
    assert thresholds[0] == curve.statistics["threshold"]["value"]


@pytest.mark.figures
def test_the_caption_says_what_flatters_and_what_is_taken_as_independent(
    study, tmp_path
):
    caption = Legend.of(drawn(study, tmp_path)["svg"].read_text()).caption
    assert "90% sensitivity (always chosen on the test set)" in caption
    assert "take nodes as independent" in caption


def test_no_colour_has_two_meanings():
    meanings = [*COLOURS.values(), POSITIVE, NEGATIVE, FOREST]
    assert len({colour.upper() for colour in meanings}) == len(meanings)


@pytest.mark.figures
def test_figure_is_the_same_bytes_twice_and_says_that_it_is_synthetic(study, tmp_path):
    once, again = drawn(study, tmp_path / "a"), drawn(study, tmp_path / "b")
    assert all(once[kind].read_bytes() == again[kind].read_bytes() for kind in once)
    assert "synthetic cohort" in once["svg"].read_text()
    real = drawn(study, tmp_path / "c", synthetic=False)
    assert "synthetic" not in real["svg"].read_text()
