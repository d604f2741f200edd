"""The tables for reading hold what the statistics hold, rounded once."""

import json

import pandas as pd
import pytest

from nodal_staging import tables
from nodal_staging.paper.auc_differences_grid import auc_differences_grid
from nodal_staging.paper.mcnemar_grid import mcnemar_grid, mcnemar_matrix
from nodal_staging.paper.predictive_values import predictive_values_grid
from nodal_staging.paper.results_tables import ResultsFiles, tabulate_results
from nodal_staging.paper.table_1 import TABLE_1, table_1_grid
from nodal_staging.statistics.auc_differences import AUC_DIFFERENCES
from nodal_staging.statistics.mcnemar import MCNEMAR
from nodal_staging.statistics.refits import TrainingSpread


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
        "threshold": {
            "source": "out_of_fold",
            "value": 0.5,
            "weak_folds": False,
            "chosen_on_auc": 0.94,
        },
        "confusion": {"tp": tp, "fn": 65 - tp, "tn": tn, "fp": 65 - tn},
        "metrics": {
            metric: {
                "estimate": a / b if b else None,
                "numerator": a,
                "denominator": b,
                "lower": 0.1,
                "upper": 0.9,
                "patient_bootstrap": {"lower": 0.8124, "upper": 0.9476},
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
        "at_prevalence": [
            {
                "prevalence": prevalence,
                "origin": origin,
                "ppv": {"estimate": 0.695, "lower": 0.61, "upper": 0.774},
                "npv": {"estimate": 1.0, "lower": 1.0, "upper": 1.0},
            }
            for prevalence, origin in ((0.3506, "natural"), (0.165, "given"))
        ],
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
        "lower": [-0.18, -0.03],
        "upper": [-0.019, 0.03],
        "clustered_lower": [-0.172, 0.0],
        "clustered_upper": [-0.028, 0.0],
        "p_clustered_exact": [0.012, 1.0],
        "p_clustered_holm": [0.024, 1.0],
        "sensitivity_n": 65,
        "sensitivity_only_a": [1, 0],
        "sensitivity_only_b": [20, 0],
        "sensitivity_difference": [-19 / 65, 0.0],
        "sensitivity_p_clustered_exact": [0.0001, 1.0],
        "specificity_n": 65,
        "specificity_only_a": [7, 0],
        "specificity_only_b": [1, 0],
        "specificity_difference": [6 / 65, 0.0],
        "specificity_p_clustered_exact": [0.07, 1.0],
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
        spread=None,
        significance=0.005,
        confidence_level=0.95,
        outputs=ResultsFiles(**outputs),
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
        ("mcnemar", "0.005"),
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
        "0.892",
        "56",
        "9",
        "60",
        "5",
        "89 (81-95)",
        "86 (81-95)",
        "92 (81-95)",
        "89 (81-95)",
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
    assert predictive_values_grid([one]).groups[0][0][1] == "\u2013"


def test_caption_tells_the_size_and_the_method():
    caption = table_1_grid([statistics("mine")]).caption
    assert "130 nodes (65 positive) of 117 patients" in caption
    assert "resampled patients (10,000 replicates)" in caption
    assert "half up" in caption


def test_predictive_values_stand_at_each_share_of_positive_nodes():
    grid = predictive_values_grid([statistics("cnn_xmask")])
    assert grid.header == (
        "Classifier",
        "PPV at 50.0%, test set",
        "NPV at 50.0%, test set",
        "PPV at 35.1%, all nodes",
        "NPV at 35.1%, all nodes",
        "PPV at 16.5%",
        "NPV at 16.5%",
    )
    assert grid.groups[0][0] == (
        "CNN, xMask",
        "92 (81-95)",
        "87 (81-95)",
        *("70 (61-77)", "100 (\u2013)") * 2,
    )


def test_a_threshold_of_weak_folds_is_flagged_where_it_stands():
    one = statistics("cnn_xmask")
    one["threshold"] |= {"weak_folds": True, "chosen_on_auc": 0.5906}
    grid = table_1_grid([one])
    assert grid.groups[0][0][-2] == "out of fold (weak)"
    assert "(AUC out of fold 0.591)" in grid.caption


def test_mcnemar_table_is_rounded_from_counts():
    of_all, *within = mcnemar_grid(TESTS, 0.025, 0.95).groups[0]
    assert of_all == (
        "CNN, xMask",
        "Reader 1",
        "all",
        "130",
        "8",
        "21",
        "\u221210.0",
        "\u221218.0 to \u22121.9",
        "\u221217.2 to \u22122.8",
        "< 0.001",
        "0.005",
        "0.012",
        "0.024",
        "yes",
    )
    assert [row[2:7] for row in within] == [
        ("positive", "65", "1", "20", "\u221229.2"),
        ("negative", "65", "7", "1", "9.2"),
    ]
    assert {row[9] for row in within} == {"\u2013"}


def test_the_family_and_the_origin_of_its_level_are_printed():
    derived = mcnemar_grid(TESTS, 0.025, 0.95).caption
    assert "2 pairs of CNN, xMask, Reader 1, Reader 2." in derived
    assert "below 0.025, which is 0.05 divided by the number of pairs" in derived
    assert "below 0.005, as configured" in mcnemar_grid(TESTS, 0.005, 0.95).caption


def test_equal_accuracies_do_not_hide_opposite_errors():
    hidden = TESTS.assign(p_clustered_exact=0.2)
    assert mcnemar_grid(hidden, 0.025, 0.95).groups[0][0][-1] == "yes (opposite errors)"
    assert mcnemar_grid(TESTS, 0.025, 0.95).groups[1][0][-1] == (
        "no (identical predictions)"
    )


def test_the_matrix_has_differences_above_and_p_below_the_diagonal():
    grid = mcnemar_matrix(TESTS.assign(p_clustered_exact=0.2))
    dash = "\u2013"
    assert grid.header[1:] == ("CNN, xMask", "Reader 1", "Reader 2")
    assert grid.groups[0] == (
        ("CNN, xMask", dash, "\u221210.0*", "0.0"),
        ("Reader 1", "0.024", dash, dash),
        ("Reader 2", "> 0.999", dash, dash),
    )


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
        "0.051",
        "0.101",
        "0.030-0.231",
        "0.011",
        "0.021",
    )
    assert alike[5:9] == ("0.000", "\u2013", "> 0.999", "> 0.999")
    assert alike[-1] == "> 0.999 (both order all nodes alike)"
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


def test_the_spread_over_trainings_stands_next_to_the_interval_of_a_cnn():
    rows = [statistics("cnn_xmask"), statistics("volume")]
    spread = TrainingSpread.of([0.91, 0.8751, 0.89])
    once = table_1_grid(rows)
    several = table_1_grid(rows, spreads={"cnn_xmask": spread})
    place = several.header.index("AUC over trainings")
    (cnn,), (volume,) = several.groups
    assert (cnn[place], volume[place]) == ("3 trainings: 0.875-0.910", "–")
    assert several.header[:place] + several.header[place + 1 :] == once.header
    assert cnn[:place] + cnn[place + 1 :] == once.groups[0][0]
    assert "trainings" not in once.caption
