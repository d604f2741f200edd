"""Anybody's scores: taken where they fit, one sentence where they do not."""

import json
import logging

import numpy as np
import pandas as pd
import pytest
from evaluation import evaluate
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


@pytest.mark.parametrize(
    ("name", "separator"),
    [("a.csv", ","), ("a.tsv", "\t"), ("a.csv", ";"), ("a.tsv", ","), ("a.txt", "\t")],
)
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
        r"node N0007 is of the test set, on which no threshold may be chosen",
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


def test_other_columns_are_ignored_with_a_remark(tmp_path, study, caplog):
    test, frame = study
    with caplog.at_level(logging.WARNING, "nodal_staging"):
        taken(tmp_path, test, frame.assign(fold=1))
    assert caplog.messages == ["scores of mine: the column fold is ignored"]


def test_a_misspelt_column_is_named(tmp_path, study):
    test, frame = study
    with pytest.raises(TableError, match=r"missing column score; .* rename scores to"):
        taken(tmp_path, test, frame.rename(columns={"score": "scores"}))


def imported(source, folder):
    """Import scores for a test set that is made of their own nodes."""
    frame = tables.read_sheet(source, tables.SCORES)
    tested = frame[frame["partition"] == "test"]
    tested = tested.assign(fold=0, location="cervical")[list(tables.DATASET.columns)]
    tables.write(tested, folder / "test.tsv", tables.DATASET)
    scores = folder / "out.csv"
    import_scores(name="mine", source=source, test=folder / "test.tsv", scores=scores)
    return tables.read(scores, tables.SCORES)


def test_scores_of_a_german_spreadsheet_are_read(faults, tmp_path):
    source = faults / "scores" / "semicolon.csv"
    found = imported(source, tmp_path).set_index("node_id")["score"]
    # Independent of the reader: the lines of the file.
    lines = [line.split(";") for line in source.read_text().splitlines()[1:]]
    assert len(found) == len(lines) == 804
    for node, *_, score, _ in lines:
        assert found[node] == float(score.replace(",", "."))


def test_an_empty_file_of_scores_is_one_sentence(faults, tmp_path):
    source = faults / "scores" / "empty.csv"
    with pytest.raises(
        TableError, match=r"^empty\.csv: the file is empty; add a header"
    ):
        import_scores(
            name="mine", source=source, test=source, scores=tmp_path / "o.csv"
        )


def test_a_collapsed_network_keeps_its_auc(faults, tmp_path):
    """Its scores differ by 1e-8: they rank nodes, and have no calibration slope."""
    frame = imported(faults / "scores" / "spread_1e-9.csv", tmp_path)
    found = json.loads(statistics_of(tmp_path / "out.csv", tmp_path).read_text())
    frame = frame[frame["partition"] == "test"]
    positive = frame["status"] == "positive"
    above = np.subtract.outer(
        frame.loc[positive, "score"].to_numpy(),
        frame.loc[~positive, "score"].to_numpy(),
    )
    auc = ((above > 0) + (above == 0) / 2).mean()
    assert found["auc"]["estimate"] == pytest.approx(auc, abs=1e-12)
    for mix in found["calibration"]["mixes"].values():
        assert mix["status"] == "not_identified"
        assert mix["slope"] is None
        assert np.isfinite(mix["intercept"]["estimate"])


def statistics_of(scores, folder):
    names = ("statistics", "roc", "band", "calibration", "decision_curve")
    outputs = {name: folder / f"{name}.json" for name in names}
    evaluate(
        classifier="mine",
        scores=scores,
        threshold_source="test",
        probability=True,
        **outputs,
    )
    return outputs["statistics"]
