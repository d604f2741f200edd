"""Anybody's scores: taken where they fit, one sentence where they do not."""

import numpy as np
import pandas as pd
import pytest
from studies import measured_nodes, write_study

from nodal_staging import tables
from nodal_staging.classifiers.external import import_scores
from nodal_staging.classifiers.labelled_scores import ScoreError
from nodal_staging.classifiers.scores import score_table
from nodal_staging.study.errors import InputError
from nodal_staging.tables import TableError


@pytest.fixture
def study(tmp_path):
    """Return the test set and scores of its 30 nodes and of 40 others."""
    nodes = measured_nodes(70, seed=1, patients=40)
    paths = write_study(tmp_path, nodes, 30)
    score = np.random.default_rng(1).random(70)
    frame = pd.concat(
        [
            score_table(nodes[:30], score[:30], "test"),
            score_table(nodes[30:], score[30:], "out_of_fold"),
        ]
    ).reset_index(drop=True)
    return paths["test"], frame


def taken(tmp_path, test, frame, name="mine.csv", separator=","):
    frame.to_csv(tmp_path / name, index=False, sep=separator)
    import_scores(
        name="mine", source=tmp_path / name, test=test, scores=tmp_path / "out.csv"
    )
    return tables.read(tmp_path / "out.csv", tables.SCORES)


@pytest.mark.parametrize(("name", "separator"), [("a.csv", ","), ("a.tsv", "\t")])
def test_what_fits_is_taken_in_the_order_of_the_test_set(
    tmp_path, study, name, separator
):
    test, frame = study
    found = taken(tmp_path, test, frame.sample(frac=1, random_state=1), name, separator)
    order = tables.read(test, tables.DATASET)["node_id"].tolist()
    assert found["node_id"].tolist()[:30] == order
    scores = dict(zip(frame["node_id"], frame["score"], strict=True))
    assert [scores[n] for n in found["node_id"]] == found["score"].tolist()


def changed(frame, row, column, value):
    frame = frame.copy()
    frame[column] = frame[column].astype(object)
    frame.loc[row, column] = value
    return frame


WRONG = {
    "missing": (
        lambda f: f.drop(index=3),
        r"mine, partition test: no score of test node N0003; score every",
    ),
    "foreign": (
        lambda f: changed(f, 40, "partition", "test"),
        r"node N0040 is not of the test set; leave it out",
    ),
    "twice": (
        lambda f: pd.concat([f, f.iloc[[5]]]),
        r"node N0005 stands in more than one row",
    ),
    "status": (
        lambda f: changed(
            f,
            2,
            "status",
            {"positive": "negative", "negative": "positive"}[f.loc[2, "status"]],
        ),
        r"node N0002: status is .*, in the study",
    ),
    "patient": (
        lambda f: changed(f, 2, "patient_id", "P9999"),
        r"node N0002: patient_id is P9999, in the study",
    ),
    "infinite": (lambda f: changed(f, 4, "score", np.inf), r"N0004: expected a finite"),
    "test node out of fold": (
        lambda f: pd.concat([f, f.iloc[[7]].assign(partition="out_of_fold")]),
        r"node N0007 is of the test set .* no threshold may be chosen",
    ),
    "half a decision": (
        lambda f: changed(f, 9, "prediction", "positive"),
        r"prediction is empty for node N0000 and filled in for others",
    ),
}


@pytest.mark.parametrize("kind", WRONG)
def test_what_does_not_fit_is_one_sentence(tmp_path, study, kind):
    test, frame = study
    change, words = WRONG[kind]
    with pytest.raises(ScoreError, match=words) as caught:
        taken(tmp_path, test, change(frame))
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize("value", [np.nan, "nan", "high"])
def test_a_score_that_is_no_number_is_named_by_row(tmp_path, study, value):
    test, frame = study
    with pytest.raises(TableError, match=r"mine\.csv, row 6, column score"):
        taken(tmp_path, test, changed(frame, 4, "score", value))


def test_another_file_altogether_is_named(tmp_path, study):
    test, frame = study
    with pytest.raises(InputError, match="missing column partition, score"):
        taken(tmp_path, test, frame.drop(columns=["partition", "score"]))
    with pytest.raises(InputError, match="no such file"):
        import_scores(
            name="mine",
            source=tmp_path / "no.csv",
            test=test,
            scores=tmp_path / "o.csv",
        )
