"""Scores that can be evaluated, and the sentences for those that cannot."""

import numpy as np
import pytest
from score_files import dataset, simulate, write_scores

from nodal_staging.classifiers.labelled_scores import ScoreError, read_partition
from nodal_staging.classifiers.scores import score_table

NODES = dataset(3, 3)


def test_partition_is_sorted_and_separate(tmp_path):
    shuffled = NODES.sample(frac=1, random_state=1)
    path = write_scores(
        tmp_path / "a.csv",
        score_table(shuffled, shuffled.index.to_numpy() / 10, "test"),
        score_table(NODES, np.zeros(6), "out_of_fold"),
    )
    scores = read_partition(path, "test", classifier="a")
    assert scores.node_id.tolist() == NODES["node_id"].tolist()
    assert scores.score.tolist() == [0, 0.1, 0.2, 0.3, 0.4, 0.5]
    assert scores.positive.tolist() == [True, False] * 3
    assert scores.decided is None


def test_a_node_at_the_threshold_is_called_positive(tmp_path):
    path = write_scores(
        tmp_path / "a.csv", score_table(NODES, [1, 2, 3, 4, 5, 6], "test")
    )
    calls = read_partition(path, "test", classifier="a").calls(4.0)
    assert calls.tolist() == [False, False, False, True, True, True]


def test_given_decisions_win_over_a_threshold(tmp_path):
    given = [True, False, False, True, True, False]
    path = write_scores(
        tmp_path / "a.csv", score_table(NODES, range(6), "test", positive=given)
    )
    assert read_partition(path, "test", classifier="a").calls(3).tolist() == given


def test_open_decisions_need_a_threshold(tmp_path):
    scores = read_partition(simulate(tmp_path / "a.csv"), "test", classifier="a")
    with pytest.raises(ScoreError, match="need a threshold"):
        scores.calls(None)


def test_infinite_scores_are_named_by_node(tmp_path):
    path = write_scores(
        tmp_path / "a.csv", score_table(NODES, [0, 1, np.inf, 3, 4, 5], "test")
    )
    with pytest.raises(ScoreError, match=r"a, partition test, node N0002.*finite"):
        read_partition(path, "test", classifier="a")


def test_half_filled_predictions_are_refused(tmp_path):
    frame = score_table(NODES, range(6), "test", positive=[True] * 6)
    frame.loc[4, "prediction"] = None
    with pytest.raises(ScoreError, match="prediction is empty for node N0004"):
        read_partition(write_scores(tmp_path / "a.csv", frame), "test", classifier="a")


@pytest.mark.parametrize(
    ("positives", "negatives", "found"),
    [(1, 5, "1 nodes"), (5, 1, "1 nodes"), (0, 4, "0 nodes")],
)
def test_a_class_needs_two_nodes(tmp_path, positives, negatives, found):
    nodes = dataset(positives, negatives)
    frame = score_table(nodes, range(len(nodes)), "test")
    path = write_scores(tmp_path / "a.csv", frame)
    with pytest.raises(ScoreError, match=f"at least 2 .* found {found}"):
        read_partition(path, "test", classifier="a")


def test_a_class_needs_two_patients(tmp_path):
    nodes = dataset(3, 3).assign(patient_id=["P1", "P2", "P1", "P3", "P1", "P4"])
    path = write_scores(tmp_path / "a.csv", score_table(nodes, range(6), "test"))
    with pytest.raises(ScoreError, match="3 nodes of 1 patients"):
        read_partition(path, "test", classifier="a")
