"""The best simple classifier: chosen out of fold, compared honestly on the test set."""

import numpy as np
import pandas as pd
import pytest

from nodal_staging import tables
from nodal_staging.classifiers.labelled_scores import ScoredClassifier
from nodal_staging.classifiers.scores import score_table
from nodal_staging.estimates.delong import clustered_difference
from nodal_staging.statistics.auc_differences import AUC_DIFFERENCES
from nodal_staging.statistics.best_simple import (
    SIMPLE_CHOICE,
    choose_simple,
    compare_with_simple,
)

SHIFTS = {"volume": 0.4, "location": 0.8, "radiomics_status_balanced": 1.4}


def nodes(count: int, start: str, rng) -> pd.DataFrame:
    positive = np.arange(count) % 2 == 0
    return pd.DataFrame(
        {
            "node_id": [f"{start}{n:04}" for n in range(count)],
            "patient_id": [f"{start}P{n // 4:03}" for n in range(count)],
            "status": np.where(positive, "positive", "negative"),
            "location": "iliac",
            "fold": 1 + np.arange(count) // 4 % 2,
        }
    )


def scored(name: str, shift: float, sets, rng) -> ScoredClassifier:
    """Return scores of normal deviates, put between 0 and 1."""
    parts = []
    for frame, partition in sets:
        positive = frame["status"].eq("positive").to_numpy()
        logit = rng.standard_normal(len(frame)) + shift * positive
        parts.append(score_table(frame, 1 / (1 + np.exp(-logit)), partition))
    return ScoredClassifier(name, pd.concat(parts, ignore_index=True))


def cohort(rng, shifts, test=100, training=300):
    sets = [(nodes(test, "T", rng), "test"), (nodes(training, "N", rng), "out_of_fold")]
    return {name: scored(name, shift, sets, rng) for name, shift in shifts.items()}


def test_the_best_out_of_fold_is_chosen_and_compared(tmp_path):
    found = cohort(np.random.default_rng(1), {"cnn_status_balanced": 1.0} | SHIFTS)
    for one in found.values():
        tables.write(one.rows, tmp_path / f"{one.name}.csv", tables.SCORES)
    paths = {name: tmp_path / f"{name}.csv" for name in found}
    compare_with_simple(
        cnns={"cnn_status_balanced": paths.pop("cnn_status_balanced")},
        simple=paths,
        confidence_level=0.95,
        choice=tmp_path / "choice.tsv",
        differences=tmp_path / "differences.tsv",
    )
    choice = tables.read(tmp_path / "choice.tsv", SIMPLE_CHOICE).set_index("simple")
    assert choice["chosen"].eq("yes").sum() == 1
    assert choice.loc["radiomics_status_balanced", "chosen"] == "yes"
    assert choice["out_of_fold_auc"].idxmax() == "radiomics_status_balanced"
    (row,) = tables.read(tmp_path / "differences.tsv", AUC_DIFFERENCES).to_dict(
        "records"
    )
    cnn = found["cnn_status_balanced"].test
    best = found["radiomics_status_balanced"].test
    ours = clustered_difference(cnn.score, best.score, cnn.positive, cnn.patient_id)
    assert row["difference"] == pytest.approx(ours.estimate)
    assert row["clustered_standard_error"] == pytest.approx(ours.standard_error)
    assert row["clustered_p_holm"] == row["clustered_p"]


def test_classifiers_of_other_training_nodes_are_no_candidates():
    rng = np.random.default_rng(2)
    test, own, other = (nodes(40, start, rng) for start in "TNO")
    cnn = scored(
        "cnn_location_balanced", 1.0, [(test, "test"), (own, "out_of_fold")], rng
    )
    same = scored("radiomics_location_balanced", 0.2, [(own, "out_of_fold")], rng)
    better = scored("volume", 3.0, [(other, "out_of_fold")], rng)
    assert [row["simple"] for row in choose_simple(cnn, [better, same])] == [same.name]
    assert choose_simple(cnn, [better]) == []


@pytest.mark.simulation
def test_a_choice_out_of_fold_keeps_the_level_and_one_on_the_test_set_does_not():
    """No classifier differs, yet the luckiest of six seems to be better on average."""
    rng = np.random.default_rng(3)
    names = ["cnn_xmask", *(f"simple_{n}" for n in range(6))]
    rows = cohort(rng, {"any": 0.0}, test=120, training=120)["any"].rows
    mean = 1.2 * rows["status"].eq("positive").to_numpy()
    found = {"out_of_fold": [], "test": []}
    cohorts = 150
    for _ in range(cohorts):
        drawn = rng.standard_normal((len(names), len(rows))) + mean
        cnn, *simple = (
            ScoredClassifier(name, rows.assign(score=score))
            for name, score in zip(names, drawn, strict=True)
        )
        choice = choose_simple(cnn, simple)
        best = [row["chosen"] for row in choice].index("yes")
        luckiest = int(np.argmax([one.test.area.estimate for one in simple]))
        for way, place in (("out_of_fold", best), ("test", luckiest)):
            own, other = cnn.test, simple[place].test
            area = clustered_difference(
                own.score, other.score, own.positive, own.patient_id
            )
            found[way].append((area.estimate, area.standard_error))
    honest, lucky = (np.array(found[way]).T for way in ("out_of_fold", "test"))
    assert 0.01 <= (np.abs(honest[0]) > 1.96 * honest[1]).mean() <= 0.095
    assert abs(honest[0].mean()) < 0.012
    assert lucky[0].mean() < -0.02
