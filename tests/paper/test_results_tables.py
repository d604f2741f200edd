"""The tables for reading hold what the statistics hold, rounded once."""

import json

import pandas as pd
import pytest

from nodal_staging import tables
from nodal_staging.paper.auc_differences_grid import auc_differences_grid
from nodal_staging.paper.results_tables import mcnemar_grid, tabulate_results
from nodal_staging.paper.table_1 import TABLE_1, table_1_grid
from nodal_staging.statistics.auc_differences import AUC_DIFFERENCES
from nodal_staging.statistics.mcnemar import MCNEMAR


def statistics(name, *, tp=56, tn=60):
    """Return the JSON of a classifier with 65 nodes of each class."""
    counts = {
        "accuracy": (tp + tn, 130),
        "sensitivity": (tp, 65),
        "specificity": (tn, 65),
        "ppv": (tp, tp + 65 - tn),
        "npv": (tn, tn + 65 - tp),
        "f1": (2 * tp, 65 + tp + 65 - tn),
    }
    interval = {"lower": 0.9234, "upper": 0.9866, "level": 0.95}
    return {
        "classifier": name,
        "n": {"positive": 65, "negative": 65, "patients": 117},
        "auc": {
            "estimate": 4033.5 / 4225,
            "intervals": {
                "bootstrap": interval
                | {"replicates": 10_000, "engine": "pROC 1 on R 4"},
                "delong": interval,
                "obuchowski_logit": interval | {"lower": 0.9112},
            },
            "note": None,
        },
        "threshold": {"source": "out_of_fold", "value": 0.5},
        "confusion": {"tp": tp, "fn": 65 - tp, "tn": tn, "fp": 65 - tn},
        "metrics": {
            metric: {
                "estimate": a / b if b else None,
                "numerator": a,
                "denominator": b,
                "lower": 0.1,
                "upper": 0.9,
            }
            for metric, (a, b) in counts.items()
        },
        "binary_auc": {"estimate": (tp + tn) / 130},
        "at_target_sensitivity": {
            "target": 0.9,
            "attained": {
                "threshold": 0.4,
                "sensitivity": 59 / 65,
                "specificity": 57 / 65,
                "tp": 59,
                "tn": 57,
            },
            "interpolated": {"specificity": 0.88},
        },
        "natural_prevalence": None,
    }


TESTS = pd.DataFrame(
    {
        "classifier_a": ["cnn_xmask", "cnn_xmask"],
        "classifier_b": ["reader_1", "reader_2"],
        "n": [130, 130],
        "only_a_correct": [8, 0],
        "only_b_correct": [21, 0],
        "accuracy_difference": [-0.1, 0.0],
        "p_corrected": [0.00001, 1.0],
        "p_exact": [0.00496, 1.0],
        "p_mid": [0.02, 1.0],
        "p_holm": [0.00992, 1.0],
        "significant": ["yes", "no"],
        "status": ["ok", "identical_predictions"],
    }
)
# What the table for reading leaves out.
TESTS = TESTS.assign(
    **{
        column: "ok" if column.endswith("_status") else 0
        for column in MCNEMAR.columns
        if column not in TESTS
    }
)


# 65 and 65 nodes: 4,225 pairs, 8,450 half wins. The first difference, 1,103 half wins,
# is 0.13053; rounded before subtracting it would be 0.132.
DIFFERENCES = pd.DataFrame(
    {
        "classifier_a": ["cnn_xmask", "cnn_xmask", "mine"],
        "classifier_b": ["cnn_status_balanced", "reader_1", "reader_2"],
        "n_positive": 65,
        "n_negative": 65,
        "n_patients": 117,
        "auc_a": [7216 / 8450, 7216 / 8450, 1.0],
        "auc_b": [6113 / 8450, 7216 / 8450, 8449 / 8450],
        "difference": [1103 / 8450, 0.0, 1 / 8450],
        "delong_lower": [0.0304, 0.0, None],
        "delong_upper": [0.2306, 0.0, None],
        "delong_p": [0.0106, 1.0, None],
        "delong_p_holm": [0.0212, 1.0, None],
        "clustered_lower": [-0.0004, 0.0, None],
        "clustered_upper": [0.2616, 0.0, None],
        "clustered_p": [0.05074, 1.0, None],
        "clustered_p_holm": [0.10148, 1.0, None],
        "engine": "pROC",
        "status": ["ok", "same_order", "no_variance"],
    }
)
DIFFERENCES = DIFFERENCES.reindex(columns=list(AUC_DIFFERENCES.columns))


@pytest.fixture
def written(tmp_path):
    """Write the tables from three classifiers in a wrong order."""
    names = ["volume", "reader_1", "cnn_status_balanced"]
    files = [tmp_path / f"{name}.json" for name in names]
    for name, file in zip(names, files, strict=True):
        file.write_text(json.dumps(statistics(name)))
    tables.write(TESTS, tmp_path / "tests.tsv", MCNEMAR)
    tables.write(DIFFERENCES, tmp_path / "areas.tsv", AUC_DIFFERENCES)
    forms = (".tsv", ".md", ".tex", ".html")
    outputs = {
        name: [tmp_path / f"{name}{form}" for form in forms]
        for name in ("table_1", "mcnemar", "auc_differences")
    }
    tabulate_results(
        statistics=files,
        comparisons=tmp_path / "tests.tsv",
        differences=tmp_path / "areas.tsv",
        significance=0.005,
        confidence_level=0.95,
        **outputs,
    )
    return tmp_path


def test_tsv_is_full_and_in_the_published_order(written):
    frame = tables.read(written / "table_1.tsv", TABLE_1)
    assert frame["classifier"].tolist() == ["cnn_status_balanced", "reader_1", "volume"]
    assert frame["auc"].tolist() == [4033.5 / 4225] * 3
    assert frame["tp"].tolist() == [56] * 3
    assert frame["prevalence"].isna().all()
    same = tables.read(written / "mcnemar.tsv", MCNEMAR)
    assert same["p_exact"].tolist() == TESTS["p_exact"].tolist()
    pairs = tables.read(written / "auc_differences.tsv", AUC_DIFFERENCES)
    assert pairs["difference"].tolist() == DIFFERENCES["difference"].tolist()


def test_every_form_has_the_same_cells(written):
    for name, cell in (
        ("table_1", "0.955 (0.911-0.987)"),
        ("mcnemar", "0.0050"),
        ("auc_differences", "0.030-0.231"),
    ):
        for suffix in (".md", ".tex", ".html"):
            text = (written / f"{name}{suffix}").read_text(encoding="utf-8")
            assert cell in text


def test_row_of_table_1_is_rounded_from_counts():
    row = table_1_grid([statistics("cnn_status_balanced")]).groups[0][0]
    assert row == (
        "CNN, status balanced",
        "0.955 (0.911-0.987)",
        "0.923-0.987",
        "0.892",
        "89",
        "86",
        "92",
        "92",
        "87",
        "89",
        "out of fold",
        "88 (at 91)",
    )


def test_comparators_stand_below_the_published_rows():
    rows = [statistics(name) for name in ("cnn_xmask", "volume", "mine")]
    published, others = table_1_grid(rows).groups
    assert [row[0] for row in published] == ["CNN, xMask"]
    assert [row[0] for row in others] == ["Volume", "mine"]


def test_nothing_called_positive_is_a_dash_and_perfection_has_no_interval():
    one = statistics("mine", tp=0, tn=65)
    for interval in one["auc"]["intervals"].values():
        interval["lower"] = interval["upper"] = 1.0
    row = table_1_grid([one]).groups[1][0]
    assert row[1].endswith("(\u2013)")
    assert row[2] == "\u2013"
    assert row[7] == "\u2013"


def test_caption_tells_the_size_and_the_method():
    caption = table_1_grid([statistics("mine")]).caption
    assert "130 nodes (65 positive) of 117 patients" in caption
    assert "10,000 replicates, pROC 1 on R 4" in caption
    assert "half up" in caption


def test_mcnemar_table_is_rounded_from_counts():
    first, second = mcnemar_grid(TESTS, 0.005).groups[0]
    assert first == (
        "CNN, xMask",
        "Reader 1",
        "130",
        "8",
        "21",
        "\u221210.0",
        "< 0.0001",
        "0.0050",
        "0.0200",
        "0.0099",
        "yes",
    )
    assert second[-1] == "no (identical predictions)"
    assert "below 0.005" in mcnemar_grid(TESTS, 0.005).caption


def test_differences_are_rounded_once_from_counts_of_pairs():
    grid = auc_differences_grid(DIFFERENCES, 0.95)
    varied, alike, fixed = grid.groups[0]
    assert varied == (
        "CNN, xMask",
        "CNN, status balanced",
        "130",
        "0.854",
        "0.723",
        "0.131",
        "0.000-0.262",
        "0.0507",
        "0.1015",
        "0.030-0.231",
        "0.0106",
        "0.0212",
    )
    assert alike[5:9] == ("0.000", "\u2013", "1.0000", "1.0000")
    assert alike[-1] == "1.0000 (both order all nodes alike)"
    assert fixed[5:9] == ("0.000", "\u2013", "\u2013", "\u2013")
    assert fixed[-1].endswith("(no resampling changes it)")
    assert grid.header[6] == "Clustered 95% CI"
    assert "half up from counts" in grid.caption
    assert "all 3 pairs" in grid.caption


def test_levels_and_targets_are_printed_with_all_their_digits():
    assert "Clustered 97.5% CI" in auc_differences_grid(DIFFERENCES, 0.975).header
    one = statistics("mine")
    one["auc"]["intervals"]["delong"]["level"] = 0.999
    one["at_target_sensitivity"]["target"] = 0.925
    header = table_1_grid([one]).header
    assert "AUC (99.9% CI)" in header
    assert "Spec at sens \u2265 92.5%" in header
