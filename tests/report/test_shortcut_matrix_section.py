"""The section on the shortcut matrix repeats its table and its sentences."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from nodal_staging import tables
from nodal_staging.audit.shortcut_matrix.image_views import VIEWS
from nodal_staging.audit.shortcut_matrix.matrix_tables import MATRIX
from nodal_staging.figures import style
from nodal_staging.figures.legend import Legend
from nodal_staging.report.shortcut_matrix import shortcut_matrix
from nodal_staging.study.files import write_json
from nodal_staging.tables.grid import Grid
from nodal_staging.tables.parts import Heading, Items
from nodal_staging.tables.rounding import MISSING

NETWORKS = [
    ("status_balanced", "full"),
    ("status_balanced", "node"),
    ("location_balanced", "surroundings"),
]


@pytest.fixture
def study(tmp_path):
    rows = [
        {"trained_on": trained_on, "trained_view": trained, "tested_view": tested}
        | {"nodes": 120, "patients": 35, "pairs": 400, "mean_score": 0.4}
        | {"auc": 0.8125, "auc_lower": 0.75, "auc_upper": 0.875}
        | {"site_matched_auc": 0.5, "called_positive": 0.995}
        | {"kept_share": 0.75, "kept_share_lower": 0.5, "kept_share_upper": 1.0}
        | {"ceiling": 0.94 if trained == tested == "full" else np.nan}
        for trained_on, trained in NETWORKS
        for tested in VIEWS
    ]
    frame = pd.DataFrame(rows).reindex(columns=list(MATRIX.columns))
    tables.write(frame, tmp_path / "matrix.tsv", MATRIX)
    reading = {"ball_mm": 13.0, "sentences": ["One.", "Two."], "sticks_out": []}
    write_json(tmp_path / "reading.json", reading)
    statistics = {"auc": {"intervals": {"bootstrap": {"level": 0.95, "replicates": 9}}}}
    write_json(tmp_path / "statistics.json", statistics)
    drawn = tmp_path / "shortcut_matrix.svg"
    style.save(style.new_figure(60, 40), [drawn], legend=Legend("Where?", "AUCs."))
    return SimpleNamespace(
        matrix=tmp_path / "matrix.tsv",
        matrix_reading=tmp_path / "reading.json",
        figures={"shortcut_matrix": drawn},
        classifiers={"cnn_xmask": tmp_path / "statistics.json"},
    )


def test_the_section_holds_the_sentences_and_every_tile(study):
    parts = shortcut_matrix(study)
    assert isinstance(parts[0], Heading)
    assert "a ball of 13 mm" in parts[1]
    (items,) = (part for part in parts if isinstance(part, Items))
    assert items.items[:2] == ("One.", "Two.")
    (grid,) = (part for part in parts if isinstance(part, Grid))
    assert [len(group) for group in grid.groups] == [3, 3, 3]
    first = dict(zip(grid.header, grid.groups[0][0], strict=True))
    assert first["Trained on"] == "full image, status balanced"
    assert first["AUC"].startswith("0.813 (0.750-0.875")
    assert first["Ceiling"] == "0.940"
    assert first["Called, %"] == "100"
    assert first["Share kept"] == MISSING
    second = dict(zip(grid.header, grid.groups[0][1], strict=True))
    assert second["Share kept"] == "0.75 (0.50-1.00)"


def test_nodes_that_stick_out_are_named(study):
    reading = {"ball_mm": 13.0, "sentences": [], "sticks_out": ["N1", "N7"]}
    write_json(study.matrix_reading, reading)
    (items,) = (part for part in shortcut_matrix(study) if isinstance(part, Items))
    assert items.items == ("Test nodes that stick out of the ball: N1, N7.",)


def test_without_a_matrix_there_is_no_section(study):
    study.matrix = study.matrix_reading = None
    assert shortcut_matrix(study) == []
