"""The section on other mixes of locations repeats its table."""

from types import SimpleNamespace

import pandas as pd
import pytest

from nodal_staging import tables
from nodal_staging.audit.mixes.reweighting import REWEIGHTED
from nodal_staging.figures import style
from nodal_staging.figures.legend import Legend
from nodal_staging.report.mixes import mixes
from nodal_staging.study.files import write_json
from nodal_staging.tables.grid import Grid
from nodal_staging.tables.parts import Folded, Heading, Items


def row(classifier, mix, area, note="ok"):
    cells = {"classifier": classifier, "mix": mix, "positive": 60, "negative": 60}
    cells |= {"effective_positive": 27.4, "effective_negative": 31.0, "covered": 1.0}
    cells |= {"prevalence": 0.3, "draws_without": 3, "note": note}
    if note == "not_covered":
        return cells
    cells |= {"auc": area, "sensitivity": 0.75, "specificity": 0.5}
    if mix != "as_tested":
        cells |= {"difference": area - 0.9}
    if note == "ok":
        cells |= {"auc_lower": area - 0.125, "auc_upper": area + 0.0625}
    return cells


@pytest.fixture
def parts(tmp_path):
    rows = [
        row("cnn_xmask", "balanced", 0.75),
        row("cnn_xmask", "as_tested", 0.9),
        row("cnn_xmask", "theirs", 0.625, "too_few"),
        row("cnn_status_balanced", "balanced", 0.75, "not_covered"),
        row("cnn_status_balanced", "as_tested", 0.8),
        row("volume", "balanced", 0.5),
        row("volume", "as_tested", 0.6),
    ]
    frame = pd.DataFrame(rows).reindex(columns=list(REWEIGHTED.columns))
    tables.write(frame, tmp_path / "reweighted.tsv", REWEIGHTED)
    bootstrap = {"level": 0.95, "replicates": 100}
    write_json(
        tmp_path / "statistics.json", {"auc": {"intervals": {"bootstrap": bootstrap}}}
    )
    figure = style.new_figure(60, 40)
    style.save(figure, [tmp_path / "mixes.svg"], legend=Legend("Mixes?", "AUCs."))
    return mixes(
        SimpleNamespace(
            reweighted=tmp_path / "reweighted.tsv",
            classifiers={"cnn_xmask": tmp_path / "statistics.json"},
            figures={"mixes": tmp_path / "mixes.svg"},
        )
    )


def test_each_cnn_has_a_sentence(parts):
    assert isinstance(parts[0], Heading)
    (items,) = (part for part in parts if isinstance(part, Items))
    xmask, status = items.items
    assert "AUC 0.900 as tested, 0.750 (95% CI 0.625-0.813)" in xmask
    assert "AUC 0.800 as tested" in status
    assert "not defined" in status


def test_table_asks_its_question_and_says_what_is_undefined(parts):
    (grid,) = (part for part in parts if isinstance(part, Grid))
    assert "?" in grid.caption
    assert [len(group) for group in grid.groups] == [3, 2]
    assert grid.groups[0][2][1] == "theirs"
    assert "too few" in grid.groups[0][2][-1]
    assert grid.groups[0][0][-2] == "27 + 31"
    (folded,) = (part for part in parts if isinstance(part, Folded))
    assert [row[0] for row in folded.parts[0].groups[0]] == ["Volume"] * 2
