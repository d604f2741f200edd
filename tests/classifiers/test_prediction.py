"""New nodes get the scores of the trained CNN, and strange ones are marked."""

import numpy as np
import pytest
from studies import measured_nodes
from test_training import NODES, dataset, job, patch_file, run_job  # noqa: F401

from nodal_staging import tables
from nodal_staging.classifiers.cnn.distance import (
    Reference,
    describe_training_images,
    hidden_features,
    read_reference,
)
from nodal_staging.classifiers.cnn.fitting import predict
from nodal_staging.classifiers.cnn.inputs import ImageSource
from nodal_staging.classifiers.cnn.predicted_nodes import PREDICTIONS
from nodal_staging.classifiers.cnn.prediction import predict_nodes
from nodal_staging.classifiers.cnn.recipes import read_recipe
from nodal_staging.classifiers.cnn.training import trained_network
from nodal_staging.nodes import patch_files
from nodal_staging.study.files import write_json

pytestmark = pytest.mark.training

THRESHOLD = 0.37


@pytest.fixture(scope="module")
def trained(job, tmp_path_factory):  # noqa: F811
    """Return recipe, weights and reference of a trained CNN."""
    folder = tmp_path_factory.mktemp("trained")
    weights = run_job(job, folder)["weights"]
    describe_training_images(
        **job,
        weights=weights,
        test=job["training"],
        gpu=False,
        output=folder / "reference.h5",
    )
    parts = {"recipe": job["recipe"], "weights": weights}
    return parts | {"reference": folder / "reference.h5"}


def predicted(trained, patches, tmp_path):
    nodes = measured_nodes(len(NODES) + 1).assign(
        node_id=[*NODES, "uncut"], location="unknown", status="unknown"
    )
    tables.write(nodes, tmp_path / "nodes.tsv", tables.NODES)
    write_json(tmp_path / "statistics.json", {"threshold": {"value": THRESHOLD}})
    predict_nodes(
        **trained,
        statistics=tmp_path / "statistics.json",
        nodes=[tmp_path / "nodes.tsv"],
        patches=[patches],
        gpu=False,
        output=tmp_path / "predictions.tsv",
    )
    return tables.read(tmp_path / "predictions.tsv", PREDICTIONS)


def test_scores_and_decisions_are_those_of_the_network(
    trained,
    patch_file,  # noqa: F811
    tmp_path,
):
    found = predicted(trained, patch_file, tmp_path)
    plan = read_recipe(trained["recipe"])
    images = ImageSource.read([patch_file], NODES, plan.image).plain()
    score = predict(trained_network(plan, trained["weights"]), images)
    assert found["node_id"].tolist() == NODES
    np.testing.assert_allclose(found["score"], score, atol=1e-6)
    assert (found["prediction"].eq("positive") == (score >= THRESHOLD)).all()


def test_an_image_of_another_world_lies_far(trained, tmp_path):
    rng = np.random.default_rng(0)
    patches = {
        node_id: (
            rng.choice([-900, 1200], (80, 80, 80)).astype(np.int16),
            np.ones((80, 80, 80), np.uint8),
        )
        for node_id in NODES
    }
    path = tmp_path / "strange.h5"
    patch_files.write_patches(path, patches, size=80, spacing_mm=1.0)
    found = predicted(trained, path, tmp_path)
    assert found["far"].eq("yes").mean() > 0.9


def test_distance_is_that_to_the_tenth_neighbour_of_unit_features(
    trained,
    patch_file,  # noqa: F811
):
    plan = read_recipe(trained["recipe"])
    images = ImageSource.read([patch_file], NODES, plan.image).plain()
    features = hidden_features(trained_network(plan, trained["weights"]), images)
    np.testing.assert_allclose(np.linalg.norm(features, axis=1), 1, atol=1e-5)
    known = read_reference(trained["reference"])
    between = np.linalg.norm(features[:, None] - known.trained[None], axis=2)
    expected = np.sort(between, axis=1)[:, 9]
    np.testing.assert_allclose(known.distances(features), expected, atol=1e-3)
    np.testing.assert_allclose(np.sort(expected), known.unseen, atol=1e-3)


def test_unseen_percent_counts_the_nearer_ones():
    known = Reference(np.eye(3, dtype=np.float32), np.array([0.1, 0.2, 0.3, 0.4]))
    found = known.unseen_percent(np.array([0.05, 0.2, 0.25, 9.0]))
    assert found.tolist() == [0, 25, 50, 100]
