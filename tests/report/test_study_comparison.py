"""Two finished studies on one page: numbers, intervals, differences and messages."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from browser import Browser
from scipy.stats import t
from score_files import write_scores
from studies import measured_nodes

from nodal_staging import tables
from nodal_staging.report.comparison_page import compare_studies
from nodal_staging.report.study_comparison import COMPARED_CLASSIFIERS, STUDY_FACTS
from nodal_staging.study.files import read_json, write_json
from nodal_staging.study.finished_studies import (
    ComparisonError,
    find_studies,
    state_of,
)

RECORD = {
    "software": "nodal-staging 1",
    "package_sha256_when_recorded": "ab",
    "statistics_engine": "pROC 1 on R 4",
    "python": "3.11",
    "machine": "Linux x86_64",
    "cpu_instructions": {"NumPy": "AVX2"},
    "packages": {"numpy": "2.0"},
    "code_versions": {"train_cnn": {"aa": 3}},
    "config": {
        "study": "a",
        "seed": 1,
        "statistics": {"confidence_level": 0.95},
        "training": {"epochs": 2},
    },
}
SHARE = {"estimate": 0.8, "patient_bootstrap": {"lower": 0.5, "upper": 0.9}}


def auc(score, positive):
    """Return the AUC by counting pairs."""
    pairs = np.subtract.outer(score[positive], score[~positive])
    return float((pairs > 0).mean() + (pairs == 0).mean() / 2)


def write_classifier(folder: Path, name: str, nodes: pd.DataFrame, seed: int) -> None:
    """Write scores and statistics of a classifier."""
    positive = nodes["status"].eq("positive").to_numpy()
    score = np.random.default_rng(seed).normal(positive, 1.0)
    rows = nodes[["node_id", "patient_id", "status"]].assign(
        partition="test", score=score, prediction=None
    )
    (folder / "scores").mkdir(exist_ok=True)
    (folder / "statistics").mkdir(exist_ok=True)
    write_scores(folder / f"scores/{name}.csv", rows[list(tables.SCORES.columns)])
    ends = {"lower": 0.5, "upper": 0.9}
    write_json(
        folder / f"statistics/{name}.json",
        {
            "auc": {
                "estimate": auc(score, positive),
                "intervals": {"obuchowski_logit": ends},
            },
            "metrics": {"sensitivity": SHARE, "specificity": SHARE},
        },
    )


@pytest.fixture
def root(tmp_path) -> Path:
    """Return a folder with two finished studies of the same nodes."""
    folder = tmp_path / "results" / "first"
    for inner in ("datasets", "audit"):
        (folder / inner).mkdir(parents=True)
    nodes = measured_nodes(60, patients=20)
    tables.write(nodes, folder / "nodes.tsv", tables.NODES)
    columns = ["node_id", "patient_id", "location", "status"]
    tested = nodes[columns].assign(fold=0)
    tables.write(tested, folder / "datasets/test.tsv", tables.DATASET)
    write_json(folder / "datasets/certificate.json", {"split_sha256": "1" * 64})
    verdict = {"reads": "the node", "reason": None}
    write_json(folder / "audit/verdict.json", {"cnns": {"cnn_xmask": verdict}})
    write_json(folder / "provenance.json", RECORD)
    (folder / "report.html").write_text("<html>")
    write_classifier(folder, "cnn_xmask", nodes, 1)
    second = folder.parent / "second"
    shutil.copytree(folder, second)
    write_classifier(second, "cnn_xmask", nodes, 2)
    write_classifier(second, "volume", nodes, 3)
    changed = json.loads(json.dumps(RECORD))
    changed["config"]["training"]["epochs"] = 9
    changed["config"]["study"] = "b"
    changed["packages"]["numpy"] = "2.1"
    write_json(second / "provenance.json", changed)
    return folder.parent


def compare(root: Path, *names: str):
    """Return the page, the classifiers and the facts."""
    home = root / "out"
    (home / "pair").mkdir(parents=True, exist_ok=True)
    paths = home / "pair.html", home / "pair/classifiers.tsv", home / "pair/facts.tsv"
    page, classifiers, facts = paths
    compare_studies(
        list(names or ("first", "second")),
        root=root,
        page=page,
        classifiers=classifiers,
        study_facts=facts,
    )
    return (
        page.read_text(encoding="utf-8"),
        tables.read(classifiers, COMPARED_CLASSIFIERS).set_index("classifier"),
        tables.read(facts, STUDY_FACTS).set_index(["part", "item"]),
    )


def placements(score, positive):
    """Return how each node is placed among those of the other class, by counting."""
    wins = np.subtract.outer(score[positive], score[~positive])
    kernel = (wins > 0) + (wins == 0) / 2
    return kernel.mean(axis=1), kernel.mean(axis=0)


def variance_over_patients(score, positive, patient):
    """Return Obuchowski's variance and Satterthwaite's freedom, patient by patient."""
    above, below = placements(score, positive)
    mean, m, n = above.mean(), positive.sum(), (~positive).sum()
    ten, one = {}, {}
    for who, value in zip(patient[positive], above, strict=True):
        ten[who] = ten.get(who, 0) + (value - mean) / m
    for who, value in zip(patient[~positive], below, strict=True):
        one[who] = one.get(who, 0) + (value - mean) / n
    everyone = len(set(patient))
    cases = len(ten) / (len(ten) - 1) * sum(v**2 for v in ten.values())
    controls = len(one) / (len(one) - 1) * sum(v**2 for v in one.values())
    across = sum(ten[w] * one[w] for w in ten.keys() & one.keys())
    total = cases + controls + 2 * everyone / (everyone - 1) * across
    freedom = (cases + controls) ** 2 / (
        cases**2 / (len(ten) - 1) + controls**2 / (len(one) - 1)
    )
    return total, freedom


def scores_of(root, study, name="cnn_xmask"):
    """Return score, status and patient of the test nodes."""
    frame = pd.read_csv(root / study / f"scores/{name}.csv")
    positive = frame["status"].eq("positive").to_numpy()
    return frame["score"].to_numpy(), positive, frame["patient_id"].to_numpy()


def test_the_same_nodes_are_compared_as_pairs(root):
    page, classifiers, _ = compare(root)
    row = classifiers.loc["cnn_xmask"]
    (a, positive, patient), (b, *_) = (
        scores_of(root, one) for one in ("first", "second")
    )
    assert row["comparison"] == "paired"
    assert row["auc_difference"] == pytest.approx(auc(a, positive) - auc(b, positive))
    # The difference of the placements has the variance of one score.
    pairs = [placements(one, positive) for one in (a, b)]
    above, below = (pairs[0][k] - pairs[1][k] for k in (0, 1))
    ten = pd.Series(above - above.mean()).groupby(patient[positive]).sum()
    one = pd.Series(below - below.mean()).groupby(patient[~positive]).sum()
    ten, one = ten / positive.sum(), one / (~positive).sum()
    total = sum(len(x) / (len(x) - 1) * (x**2).sum() for x in (ten, one))
    everyone = len(set(patient))
    shared = ten.mul(one, fill_value=0).sum()
    total += 2 * everyone / (everyone - 1) * shared
    width = row["auc_difference_upper"] - row["auc_difference_lower"]
    parts = [len(x) / (len(x) - 1) * (x**2).sum() for x in (ten, one)]
    below_line = sum(
        v**2 / (len(x) - 1) for v, x in zip(parts, (ten, one), strict=True)
    )
    freedom = sum(parts) ** 2 / below_line
    assert width == pytest.approx(2 * t.ppf(0.975, freedom) * np.sqrt(total))
    assert "Intervals of AUC differences are paired" in page
    assert classifiers.loc["volume", "comparison"] == "one_study"
    assert np.isnan(classifiers.loc["volume", "auc_difference"])


def test_another_split_gives_unpaired_intervals(root):
    write_json(root / "second/datasets/certificate.json", {"split_sha256": "2" * 64})
    page, classifiers, _ = compare(root)
    row = classifiers.loc["cnn_xmask"]
    assert row["comparison"] == "unpaired"
    found = [variance_over_patients(*scores_of(root, s)) for s in ("first", "second")]
    total = sum(variance for variance, _ in found)
    freedom = total**2 / sum(variance**2 / free for variance, free in found)
    half = t.ppf(0.975, freedom) * np.sqrt(total)
    assert row["auc_difference_upper"] == pytest.approx(row["auc_difference"] + half)
    assert row["auc_difference_lower"] == pytest.approx(row["auc_difference"] - half)
    assert "are unpaired: the studies split their nodes" in page


def test_only_what_differs_is_listed(root):
    page, _, facts = compare(root)
    listed = facts.loc["configuration"]
    assert listed.index.tolist() == ["training.epochs"]
    assert listed.loc["training.epochs"].tolist() == ["2", "9"]
    assert facts.loc["version"].index.tolist() == ["numpy"]
    assert "code" not in facts.index.get_level_values("part")
    assert "Versions of the code that differ, by rule: none." in page
    assert facts.loc[("cohort", "nodes")].tolist() == ["60", "60"]
    assert facts.loc[("verdict", "CNN, xMask")].tolist() == ["reads the node"] * 2
    assert page.count('href="pair/facts.tsv"') >= 4
    assert page.count('href="pair/classifiers.tsv"') == 2


def test_a_study_with_other_statistics_than_its_scores_is_refused(root):
    path = root / "second/statistics/cnn_xmask.json"
    found = read_json(path)
    found["auc"]["estimate"] -= 0.1
    write_json(path, found)
    with pytest.raises(ComparisonError, match="in the study second the AUC of cnn_x"):
        compare(root)


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ([], "compare lists 0 studies, expected two"),
        (["first"], "compare lists 1 studies, expected two"),
        (["first", "secnd"], "there is no study secnd below results/; did you mean se"),
        (["zzz", "first"], "there is no study zzz below results/; found first, second"),
        (["first", "first"], "first and first are the same study"),
        (["first", "third"], "the study third is not finished, it has no provenance"),
    ],
)
def test_what_cannot_be_compared_is_said(root, names, words):
    (root / "third").mkdir()
    with pytest.raises(ComparisonError) as caught:
        find_studies(names, root)
    assert words in str(caught.value)


def test_studies_are_found_by_path_and_named_apart(root, tmp_path):
    other = tmp_path / "elsewhere" / "first"
    shutil.copytree(root / "first", other)
    assert find_studies(["first", str(other)], root) == {
        str(root / "first"): root / "first",
        str(other): other,
    }
    with pytest.raises(ComparisonError, match="are the same study"):
        find_studies(["first", str(root / "first")], root)
    before = state_of(other)
    (other / "report.html").write_text("<html>again")
    assert state_of(other) != before


def test_the_page_opens_on_screens_of_both_sizes(root):
    compare(root)
    with Browser() as browser:
        for width in (1440, 390):
            page = browser.open(root / "out/pair.html", width=width)
            assert not page.problems()
            assert page.too_wide() <= 0
            assert not page.low_contrast()
