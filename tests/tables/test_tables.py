"""Tables say where they are wrong, and keep every bit."""

import numpy as np
import pandas as pd
import pytest

from nodal_staging import tables
from nodal_staging.tables import TableError

NODES = "patient_id\texam_id\tnode_id\tlabel\tlocation\tstatus\n"
ROW = "P1\tE1\tN{}\t{}\tcervical\tpositive\n"


@pytest.fixture
def sheet(tmp_path):
    def write(text, name="nodes.tsv"):
        path = tmp_path / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    return write


def test_text_stays_text(sheet):
    path = sheet(NODES.replace("P1", "007") + "007\tE1\tN1\t012\tcervical\tpositive\n")
    found = tables.read(path, tables.NODE_SHEET)
    assert found.loc[0, "patient_id"] == "007"
    assert found.loc[0, "label"] == "012"


def test_a_value_that_looks_missing_is_text(sheet):
    path = sheet(NODES + "NA\tnull\tnan\tNone\tcervical\tpositive\n")
    row = tables.read(path, tables.NODE_SHEET).iloc[0]
    assert row["patient_id"] == "NA"
    assert row["node_id"] == "nan"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "nodes.tsv: not a table with a header"),
        (
            NODES.replace("\tlocation", ""),
            "nodes.tsv: missing column location; found patient_id, exam_id",
        ),
        (
            NODES.replace("status", "status\tcolour")
            + "P\tE\tN\t1\tcervical\tpositive\tred\n",
            "nodes.tsv: unexpected column colour; remove it or correct its name",
        ),
        (
            NODES
            + ROW.format(1, 1)
            + ROW.format(2, 2).replace("positive", "malignant"),
            "nodes.tsv, row 3, column status: found 'malignant', "
            "expected one of 'negative', 'positive'",
        ),
        (
            NODES + ROW.format(1, 1) + ROW.format(2, 2).replace("cervical", "neck"),
            "nodes.tsv, row 3, column location: found 'neck'",
        ),
        (
            NODES + ROW.format(1, 1) + ROW.format(1, 2),
            "column node_id: 'N1' stands in rows 2, 3",
        ),
        (NODES.encode("utf-16"), "save it as tab-separated UTF-8 text"),
    ],
)
def test_what_is_wrong_is_named(sheet, text, words):
    with pytest.raises(TableError) as caught:
        tables.read(sheet(text), tables.NODE_SHEET)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(TableError, match=r"nowhere.tsv: no such file"):
        tables.read(tmp_path / "nowhere.tsv", tables.NODE_SHEET)


def test_numbers_keep_every_bit(tmp_path):
    rng = np.random.default_rng(5)
    values = np.sort(rng.random(500))
    frame = pd.DataFrame(
        {
            "threshold": rng.normal(size=500),
            "sensitivity": values,
            "specificity": values,
        }
    )
    for name in ("roc.tsv", "roc.csv"):
        tables.write(frame, tmp_path / name, tables.ROC)
        pd.testing.assert_frame_equal(
            tables.read(tmp_path / name, tables.ROC), frame, check_exact=True
        )


def test_a_refused_table_leaves_the_old_one(tmp_path):
    path = tmp_path / "roc.tsv"
    good = pd.DataFrame({"threshold": [0.1], "sensitivity": [1], "specificity": [0]})
    tables.write(good, path, tables.ROC)
    before = path.read_bytes()
    with pytest.raises(TableError):
        tables.write(good.assign(sensitivity=1.5), path, tables.ROC)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["roc.tsv"]


def test_locations_are_shown_in_the_order_of_the_paper():
    """Hartenstein et al., Methods: inguinal first, cervical last; clavicular is two."""
    listed = "inguinal iliacal perirectal retroperitoneal axillary mediastinal".split()
    clavicular = ["supraclavicular", "infraclavicular"]
    assert [*listed, *clavicular, "cervical"] == tables.SHOWN_LOCATIONS
    assert set(tables.SHOWN_LOCATIONS) == set(tables.LOCATIONS)
