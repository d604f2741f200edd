"""The second implementation: it agrees, it refuses every wrong number, it is alone."""

import ast
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from evaluation import evaluate_into
from report_files import CNNS, written_results
from score_files import dataset, write_scores

from nodal_staging import tables
from nodal_staging.classifiers.scores import score_table
from nodal_staging.statistics.recomputation import second_estimates as second
from nodal_staging.statistics.recomputation.classifier_checks import check_classifier
from nodal_staging.statistics.recomputation.ledger import (
    RECOMPUTATION,
    SETTINGS,
    Ledger,
    RecomputationError,
    Written,
)
from nodal_staging.statistics.recomputation.recompute import recompute_statistics
from nodal_staging.statistics.recomputation.scored_nodes import Scores, read_table
from nodal_staging.statistics.recomputation.second_draws import Draws, limits

FOLDER = Path(second.__file__).parent
OWN = "nodal_staging.statistics.recomputation"
TOOLS = {
    # How tables are written and where files are found; no statistics.
    "nodal_staging.tables",
    "nodal_staging.tables.columns",
    "nodal_staging",
}


@pytest.fixture(scope="module")
def folder(reported):
    return Path(reported.nodes).parent


def run(folder, output, results=None):
    recompute_statistics(
        results or written_results(folder),
        significance=0.005,
        level=0.95,
        output=output,
    )
    return tables.read(output, RECOMPUTATION)


@pytest.mark.parametrize(
    "path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.stem
)
def test_it_shares_no_code_with_what_it_checks(path):
    reached = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            reached.add(node.module)
        elif isinstance(node, ast.Import):
            reached |= {alias.name for alias in node.names}
    ours = {name for name in reached if name.startswith("nodal_staging")}
    assert all(name.startswith(OWN) or name in TOOLS for name in ours), ours


EXCUSED = {
    ("readers/agreement.tsv", "undefined_replicates"),
    ("statistics/band/<classifier>.tsv", "median"),
    ("statistics/subgroups.tsv", "auc_lower"),
    ("statistics/subgroups.tsv", "auc_upper"),
    *(
        (
            "statistics/<classifier>.json",
            f"metrics/{metric}/patient_bootstrap/undefined",
        )
        for metric in ("accuracy", "sensitivity", "specificity", "ppv", "npv", "f1")
    ),
}


def test_it_computes_every_number_of_every_file_but_a_few(folder, tmp_path):
    account = tables.read(folder / "recomputation.tsv", RECOMPUTATION)
    left = account[account["status"] == "not_recomputed"]
    found = set(zip(left["file"], left["quantity"], strict=True))
    # A classifier without probabilities has no calibration.
    assert {key for key in found - EXCUSED if "calibration/" not in key[1]} == set()
    counted = account.groupby("file")["values"].sum()
    frame = pd.read_csv(folder / "mcnemar.tsv", sep="\t")
    numbers = frame.select_dtypes("number").size
    assert counted["statistics/mcnemar.tsv"] == numbers
    assert account["largest_difference"].max() < 1e-6
    assert account.equals(run(folder, tmp_path / "again.tsv"))


class Planted:
    """Errors in every number that is compared, and which of them are refused."""

    def __init__(self, monkeypatch, shift):
        self.refused, self.seen = set(), set()
        plain = {name: getattr(Written, name) for name in ("of_json", "of_row")}

        def wrong(make):
            def made(*arguments):
                written = make(*arguments)
                for path, value in written.numbers.items():
                    if path in ("threshold", "threshold_probability"):
                        continue
                    written.numbers[path] = 0.5 if value is None else value + shift
                return written

            return made

        for name, make in plain.items():
            monkeypatch.setattr(Written, name, staticmethod(wrong(make)))
        for name in ("same", "within"):
            monkeypatch.setattr(Written, name, self.noting(getattr(Written, name)))

    def noting(self, compare):
        def compared(written, path, *rest, **given):
            key = (written.kind, path)
            if path in written.numbers:
                self.seen.add(key)
            try:
                compare(written, path, *rest, **given)
            except RecomputationError:
                self.refused.add(key)

        return compared


def test_an_error_in_any_number_that_it_computes_is_found(
    folder, tmp_path, monkeypatch
):
    planted = Planted(monkeypatch, 0.35)
    run(folder, tmp_path / "again.tsv")
    assert len(planted.seen) > 250
    missed = planted.seen - planted.refused
    assert missed == {("statistics/simple_choice.tsv", "chosen")}


ITERATED = {"intercept", "slope", "intercept_with_slope", "ici", "e50", "e90"}
"""What is fitted is compared to the fifth or sixth digit."""


def test_formulae_are_compared_to_the_eighth_digit(folder, tmp_path, monkeypatch):
    planted = Planted(monkeypatch, 1e-7)
    run(folder, tmp_path / "again.tsv")
    exact = {
        (kind, path)
        for kind, path in planted.seen
        if path.rpartition("/")[2] in ("estimate", "auc", "p_exact", "net_benefit")
        and not ITERATED & set(path.split("/"))
    }
    assert len(exact) > 15
    assert exact <= planted.refused


def change(folder, tmp_path, name, column, value):
    frame = pd.read_csv(folder / name, sep="\t")
    frame.loc[0, column] = value
    frame.to_csv(tmp_path / name, sep="\t", index=False)
    return tmp_path / name


@pytest.mark.parametrize(
    ("name", "attribute", "column", "value"),
    [
        ("mcnemar.tsv", "mcnemar", "p_clustered_exact", 0.001),
        ("auc_differences.tsv", "auc_differences", "clustered_p", 0.049),
        ("subgroups.tsv", "subgroups", "auc_lower", 0.7),
        ("nodes_needed.tsv", "needed", "n", 61.0),
    ],
)
def test_the_sentence_names_both_values(
    folder, tmp_path, name, attribute, column, value
):
    path = change(folder, tmp_path, name, column, value)
    results = replace(written_results(folder), **{attribute: path})
    with pytest.raises(RecomputationError) as error:
        run(folder, tmp_path / "again.tsv", results)
    said = str(error.value)
    assert said.startswith(f"statistics/{name}, ")
    assert column in said
    assert f"{value!r} is written, but " in said
    assert "do not use these results" in said
    assert not (tmp_path / "again.tsv").exists()


def test_an_interval_over_patients_from_other_draws_is_found(folder, tmp_path):
    name = f"cnn_{CNNS[0]}"
    one = json.loads((folder / f"{name}.json").read_text())
    one["metrics"]["f1"]["upper"] = one["metrics"]["f1"]["estimate"] + 0.001
    (tmp_path / "one.json").write_text(json.dumps(one))
    results = written_results(folder)
    files = results.statistics | {name: tmp_path / "one.json"}
    with pytest.raises(RecomputationError, match=r"metrics/f1/upper: .* other draws"):
        run(folder, tmp_path / "again.tsv", replace(results, statistics=files))


def test_what_it_cannot_compute_is_in_the_account(folder, tmp_path):
    frame = pd.read_csv(folder / "subgroups.tsv", sep="\t")
    short = frame["grouping"] == "short_axis"
    frame.loc[short, "subgroup"] = "any size"
    frame.to_csv(tmp_path / "subgroups.tsv", sep="\t", index=False)
    results = replace(written_results(folder), subgroups=tmp_path / "subgroups.tsv")
    account = run(folder, tmp_path / "again.tsv", results)
    ended = account[account["by"].str.contains("ended early")]
    assert ended["file"].tolist() == ["statistics/subgroups.tsv"]
    assert ended["status"].tolist() == ["not_recomputed"]


RNG = np.random.default_rng(5)
POSITIVE = dataset(20, 20)["status"].eq("positive").to_numpy()
ODD = {
    "perfect": POSITIVE + RNG.uniform(0, 0.5, 40),
    "ties": RNG.integers(0, 3, 40) / 2.0,
    "zeros and ones": np.clip(RNG.normal(POSITIVE, 1, 40), 0, 1),
    "percentages": 100 * RNG.uniform(0, 1, 40),
    "hard decisions": (RNG.uniform(size=40) + POSITIVE > 0.9).astype(float),
    "tiny spread": 0.5 + 1e-12 * RNG.normal(size=40),
    "all called": np.where(POSITIVE, 0.9, 0.8) - 1e-3 * np.arange(40),
}


@pytest.mark.parametrize("kind", ODD)
def test_odd_scores_agree_too(tmp_path, kind):
    nodes = dataset(20, 20)
    score = ODD[kind] / (1.5 if kind == "perfect" else 1)
    path = write_scores(
        tmp_path / "s.csv",
        score_table(nodes, score, "test"),
        score_table(dataset(20, 20, "T"), score, "out_of_fold"),
    )
    evaluate_into(tmp_path, "cnn_xmask", path, replicates=150, prevalences=(0.2,))
    ledger = Ledger()
    scores = Scores(
        "cnn_xmask",
        read_table(path),
        json.loads((tmp_path / "cnn_xmask.json").read_text()),
    )
    ends = {
        "roc": "roc",
        "band": "band",
        "calibration": "calibration",
        "decision_curve": "decision",
    }
    curves = {
        name: read_table(tmp_path / f"cnn_xmask.{end}.tsv")
        for name, end in ends.items()
    }
    check_classifier(scores, curves, None, (ledger, Draws()))
    frame = ledger.frame()
    assert frame.loc[frame["status"] == "recomputed", "values"].sum() > 100


def test_an_end_may_lie_anywhere_within_the_error_of_both_draws():
    rng = np.random.default_rng(3)
    values = rng.normal(size=3000)
    low, high = limits(values, 0.025, 2000)
    ends = [np.quantile(rng.normal(size=2000), 0.025) for _ in range(500)]
    assert low < min(ends) < max(ends) < high
    assert not low < np.quantile(values, 0.1) < high


def test_settings_are_no_results():
    written = Written.of_json(
        Ledger(), "k", "p", {"a": {"level": 0.95, "x": 1.0}, "b": [None, "word"]}
    )
    assert set(written.numbers) == {"a/x", "b/0"}
    assert {"level", "seed", "replicates"} <= SETTINGS
