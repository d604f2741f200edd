"""The split in the report: its origin, and the mix of the test patients."""

import pandas as pd
import pytest

from nodal_staging import tables
from nodal_staging.datasets.balance import BALANCE
from nodal_staging.report.datasets import balance, origin

DIFFERENCES = [0.02, -0.5, 0.1, 0.3, None]


def written(folder, differences):
    rows = [
        {"location": location, "status": "negative", "short_axis_mm": "below 5"}
        | {"nodes": 5, "share": 0.25, "test_nodes": 1, "test_share": 0.2}
        | {"standardised_difference": difference}
        for location, difference in zip(tables.LOCATIONS, differences, strict=False)
    ]
    frame = pd.DataFrame(rows).astype({"standardised_difference": float})
    path = folder / "balance.tsv"
    tables.write(frame, path, BALANCE)
    return path


def test_the_largest_differences_come_first_and_small_cells_are_left_out(tmp_path):
    sentence, grid = balance(written(tmp_path, DIFFERENCES))
    assert sentence.startswith("Of 4 combinations")
    assert "nodes, 2 have a standardised difference above 0.1" in sentence
    assert sentence.endswith("the largest is 0.50.")
    (rows,) = grid.groups
    assert [row[-1] for row in rows] == [
        "\N{MINUS SIGN}0.500",
        "0.300",
        "0.100",
        "0.020",
    ]
    assert [row[0] for row in rows] == [tables.LOCATIONS[n] for n in (1, 3, 2, 0)]


def test_a_cohort_of_small_cells_alone_has_a_sentence(tmp_path):
    (sentence,) = balance(written(tmp_path, [None, None]))
    assert sentence == "No combination of location, status and size has 5 nodes."


@pytest.mark.parametrize(
    ("certificate", "said"),
    [
        ({"given": False}, ""),
        ({"given": True}, ", as a file gave it"),
        (
            {"given": False, "by": {"kind": "centre", "column": "c", "test": ["B"]}},
            ", by centre (column c of the exam sheet): the test set is from centre B",
        ),
        (
            {"given": False, "by": {"kind": "time", "column": "day", "last": 0.2}},
            ", by time (column day of the exam sheet): the test set is later than all "
            "training",
        ),
    ],
)
def test_where_a_split_comes_from_is_stated(certificate, said):
    assert origin(certificate) == said
