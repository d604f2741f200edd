"""Classifiers without images, against closed forms and scikit-learn by hand."""

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import roc_auc_score
from studies import measured_nodes, write_study

from nodal_staging import tables
from nodal_staging.classifiers.all_test_nodes import AllTestNodes
from nodal_staging.classifiers.baselines import score_baseline
from nodal_staging.classifiers.forest import (
    IMPORTANCES,
    PERMUTED,
    ForestOptions,
    feature_names,
    features,
    score_forest,
)
from nodal_staging.classifiers.location_and_volume import fit_and_score
from nodal_staging.classifiers.logistic_baseline import COEFFICIENTS, score_logistic
from nodal_staging.study.seeds import named_seed


@pytest.fixture
def nodes():
    frame = measured_nodes(160, seed=4)
    large = frame["volume_mm3"] > frame["volume_mm3"].median()
    return frame.assign(status=np.where(large, "positive", "negative"))


@pytest.fixture
def paths(nodes, tmp_path):
    return write_study(tmp_path, nodes, n_test=40)


def read_scores(path):
    frame = tables.read(path, tables.SCORES)
    return {name: part for name, part in frame.groupby("partition")}


def run_forest(paths, tmp_path, seed=1):
    score_forest(
        **paths,
        options=ForestOptions(trees=25, max_depth=5, seed=seed),
        scores=tmp_path / "rf.csv",
        importances=tmp_path / "importances.tsv",
        permuted=tmp_path / "permuted.tsv",
    )
    return read_scores(tmp_path / "rf.csv")


def by_hand(nodes):
    """Build the published design matrix with pandas' own one-hot encoder."""
    location = pd.Categorical(nodes["location"], categories=tables.LOCATIONS)
    return np.column_stack(
        [nodes["volume_mm3"], pd.get_dummies(location).to_numpy(float)]
    )


def test_features_are_volume_and_one_hot_location(nodes):
    assert feature_names() == ["volume_mm3", *tables.LOCATIONS]
    np.testing.assert_array_equal(
        features(nodes, nodes.set_index("node_id")), by_hand(nodes)
    )


def test_forest_is_scikit_learns(paths, nodes, tmp_path):
    found = run_forest(paths, tmp_path)["test"]
    forest = RandomForestClassifier(
        25, max_depth=5, random_state=named_seed(1, "forest")
    )
    forest.fit(by_hand(nodes[40:]), nodes["status"][40:])
    expected = forest.predict_proba(by_hand(nodes[:40]))[:, 1]
    np.testing.assert_allclose(found["score"], expected, atol=1e-12)
    assert found["prediction"].tolist() == list(forest.predict(by_hand(nodes[:40])))


def test_out_of_fold_scores_come_from_a_forest_without_the_fold(paths, nodes, tmp_path):
    found = run_forest(paths, tmp_path)["out_of_fold"].set_index("node_id")["score"]
    fold = np.arange(120) % 3 + 1
    rest, held = nodes[40:][fold != 2], nodes[40:][fold == 2]
    forest = RandomForestClassifier(
        25, max_depth=5, random_state=named_seed(1, "forest")
    )
    forest.fit(by_hand(rest), rest["status"])
    expected = forest.predict_proba(by_hand(held))[:, 1]
    np.testing.assert_allclose(found.loc[held["node_id"]], expected, atol=1e-12)


def test_importances_find_what_decides(paths, tmp_path):
    run_forest(paths, tmp_path)
    found = tables.read(tmp_path / "importances.tsv", IMPORTANCES)
    found = found.set_index("feature")["importance"]
    assert found.idxmax() == "volume_mm3"
    assert found.sum() == pytest.approx(1)


def test_without_what_decides_the_forest_is_blind(paths, nodes, tmp_path):
    run_forest(paths, tmp_path)
    found = tables.read(tmp_path / "permuted.tsv", PERMUTED)
    found = found.set_index("feature")
    whole = roc_auc_score(
        nodes["status"][:40] == "positive",
        read_scores(tmp_path / "rf.csv")["test"]["score"],
    )
    assert found["auc"].tolist() == pytest.approx([whole, whole])
    # What is left without the volume is what the location tells: next to nothing.
    assert whole - found.loc["volume", "auc_lost"] == pytest.approx(0.5, abs=0.12)
    assert abs(found.loc["location", "auc_lost"]) < 0.1


def test_equal_votes_are_called_as_scikit_learn_predicts(nodes):
    test = nodes.assign(fold=0)
    training = pd.concat(
        [nodes[nodes["status"] == s][:20] for s in ("positive", "negative")]
    )
    training = training.assign(fold=np.arange(40) % 2)
    model, scores = fit_and_score(
        lambda: DummyClassifier(strategy="prior"),
        lambda frame: frame[["volume_mm3"]].to_numpy(),
        training=training,
        test=test,
        threshold=0.5,
    )
    tested = scores[scores["partition"] == "test"]
    predicted = model.predict(test[["volume_mm3"]].to_numpy())
    assert (tested["score"] == 0.5).all()
    assert (tested["prediction"] == "positive").tolist() == predicted.tolist()


@pytest.mark.parametrize(
    ("baseline", "column", "cut", "inclusive"),
    [
        ("attenuation_27hu", "median_hu", 27.0, False),
        ("short_axis_8mm", "short_axis_mm", 8.0, True),
        ("short_axis_10mm", "short_axis_mm", 10.0, True),
    ],
)
def test_cut_offs_cut_where_the_literature_says(
    tmp_path, nodes, baseline, column, cut, inclusive
):
    nodes.loc[0, column] = cut
    paths = write_study(tmp_path, nodes, n_test=40)
    score_baseline(baseline=baseline, **paths, scores=tmp_path / "b.csv")
    found = read_scores(tmp_path / "b.csv")["test"]
    values = nodes[column][:40].to_numpy()
    expected = values >= cut if inclusive else values > cut
    assert (found["prediction"] == "positive").tolist() == expected.tolist()
    assert found["score"].iloc[0] == pytest.approx(0.5)
    assert (np.argsort(found["score"]) == np.argsort(values)).all()


def test_volume_keeps_its_order_and_leaves_the_threshold_open(paths, nodes, tmp_path):
    score_baseline(baseline="volume", **paths, scores=tmp_path / "b.csv")
    found = read_scores(tmp_path / "b.csv")
    assert found["test"]["prediction"].isna().all()
    order = np.argsort(nodes["volume_mm3"][:40].to_numpy())
    assert (np.argsort(found["test"]["score"].to_numpy()) == order).all()


def test_location_scores_by_the_share_of_positives_in_training(paths, nodes, tmp_path):
    score_baseline(baseline="location", **paths, scores=tmp_path / "b.csv")
    found = read_scores(tmp_path / "b.csv")["test"]
    training = nodes[40:]
    for location, rows in nodes[:40].groupby("location"):
        there = training[training["location"] == location]
        share = ((there["status"] == "positive").sum() + 1) / (len(there) + 2)
        scores = found.set_index("node_id").loc[rows["node_id"], "score"]
        np.testing.assert_allclose(scores, share)


def test_location_out_of_fold_never_saw_its_fold(tmp_path):
    nodes = measured_nodes(80, seed=9)
    nodes["location"] = "cervical"
    fold = np.arange(60) % 3 + 1
    nodes.loc[20:, "status"] = np.where(fold == 1, "positive", "negative")
    paths = write_study(tmp_path, nodes, n_test=20)
    score_baseline(baseline="location", **paths, scores=tmp_path / "b.csv")
    found = read_scores(tmp_path / "b.csv")["out_of_fold"].set_index("node_id")["score"]
    ids = nodes["node_id"][20:].to_numpy()
    np.testing.assert_allclose(found.loc[ids[fold == 1]], 1 / 42)
    np.testing.assert_allclose(found.loc[ids[fold == 2]], 21 / 42)


@pytest.mark.parametrize("kind", ["forest", "volume", "location", "logistic"])
def test_all_test_nodes_are_scored_in_a_file_of_their_own(nodes, tmp_path, kind):
    """As if all of them were the test set; predictions are left out."""
    paths = write_study(tmp_path, nodes, n_test=40)
    wanted = nodes.iloc[:70].assign(fold=0)[list(tables.DATASET.columns)]
    tables.write(wanted, tmp_path / "wanted.tsv", tables.DATASET)
    as_test = paths | {"test": tmp_path / "wanted.tsv"}
    every = AllTestNodes(tmp_path / "wanted.tsv", tmp_path / "every.csv")
    outputs = {"scores": tmp_path / "scores.csv"}
    if kind == "forest":
        files = {name: tmp_path / f"{name}.tsv" for name in ("importances", "permuted")}
        options = ForestOptions(trees=5, max_depth=3, seed=1)
        score, given = score_forest, {"options": options} | files
    elif kind == "logistic":
        files = {"coefficients": tmp_path / "coefficients.tsv"}
        score, given = score_logistic, {"ridge": 1.0} | files
    else:
        score, given = score_baseline, {"baseline": kind}
    score(**as_test, **given, **outputs)
    expected = read_scores(tmp_path / "scores.csv")["test"].set_index("node_id")
    score(**paths, **given, **outputs, all_test_nodes=every)
    assert "all_test_nodes" not in read_scores(tmp_path / "scores.csv")
    found = read_scores(tmp_path / "every.csv")
    assert list(found) == ["all_test_nodes"]
    rows = found["all_test_nodes"].set_index("node_id")
    assert rows["prediction"].isna().all()
    np.testing.assert_allclose(rows["score"], expected.loc[rows.index, "score"])


def run_logistic(paths, tmp_path, ridge=0.7):
    score_logistic(
        **paths,
        ridge=ridge,
        scores=tmp_path / "logistic.csv",
        coefficients=tmp_path / "coefficients.tsv",
    )
    return read_scores(tmp_path / "logistic.csv")


def ridge_by_hand(known, asked, ridge):
    """Minimise the penalised log loss by Newton's method, features built by pandas."""

    def design(frame):
        location = pd.Categorical(frame["location"], categories=tables.LOCATIONS)
        dummies = pd.get_dummies(location).to_numpy(float)
        return np.column_stack([np.log10(frame["volume_mm3"]), dummies])

    mean, scale = design(known).mean(axis=0), design(known).std(axis=0)
    scale[scale == 0] = 1
    x = np.column_stack([np.ones(len(known)), (design(known) - mean) / scale])
    y = (known["status"] == "positive").to_numpy(float)
    penalty = ridge * np.diag([0.0] + [1.0] * (x.shape[1] - 1))
    weights = np.zeros(x.shape[1])
    for _ in range(50):
        p = 1 / (1 + np.exp(-x @ weights))
        gradient = x.T @ (p - y) + penalty @ weights
        curvature = (x.T * (p * (1 - p))) @ x + penalty
        weights -= np.linalg.solve(curvature, gradient)
    new = np.column_stack([np.ones(len(asked)), (design(asked) - mean) / scale])
    return 1 / (1 + np.exp(-new @ weights))


def test_logistic_regression_is_the_penalised_optimum(paths, nodes, tmp_path):
    found = run_logistic(paths, tmp_path)
    expected = ridge_by_hand(nodes[40:], nodes[:40], 0.7)
    np.testing.assert_allclose(found["test"]["score"], expected, atol=1e-6)
    assert found["test"]["prediction"].isna().all()
    fold = np.arange(120) % 3 + 1
    held = found["out_of_fold"].set_index("node_id").loc[nodes["node_id"][40:]]
    for number in (1, 2, 3):
        expected = ridge_by_hand(
            nodes[40:][fold != number], nodes[40:][fold == number], 0.7
        )
        np.testing.assert_allclose(held["score"][fold == number], expected, atol=1e-6)


def test_the_coefficients_are_those_that_score(paths, nodes, tmp_path):
    found = run_logistic(paths, tmp_path)["test"]["score"]
    frame = tables.read(tmp_path / "coefficients.tsv", COEFFICIENTS)
    by_name = frame.set_index("feature")
    intercept = by_name.loc["intercept", "coefficient"]
    rest = by_name.drop(index="intercept")
    location = pd.Categorical(nodes["location"][:40], categories=tables.LOCATIONS)
    values = np.column_stack(
        [np.log(nodes["volume_mm3"][:40]), pd.get_dummies(location).to_numpy(float)]
    )
    scaled = (values - rest["mean"].to_numpy()) / rest["scale"].to_numpy()
    odds = intercept + scaled @ rest["coefficient"].to_numpy()
    np.testing.assert_allclose(found, 1 / (1 + np.exp(-odds)), atol=1e-12)


def test_a_location_of_one_status_has_a_finite_coefficient(tmp_path):
    nodes = measured_nodes(80, seed=9)
    nodes["status"] = np.where(nodes["location"] == "cervical", "positive", "negative")
    paths = write_study(tmp_path, nodes, n_test=20)
    found = run_logistic(paths, tmp_path, ridge=1.0)
    assert found["test"]["score"].between(0.001, 0.999).all()
