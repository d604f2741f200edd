"""The section on robustness repeats its tables, calls before areas."""

import re
from types import SimpleNamespace

import pytest
from report_files import (
    CNNS,
    SHIFTS,
    TESTED,
    write_cnn_scores,
    write_robust_examples,
    write_robustness,
)
from studies import measured_nodes

from nodal_staging import tables
from nodal_staging.audit.robustness.robustness_tables import ROBUSTNESS, STABILITY
from nodal_staging.figures import style
from nodal_staging.figures.legend import Legend
from nodal_staging.report.robustness import robustness
from nodal_staging.study.classifier_names import printed
from nodal_staging.study.files import write_json
from nodal_staging.tables.grid import Grid
from nodal_staging.tables.parts import Folded, Items
from nodal_staging.tables.rounding import number


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Return what the section reads of the files of a study."""
    folder = tmp_path_factory.mktemp("study")
    write_cnn_scores(folder, measured_nodes(TESTED + 20, seed=7, patients=50))
    write_robustness(folder)
    write_robust_examples(folder / "examples.h5")
    bootstrap = {"level": 0.95, "replicates": 100}
    statistics = {"auc": {"intervals": {"bootstrap": bootstrap}}}
    write_json(folder / "statistics.json", statistics)
    figure = style.new_figure(60, 40)
    legend = Legend("Robustness", "Changes.")
    style.save(figure, [folder / "robustness.svg"], legend=legend)
    return SimpleNamespace(
        robustness=folder / "robustness.tsv",
        stability=folder / "stability.tsv",
        examples=folder / "examples.h5",
        classifiers={"cnn_xmask": folder / "statistics.json"},
        figures={"robustness": folder / "robustness.svg"},
    )


@pytest.fixture(scope="module")
def parts(study):
    return robustness(study)


def test_each_cnn_has_a_sentence_on_what_changes_most_calls(study, parts):
    (items,) = (part for part in parts if isinstance(part, Items))
    frame = tables.read(study.robustness, ROBUSTNESS)
    stability = tables.read(study.stability, STABILITY).set_index("classifier")
    assert len(items.items) == len(CNNS)
    for cnn, line in zip(CNNS, items.items, strict=True):
        name = f"cnn_{cnn}"
        rows = frame[frame["classifier"] == name].set_index("perturbation")
        before, after = rows.loc["identity"], rows.loc["dilate"]
        assert line.startswith(f"{printed(name)}: mask +1 mm changes ")
        shares = re.search(r"changes (\d+)% \(95% CI (\d+)-(\d+)\) of the calls", line)
        ends = ("", "_lower", "_upper")
        expected = [100 * after[f"calls_changed{end}"] for end in ends]
        assert [float(one) for one in shares.groups()] == pytest.approx(
            expected, abs=0.5
        )
        for title, column in (("sensitivity", "sensitivity"), ("AUC", "auc")):
            moved = f"{title} {number(before[column])} to {number(after[column])}"
            assert moved in line
        assert line.index("sensitivity") < line.index("AUC")
        stable, nodes = stability.loc[name, ["stable", "nodes"]].astype(int)
        assert f"{stable} of {nodes} test nodes keep their call" in line


def test_tables_have_a_row_for_each_change_that_is_compared(parts):
    (grid,) = (part for part in parts if isinstance(part, Grid))
    assert [len(group) for group in grid.groups] == [len(SHIFTS)] * len(CNNS)
    assert grid.header.index("Sensitivity") < grid.header.index("AUC")
    assert [row[1] for row in grid.groups[0]] == ["unchanged", "HU +20", "mask +1 mm"]
    *_, folded = (part for part in parts if isinstance(part, Folded))
    (others,) = folded.parts
    assert [row[0] for row in others.groups[0]] == ["Volume"] * len(SHIFTS)


def test_the_nodes_that_change_most_are_shown_with_their_scores(study):
    (folded,) = (
        part
        for part in robustness(study)
        if isinstance(part, Folded) and "change most" in part.summary
    )
    shown = folded.parts[1].text
    assert shown.count('<figure class="case">') == len(CNNS)
    assert shown.count("centre shifted 3 mm: score 0.125 to 0.875") == len(CNNS)
    assert shown.count("<svg") == 2 * len(CNNS)
    assert shown.count("M20 20h1") == shown.count("M30 20h1") == len(CNNS)
