"""Figures of the statistics show what their files hold."""

import numpy as np
import pytest
from drawn_text import overlapping
from evaluation import evaluate_into
from matplotlib.text import Text
from score_files import simulate
from studies import measured_nodes

from nodal_staging import tables
from nodal_staging.classifiers.scores import score_table
from nodal_staging.figures import style
from nodal_staging.figures.calibration import Calibration, draw_calibration, draw_mix
from nodal_staging.figures.decision_curves import draw_decision_curves
from nodal_staging.figures.style import new_figure
from nodal_staging.figures.subgroups import draw_measure, draw_subgroups
from nodal_staging.statistics.calibration import CALIBRATION
from nodal_staging.statistics.decision_curve import DECISION_CURVE
from nodal_staging.statistics.subgroups import SUBGROUPS, compute_subgroups
from nodal_staging.study.files import read_json, write_json

CNNS = ["cnn_status_balanced", "cnn_location_balanced", "cnn_xmask"]
KINDS = ("pdf", "svg", "png")


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    for number, name in enumerate([*CNNS, "reader_1"]):
        path = folder / f"{name}.csv"
        simulate(path, seed=number, decided=name == "reader_1")
        evaluate_into(folder, name, path, replicates=100)
    return folder


@pytest.fixture(scope="module")
def subgroups(tmp_path_factory):
    folder = tmp_path_factory.mktemp("subgroups")
    nodes = measured_nodes(120, seed=4, patients=60)
    tables.write(nodes, folder / "nodes.tsv", tables.NODES)
    rng = np.random.default_rng(1)
    files = {}
    for name in CNNS:
        path = folder / f"{name}.csv"
        table = score_table(nodes, rng.random(120), "test")
        tables.write(table, path, tables.SCORES)
        (folder / f"{name}.json").write_text('{"threshold": {"value": 0.5}}')
        files[name] = (path, folder / f"{name}.json")
    compute_subgroups(
        classifiers=files,
        nodes=folder / "nodes.tsv",
        bands_mm=[5, 8, 10],
        confidence_level=0.95,
        subgroups=folder / "subgroups.tsv",
    )
    return folder / "subgroups.tsv"


def drawers(study, subgroups):
    """Return each figure as a function of its files."""
    files = {
        kind: {name: study / f"{name}.{kind}" for name in CNNS}
        for kind in ("json", "calibration.tsv", "decision.tsv")
    }
    return {
        "calibration": lambda output: draw_calibration(
            statistics=files["json"],
            calibration=files["calibration.tsv"],
            synthetic=True,
            output=output,
        ),
        "decision_curves": lambda output: draw_decision_curves(
            cnns=files["decision.tsv"],
            others={"reader_1": study / "reader_1.decision.tsv"},
            statistics=study / f"{CNNS[0]}.json",
            synthetic=True,
            output=output,
        ),
        "subgroups": lambda output: draw_subgroups(
            classifiers=CNNS, subgroups=subgroups, synthetic=True, output=output
        ),
    }


@pytest.mark.figures
@pytest.mark.parametrize("figure", ["calibration", "decision_curves", "subgroups"])
def test_the_same_bytes_twice_and_a_word_on_the_cohort(
    study, subgroups, tmp_path, figure
):
    draw = drawers(study, subgroups)[figure]
    outputs = [[tmp_path / f"{turn}.{kind}" for kind in KINDS] for turn in "ab"]
    for output in outputs:
        draw(output)
    for one, other in zip(*outputs, strict=True):
        assert one.read_bytes() == other.read_bytes()
    assert "synthetic cohort" in outputs[0][1].read_text()


def test_groups_stand_where_the_table_says(study):
    groups = tables.read(study / f"{CNNS[0]}.calibration.tsv", CALIBRATION)
    block = read_json(study / f"{CNNS[0]}.json")["calibration"]["mixes"]["test"]
    axes = draw_mix(new_figure(80, 80).subplots(), Calibration(CNNS[0], groups, block))
    points = axes.get_lines()[1]
    assert list(points.get_xdata()) == groups["mean_predicted"].tolist()
    assert list(points.get_ydata()) == groups["observed"].tolist()
    assert f"slope {block['slope']['estimate']:.2f}" in axes.get_title(loc="left")


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("perfectly_separated", "no slope: classes do not overlap"),
        ("not_identified", "no slope: scores hardly differ"),
    ],
)
def test_what_has_no_slope_says_so(study, status, words):
    groups = tables.read(study / f"{CNNS[0]}.calibration.tsv", CALIBRATION)
    block = dict(read_json(study / f"{CNNS[0]}.json")["calibration"]["mixes"]["test"])
    block |= {"slope": None, "status": status}
    axes = draw_mix(new_figure(80, 80).subplots(), Calibration(CNNS[0], groups, block))
    assert words in axes.get_title(loc="left")


def test_a_slope_of_one_patient_has_no_interval_and_says_so(study):
    groups = tables.read(study / f"{CNNS[0]}.calibration.tsv", CALIBRATION)
    block = dict(read_json(study / f"{CNNS[0]}.json")["calibration"]["mixes"]["test"])
    block |= {"slope": {"estimate": 7.25, "lower": None, "upper": None}}
    block |= {"intercept": None, "status": "nearly_separated"}
    axes = draw_mix(new_figure(80, 80).subplots(), Calibration(CNNS[0], groups, block))
    title = axes.get_title(loc="left")
    assert "slope 7.25 (\u2013): classes overlap in one patient" in title
    assert "intercept \u2013\n" in title


def test_what_calibration_means_is_said_and_can_be_read(study, monkeypatch):
    kept = {}
    monkeypatch.setattr(
        style, "save", lambda figure, _, legend: kept.update({figure: legend})
    )
    draw_calibration(
        statistics={"cnn_xmask": study / "cnn_xmask.json"},
        calibration={"cnn_xmask": study / "cnn_xmask.calibration.tsv"},
        synthetic=False,
        output=[],
    )
    ((figure, legend),) = kept.items()
    for words in ("moved to the prevalence", "Slope: 1", "intercept: 0", "95% interv"):
        assert words in legend.caption
    words = [text for text in figure.findobj(Text) if text.get_text()]
    assert any("slope" in text.get_text() for text in words)
    assert all(text.get_fontsize() >= 6.5 for text in words)


def test_wide_intervals_of_calibration_stay_in_the_figure(study, tmp_path, monkeypatch):
    """Few nodes of nearly equal scores have slopes of two digits."""
    found = read_json(study / "cnn_xmask.json")
    wide = {"estimate": -10.69, "lower": -120.82, "upper": -100.55}
    for block in found["calibration"]["mixes"].values():
        block["slope"] = block["intercept"] = block["scaled_brier"] = wide
    write_json(tmp_path / "wide.json", found)
    kept = []
    monkeypatch.setattr(style, "save", lambda figure, *_, **__: kept.append(figure))
    draw_calibration(
        statistics=dict.fromkeys(CNNS, tmp_path / "wide.json"),
        calibration=dict.fromkeys(CNNS, study / "cnn_xmask.calibration.tsv"),
        synthetic=True,
        output=[],
    )
    assert overlapping(kept[0]) == []


def test_an_area_without_interval_is_hollow(subgroups):
    table = tables.read(subgroups, SUBGROUPS)
    table.loc[3, ["auc_lower", "auc_upper"]] = np.nan
    mine = table[table["classifier"] == CNNS[0]]
    axes = draw_measure(
        new_figure(80, 80).subplots(), table, [CNNS[0]], mine.reset_index(), "auc"
    )
    _, filled, hollow = axes.collections
    assert len(filled.get_offsets()) == len(mine) - 1
    assert hollow.get_offsets()[:, 0].tolist() == [table.loc[3, "auc"]]
    assert hollow.get_facecolor()[0].tolist() == [1, 1, 1, 1]


def test_a_reader_is_judged_by_decisions(study):
    curve = tables.read(study / "reader_1.decision.tsv", DECISION_CURVE)
    assert set(curve["rule"]) == {"decision"}
    assert curve["tp"].nunique() == 1
