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
        ("", "nodes.tsv: the file is empty; add a header"),
        (
            NODES.replace("\tlocation", ""),
            "nodes.tsv: missing column location; found patient_id, exam_id",
        ),
        (
            NODES.replace("status", "status\tsegmentaton")
            + "P\tE\tN\t1\tcervical\tpositive\tlabels.nrrd\n",
            "nodes.tsv: unexpected column segmentaton; did you mean segmentation? "
            "Rename it to segmentation, or remove it",
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
        (
            NODES.replace("status", "stat us"),
            "nodes.tsv: missing column status; found patient_id, exam_id, node_id, "
            "label, location, stat us; rename stat us to status",
        ),
        (
            NODES.replace("\t", " "),
            "the whole header is one column, 'patient_id exam_id node_id label "
            "location status'; separate the cells with tabs, semicolons or commas",
        ),
        (
            NODES + ROW.format(1, 1) + "\n" + ROW.format(2, 2).replace("E1", ""),
            "nodes.tsv, row 4, column exam_id: found an empty cell, expected a value",
        ),
        (NODES.encode("utf-16-le"), 'save it as "CSV UTF-8", or as text with tabs'),
    ],
)
def test_what_is_wrong_is_named(sheet, text, words):
    with pytest.raises(TableError) as caught:
        tables.read(sheet(text), tables.NODE_SHEET)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


DATASET = "node_id\tpatient_id\tlocation\tstatus\tfold\n"
MEMBER = "N1\tP1\tcervical\tpositive\t{}\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            DATASET.replace("fold", "fold\tcolour") + MEMBER.format("1\tred"),
            "test.tsv: unexpected column colour; remove it or correct its name",
        ),
        (
            DATASET.replace("\t", ";") + MEMBER.format(1).replace("\t", ";"),
            "test.tsv: the whole header is one column",
        ),
        (DATASET.encode("utf-16"), "test.tsv: not the table that was written here"),
        (
            DATASET + MEMBER.format("1\nN1\t" + MEMBER.format(1)),
            "not the table that was written",
        ),
        (DATASET + MEMBER.format(1).replace("cervical", "Cervical"), "'Cervical'"),
        (
            DATASET + MEMBER.format(1) + MEMBER.format("").replace("N1", "N2"),
            "row 3, column fold: found an empty cell, expected a whole number; correct",
        ),
        (
            DATASET + MEMBER.format("1.5"),
            "row 2, column fold: found '1.5', expected a whole number; correct",
        ),
    ],
)
def test_what_the_software_wrote_keeps_its_strict_form(sheet, text, words):
    with pytest.raises(TableError) as caught:
        tables.read(sheet(text, "test.tsv"), tables.DATASET)
    assert words in str(caught.value)
    assert "coerce" not in str(caught.value)


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
    listed = "inguinal iliac perirectal retroperitoneal axillary mediastinal".split()
    clavicular = ["supraclavicular", "infraclavicular"]
    assert [*listed, *clavicular, "cervical"] == tables.SHOWN_LOCATIONS
    assert set(tables.SHOWN_LOCATIONS) == set(tables.LOCATIONS)
