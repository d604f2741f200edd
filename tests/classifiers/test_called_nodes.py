"""Calls of nodes: decided by the scores, or by the threshold of the statistics."""

import json

import numpy as np
import pytest
from score_files import dataset, write_scores

from nodal_staging.classifiers.called_nodes import (
    OUTCOMES,
    chosen_threshold,
    read_called,
)
from nodal_staging.classifiers.labelled_scores import ScoreError
from nodal_staging.classifiers.scores import called_positive, score_table

NODES = dataset(3, 3)
SCORE = np.array([0.5, 0.5, 0.4, 0.1, 0.9, 0.7])


def statistics(folder, threshold):
    path = folder / "a.json"
    path.write_text(json.dumps({"threshold": {"value": threshold}}))
    return path


def test_a_score_at_the_threshold_is_positive():
    assert called_positive([0.4, 0.5, 0.6], 0.5).tolist() == [False, True, True]
    assert bool(called_positive(0.5, 0.5))


def test_nodes_are_called_at_the_threshold_of_the_statistics(tmp_path):
    scores = write_scores(tmp_path / "a.csv", score_table(NODES, SCORE, "test"))
    found = read_called("a", scores, statistics(tmp_path, 0.5))
    assert found.called.tolist() == [True, True, False, False, True, True]
    # Positive and negative in turn.
    expected = [
        "true_positive",
        "false_positive",
        "false_negative",
        "true_negative",
        "true_positive",
        "false_positive",
    ]
    assert found.outcomes.tolist() == expected
    assert set(expected) == set(OUTCOMES)
    assert found.correct.tolist() == [name.startswith("true") for name in expected]
    assert found.outcomes_of(["N0003", "N0000"]).tolist() == [expected[3], expected[0]]
    with pytest.raises(KeyError):
        found.outcomes_of(["N9999"])
    assert found.only(found.called).correct.tolist() == [True, False, True, False]


def test_decisions_of_the_scores_need_no_threshold(tmp_path):
    decided = np.array([1, 0, 0, 1, 1, 0], bool)
    frame = score_table(NODES, SCORE, "test", positive=decided)
    scores = write_scores(tmp_path / "a.csv", frame)
    path = statistics(tmp_path, None)
    assert read_called("a", scores, path).called.tolist() == decided.tolist()
    with pytest.raises(ScoreError, match="expected a threshold, found none"):
        chosen_threshold(path)
