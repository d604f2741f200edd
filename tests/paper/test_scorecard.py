"""The paper's numbers and ours: read whole, rounded alike, judged by the rule."""

from fractions import Fraction
from pathlib import Path

import pandas as pd
import pytest

from nodal_staging import tables
from nodal_staging.paper.scorecard import judgement
from nodal_staging.paper.scorecard.judgement import (
    PUBLISHED,
    judge,
    rounded_as,
    score,
    scorecard_grid,
)
from nodal_staging.paper.scorecard.measured import Measured, measured_datasets

SHEET = Path(__file__).parents[2] / "config" / "published_numbers.tsv"


@pytest.fixture(scope="module")
def published():
    return tables.read(SHEET, PUBLISHED).set_index(["section", "quantity"])


def test_the_sheet_adds_up_as_the_paper_does(published):
    """Sums and shares that the paper implies hold between the printed numbers."""

    def printed(section, quantity):
        return float(published.loc[(section, quantity), "printed"])

    assert printed("Cohort", "patients screened") == printed(
        "Cohort", "patients included"
    ) + printed("Cohort", "patients excluded")
    assert printed("Cohort", "nodes") == printed("Cohort", "positive nodes") + printed(
        "Cohort", "negative nodes"
    )
    for name in ("test set", "status-balanced set", "location-balanced set"):
        assert printed("Datasets", f"{name}, negative nodes") == printed(
            "Datasets", f"{name}, positive nodes"
        )
        assert printed("Datasets", f"{name}, nodes") == 2 * printed(
            "Datasets", f"{name}, positive nodes"
        )
    positives = printed("Cohort", "positive nodes")
    tested = printed("Datasets", "test set, positive nodes")
    assert tested == round(0.15 * positives)
    assert printed("Datasets", "status-balanced set, positive nodes") == (
        positives - tested
    )


def test_the_mix_that_the_paper_prints_of_both_sets_stands_for_both(published):
    for location, share in (("inguinal", 32), ("iliac", 23), ("retroperitoneal", 19)):
        for name in ("test set", "status-balanced set"):
            row = published.loc[("Datasets", f"{name}, {location} nodes")]
            assert row["printed"] == str(share)
            assert row["ours"] == f"{name.split()[0].replace('-', '_')}.{location}"


def test_table_1_of_the_sheet_has_every_cell(published):
    rows = published.loc["Table 1"].index.str.rsplit(": ", n=1)
    cells = pd.Series([cell for _, cell in rows]).value_counts()
    assert (cells == 7).all()
    assert len(cells) == 7


@pytest.mark.parametrize(
    ("printed", "unit", "ours", "expected"),
    [
        ("89", "percent", Fraction(58, 65), "89"),
        ("88", "percent", Fraction(115, 130), "88"),
        ("0.955", "number", 0.9545, "0.955"),
        ("0.95", "number", 0.955, "0.95"),  # 0.955 lies below its decimal
        ("2616", "count", Fraction(2616), "2616"),
        ("0.50", "number", Fraction(1, 2), "0.50"),
    ],
)
def test_ours_is_rounded_to_the_digits_of_the_paper(printed, unit, ours, expected):
    assert rounded_as(printed, unit, Measured(ours)) == expected


@pytest.mark.parametrize(
    ("ours", "synthetic", "status"),
    [
        (Measured(0.954), False, judgement.DIFFERS),
        (Measured(0.9551), False, judgement.REPRODUCED),
        (Measured(0.93, 0.90, 0.96), False, judgement.WITHIN),
        (Measured(0.93, 0.90, 0.95), False, judgement.DIFFERS),
        (Measured(0.955), True, judgement.NOT_COMPARABLE),
        (Measured(0.955, by_design=True), True, judgement.BY_DESIGN),
        (Measured(0.9, by_design=True), True, judgement.BY_DESIGN),
        (None, False, judgement.NOT_MEASURED),
    ],
)
def test_each_number_is_judged_by_the_rule(ours, synthetic, status):
    assert judge("0.955", "number", ours, synthetic=synthetic) == status


def test_no_number_of_a_synthetic_cohort_is_a_reproduction(published):
    """Whatever it is: the paper’s own numbers, asked for or found."""
    ours = {
        line["ours"]: Measured(
            Fraction(line["printed"]) / (100 if line["unit"] == "percent" else 1),
            by_design=place % 2 == 0,
        )
        for place, line in enumerate(published.reset_index().to_dict("records"))
    }
    frame = score(published.reset_index(), ours, synthetic=True)
    judged = set(frame["status"]) - {judgement.CONTRADICTS}
    assert judged == {judgement.BY_DESIGN, judgement.NOT_COMPARABLE}
    real = score(published.reset_index(), ours, synthetic=False)
    assert judgement.REPRODUCED in set(real["status"])
    assert not {judgement.BY_DESIGN, judgement.NOT_COMPARABLE} & set(real["status"])
    cells = [row for group in scorecard_grid(frame).groups for row in group]
    assert ("2,616", "2,616") in [row[1:3] for row in cells]


def test_the_shares_of_table_1_are_truncated_as_the_paper_does(published):
    """CNN, location balanced: 47 and 58 of 65 give all six shares only if truncated."""
    tp, tn, n = 47, 58, 65
    shares = {
        "accuracy": Fraction(tp + tn, 2 * n),
        "sensitivity": Fraction(tp, n),
        "specificity": Fraction(tn, n),
        "PPV": Fraction(tp, tp + n - tn),
        "NPV": Fraction(tn, tn + n - tp),
        "F1": Fraction(2 * tp, n + tp + n - tn),
    }
    for name, share in shares.items():
        line = published.loc[("Table 1", f"CNN, location balanced: {name}")]
        options = {"rounding": line["rounding"], "synthetic": False}
        ours = Measured(share)
        assert judge(line["printed"], "percent", ours, **options) == "reproduced"


def test_an_interval_in_fractions_is_held_against_percent():
    ours = Measured(Fraction(50, 65), 0.65, 0.86)
    assert judge("86", "percent", ours, synthetic=False) == judgement.WITHIN
    assert judge("87", "percent", ours, synthetic=False) == judgement.DIFFERS


def test_what_the_paper_contradicts_is_said_whatever_ours_is(published):
    frame = score(published.reset_index(), {}, synthetic=False)
    contradicted = frame[frame["status"] == judgement.CONTRADICTS]
    assert "nodes per patient, mean" in set(contradicted["quantity"])
    assert contradicted["note"].notna().all()
    rest = frame[frame["status"] != judgement.CONTRADICTS]
    assert set(rest["status"]) == {judgement.NOT_MEASURED}


def test_the_mix_of_a_set_is_counted(tmp_path):
    members = pd.DataFrame(
        {
            "node_id": ["a", "b", "c", "d"],
            "patient_id": ["P1", "P1", "P2", "P3"],
            "location": ["inguinal", "inguinal", "inguinal", "cervical"],
            "status": ["positive", "negative", "negative", "positive"],
            "fold": [1, 1, 2, 2],
        }
    )
    tables.write(members, tmp_path / "set.tsv", tables.DATASET)
    found = measured_datasets({"test": tmp_path / "set.tsv"})
    assert found["test.nodes"].value == 4
    assert found["test.inguinal"].value == Fraction(3, 4)
    assert found["test.inguinal.negative"].value == Fraction(2, 3)
    assert "test.axillary.negative" not in found
