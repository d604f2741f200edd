"""The radiomics regression: what it learns, and from which nodes."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from studies import measured_nodes, write_study

from nodal_staging import tables
from nodal_staging.classifiers import radiomics_model
from nodal_staging.classifiers.forest import IMPORTANCES, ForestOptions
from nodal_staging.classifiers.radiomics_baseline import (
    COEFFICIENTS,
    LEFT_OUT,
    USED,
    score_radiomics,
    score_radiomics_forest,
)
from nodal_staging.classifiers.radiomics_model import (
    PENALTIES,
    Preparation,
    RadiomicsModel,
    rank_correlation,
)
from nodal_staging.classifiers.table_models import TableModels
from nodal_staging.nodes.radiomics.node_features import FEATURES, RADIOMICS

SAME = [name for name in FEATURES if name.startswith(("run", "zone", "p", "m", "r"))]
SAME = [name for name in SAME if name not in ("mean_hu", "pair_contrast")]
"""Features that are equal for all nodes here, which saves time."""


@pytest.fixture
def nodes():
    return measured_nodes(200, seed=4, patients=70)


def features_of(nodes, seed=1):
    """Return random features; the mean attenuation alone knows the status."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(len(nodes), len(FEATURES))), columns=FEATURES)
    frame.loc[:, SAME] = 1.0
    frame["mean_hu"] += 4 * (nodes["status"] == "positive").to_numpy()
    frame["median_hu"] = np.exp(frame["mean_hu"])
    frame["skewness"] = 1.0
    frame["voxel_volume_mm3"] = nodes["volume_mm3"].to_numpy()
    frame.loc[5, "pair_contrast"] = np.nan
    return frame.assign(node_id=nodes["node_id"], small="no")[list(RADIOMICS.columns)]


def run(tmp_path, nodes, features):
    paths = write_study(tmp_path, nodes, n_test=60)
    tables.write(features, tmp_path / "radiomics.tsv", RADIOMICS)
    score_radiomics(
        features=tmp_path / "radiomics.tsv",
        training=paths["training"],
        test=paths["test"],
        scores=tmp_path / "scores.csv",
        coefficients=tmp_path / "coefficients.tsv",
    )
    scores = tables.read(tmp_path / "scores.csv", tables.SCORES)
    coefficients = tables.read(tmp_path / "coefficients.tsv", COEFFICIENTS)
    return scores.set_index("node_id"), coefficients.set_index("feature")


def test_it_finds_the_feature_that_knows_the_status(tmp_path, nodes):
    features = features_of(nodes)
    scores, coefficients = run(tmp_path, nodes, features)
    tested = scores[scores["partition"] == "test"]
    positive = tested["status"] == "positive"
    alone = features.set_index("node_id").loc[tested.index, "mean_hu"]
    best = roc_auc_score(positive, alone)
    assert roc_auc_score(positive, tested["score"]) == pytest.approx(best, abs=0.05)
    weights = coefficients["coefficient"].drop("intercept").abs()
    assert weights.idxmax() == "mean_hu"


def test_table_of_coefficients_gives_the_scores(tmp_path, nodes):
    features = features_of(nodes)
    scores, table = run(tmp_path, nodes, features)
    tested = scores[scores["partition"] == "test"].drop("N0005")
    used = table[table["used"] == "yes"].drop("intercept")
    values = features.set_index("node_id").loc[tested.index, used.index]
    terms = (values - used["mean"]) / used["scale"] * used["coefficient"]
    odds = terms.sum(axis=1) + table.loc["intercept", "coefficient"]
    expected = 1 / (1 + np.exp(-odds))
    np.testing.assert_allclose(tested["score"], expected, atol=1e-9)
    # A feature without spread and one that ranks as an earlier one does.
    assert (table.loc[["skewness", "median_hu"], "used"] == "no").all()
    assert not {*LEFT_OUT} & {*table.index}
    volumes = features.set_index("node_id").loc[nodes["node_id"][60:]]
    correlation = spearmanr(volumes["voxel_volume_mm3"], volumes["mean_hu"]).statistic
    assert table.loc["mean_hu", "correlation_with_volume"] == pytest.approx(correlation)
    status = nodes["status"][60:] == "positive"
    alone = roc_auc_score(status, volumes["mean_hu"])
    assert table.loc["mean_hu", "auc_alone"] == pytest.approx(alone)


def test_a_fold_has_no_influence_on_the_model_of_its_nodes(
    tmp_path, nodes, monkeypatch
):
    """Preparation and choice of features included: the fold is made extreme."""
    monkeypatch.setattr(radiomics_model, "PENALTIES", radiomics_model.PENALTIES[::4])
    features = features_of(nodes)
    before, _ = run(tmp_path, nodes, features)
    fold = np.concatenate([np.zeros(60), np.arange(140) % 3 + 1])
    changed = features.copy()
    held_out = (fold == 2) & (np.arange(200) >= 100)
    changed.loc[held_out, list(FEATURES)] *= 1e3
    after, _ = run(tmp_path, nodes, changed)
    kept = nodes["node_id"][(fold == 2) & ~held_out]
    pd.testing.assert_series_equal(before.loc[kept, "score"], after.loc[kept, "score"])
    others = nodes["node_id"][fold == 1]
    assert not np.allclose(before.loc[others, "score"], after.loc[others, "score"])


def test_features_chosen_from_all_nodes_would_be_noticed(tmp_path, nodes, monkeypatch):
    """The mutant of the test above: preparation sees the nodes of every fold."""
    monkeypatch.setattr(radiomics_model, "PENALTIES", radiomics_model.PENALTIES[:1])
    features = features_of(nodes)
    changed = features.copy()
    fold = np.concatenate([np.zeros(60), np.arange(140) % 3 + 1])
    held_out = (fold == 2) & (np.arange(200) >= 100)
    changed.loc[held_out, list(FEATURES)] *= 1e3
    honest, found = Preparation.of, []
    for frame in (features, changed):
        every = frame[list(USED)].to_numpy(float)
        leaking = honest(every)
        monkeypatch.setattr(Preparation, "of", lambda values, known=leaking: known)
        found.append(run(tmp_path, nodes, frame)[0])
    kept = nodes["node_id"][(fold == 2) & ~held_out]
    before, after = (scores.loc[kept, "score"] for scores in found)
    assert not np.allclose(before, after)


def forest_scores(tmp_path, nodes, features):
    paths = write_study(tmp_path, nodes, n_test=60)
    tables.write(features, tmp_path / "radiomics.tsv", RADIOMICS)
    score_radiomics_forest(
        features=tmp_path / "radiomics.tsv",
        training=paths["training"],
        test=paths["test"],
        options=ForestOptions(40, 5, 1),
        scores=tmp_path / "forest.csv",
        importances=tmp_path / "importances.tsv",
    )
    scores = tables.read(tmp_path / "forest.csv", tables.SCORES)
    importances = tables.read(tmp_path / "importances.tsv", IMPORTANCES)
    return scores, importances.set_index("feature")["importance"], paths


def test_a_forest_finds_the_same_feature(tmp_path, nodes):
    features = features_of(nodes)
    scores, importances, paths = forest_scores(tmp_path, nodes, features)
    tested = scores[scores["partition"] == "test"]
    area = roc_auc_score(tested["status"] == "positive", tested["score"])
    assert area > 0.95
    assert list(importances.index) == list(USED)
    assert importances.idxmax() == "mean_hu"
    assert importances.sum() == pytest.approx(1)
    # Neither a feature without spread, nor one that ranks as an earlier one does.
    assert (importances[["skewness", "median_hu"]] == 0).all()
    again, _, _ = forest_scores(tmp_path, nodes, features)
    pd.testing.assert_frame_equal(scores, again)
    models = TableModels(
        nodes=paths["nodes"],
        radiomics=tmp_path / "radiomics.tsv",
        training={"status_balanced": paths["training"]},
        forest=ForestOptions(40, 5, 1),
        ridge=1.0,
    )
    refitted = models.scorer("radiomics_forest_status_balanced")
    known = SimpleNamespace(radiomics=features.set_index("node_id"))
    expected = refitted(tables.read(paths["test"], tables.DATASET), known)
    np.testing.assert_array_equal(tested["score"], expected)


def test_nothing_is_found_where_nothing_is(tmp_path, nodes):
    features = features_of(nodes)
    features["mean_hu"] = np.random.default_rng(3).normal(size=len(nodes))
    features["median_hu"] = features["mean_hu"]
    scores, _ = run(tmp_path, nodes, features)
    held_out = scores[scores["partition"] == "out_of_fold"]
    area = roc_auc_score(held_out["status"] == "positive", held_out["score"])
    assert abs(area - 0.5) < 0.13


def test_the_penalty_is_that_of_the_smallest_loss_on_held_out_patients():
    rng = np.random.default_rng(2)
    values = rng.normal(size=(90, 12))
    positive = values[:, 0] + rng.normal(size=90) > 0
    groups = np.array([f"P{number // 3}" for number in range(90)])
    model = RadiomicsModel().fit(values, positive, groups)
    assert model.penalty in PENALTIES
    assert PENALTIES[0] < model.penalty < PENALTIES[-1]
    regression = LogisticRegression(C=model.penalty, tol=1e-10).fit(
        (values - values.mean(axis=0)) / values.std(axis=0), positive
    )
    np.testing.assert_allclose(
        model.regression.coef_, regression.coef_, rtol=1e-3, atol=1e-5
    )


def test_a_handful_of_nodes_is_enough():
    values = np.arange(12.0).reshape(6, 2) ** 2
    positive = np.array([False, True] * 3)
    model = RadiomicsModel().fit(values, positive, np.array(["P1"] * 6))
    assert model.predict_proba(values).shape == (6, 2)


def test_missing_values_become_the_median_of_the_training_nodes():
    values = np.array([[1.0, np.nan], [3.0, 5.0], [8.0, 7.0], [9.0, 0.0]])
    prepared = Preparation.of(values)
    assert prepared.median.tolist() == [5.5, 5.0]
    assert np.isfinite(prepared.applied(np.full((1, 2), np.nan))).all()


def test_ranks_correlate_as_in_scipy():
    rng = np.random.default_rng(0)
    values = rng.integers(0, 6, (40, 4)).astype(float)
    expected = spearmanr(values).statistic
    np.testing.assert_allclose(rank_correlation(values), expected, atol=1e-12)


def test_the_model_uses_neither_place_nor_what_depends_on_the_zero_of_the_scale():
    assert len(USED) == len({*USED}) == len(FEATURES) - len(LEFT_OUT)
    assert not {"energy", "root_mean_square", "coefficient_of_variation"} & {*USED}
