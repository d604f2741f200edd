"""Agreement with oneself, times and learning against other implementations."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from reader_pages import small_nodes
from sklearn.metrics import cohen_kappa_score

from nodal_staging import tables
from nodal_staging.classifiers.reader_page.reader_answers import LOG
from nodal_staging.estimates.patient_bootstrap import BootstrapOptions
from nodal_staging.statistics.reader_study.exports import IMRMC, MRMCAOV
from nodal_staging.statistics.reader_study.reading_course import (
    INTRA_READER,
    LEARNING,
    PER_CASES,
    TIMES,
    ReadingFiles,
    study_reading,
)

OUTPUTS = ("intra_reader.tsv", "times.tsv", "learning.tsv", "imrmc.csv", "mrmcaov.csv")


def make_log(nodes: pd.DataFrame) -> pd.DataFrame:
    """Return readings of two readers, one of them in both arms, with repeats."""
    rng = np.random.default_rng(7)
    parts = []
    for reader, arm in (("A", "unaided"), ("A", "aided"), ("B", "unaided")):
        rating = rng.integers(1, 5, len(nodes))
        first = pd.DataFrame({"node_id": nodes["node_id"], "rating": rating})
        first["kind"] = "case"
        again = first.head(12).assign(
            kind="repeat", rating=np.clip(rating[:12] + rng.integers(0, 2, 12), 1, 4)
        )
        practice = first.head(1).assign(kind="training", node_id="TRAIN-0")
        own = pd.concat([practice, first, again], ignore_index=True)
        parts.append(own.assign(reader=reader, arm=arm, position=own.index + 1))
    log = pd.concat(parts, ignore_index=True)
    milliseconds = rng.integers(500, 60000, len(log))
    return log.assign(
        code="BCDFG",
        page="0123456789abcdef",
        four_point=log["rating"],
        first_ms=milliseconds / 2,
        last_ms=milliseconds,
        flag=np.where(milliseconds < 1000, "too_fast", "ok"),
        changes=0,
        axial_slices=1,
        coronal_slices=1,
        sagittal_slices=1,
        windows=1,
    ).reindex(columns=list(LOG.columns))


@pytest.fixture(scope="module")
def studied(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reading")
    nodes = small_nodes(60)
    log = make_log(nodes)
    tables.write(log, folder / "log.tsv", LOG)
    tables.write(nodes, folder / "test.tsv", tables.DATASET)
    names = ("intra_reader", "times", "learning", "imrmc", "mrmcaov")
    paths = dict(zip(names, (folder / name for name in OUTPUTS), strict=True))
    study_reading(
        log=folder / "log.tsv",
        test=folder / "test.tsv",
        bootstrap=BootstrapOptions(200, 0.95, 3),
        outputs=ReadingFiles(**paths, pages=[folder / "p.md", folder / "p.html"]),
    )
    return folder, log.merge(nodes, on="node_id", how="left")


def of(log: pd.DataFrame, row, kind: str) -> pd.DataFrame:
    return log[
        (log["reader"] == row["reader"])
        & (log["arm"] == row["arm"])
        & (log["kind"] == kind)
    ]


def test_kappa_of_a_reader_with_the_same_reader(studied):
    folder, log = studied
    rows = tables.read(folder / "intra_reader.tsv", INTRA_READER).to_dict("records")
    assert len(rows) == 3
    for row in rows:
        first = of(log, row, "case").set_index("node_id")["rating"]
        again = of(log, row, "repeat").set_index("node_id")["rating"]
        pairs = (first.loc[again.index], again)
        assert row["n"] == 12
        assert row["same_rating"] == pytest.approx((pairs[0] == pairs[1]).mean())
        for name, weights in (
            ("kappa_unweighted", None),
            ("kappa_linear", "linear"),
            ("kappa_quadratic", "quadratic"),
        ):
            expected = cohen_kappa_score(*pairs, weights=weights, labels=[1, 2, 3, 4])
            assert row[name] == pytest.approx(expected)
            assert row[f"{name}_lower"] <= row[name] <= row[f"{name}_upper"]


def test_times_by_correctness(studied):
    folder, log = studied
    for row in tables.read(folder / "times.tsv", TIMES).to_dict("records"):
        own = of(log, row, "case")
        correct = (own["rating"] >= 3) == (own["status"] == "positive")
        kept = {"all": correct | ~correct, "correct": correct, "wrong": ~correct}
        seconds = own.loc[kept[row["calls"]], "last_ms"] / 1000
        assert row["n"] == len(seconds)
        assert row["median_s"] == pytest.approx(np.median(seconds))
        assert row["upper_quartile_s"] == pytest.approx(np.percentile(seconds, 75))
        assert row["too_fast"] == (seconds < 1).sum()


def test_learning_is_the_slope_of_a_logistic_regression(studied):
    folder, log = studied
    rows = tables.read(folder / "learning.tsv", LEARNING).to_dict("records")
    assert len(rows) == 3
    for row in rows:
        own = of(log, row, "case")
        correct = ((own["rating"] >= 3) == (own["status"] == "positive")).astype(float)
        design = sm.add_constant(own["position"].astype(float))
        fit = sm.Logit(correct, design).fit(disp=0)
        slope = fit.params["position"] * PER_CASES
        assert row["odds_ratio"] == pytest.approx(np.exp(slope), rel=1e-6)
        assert row["lower"] < row["odds_ratio"] < row["upper"]


def test_arms_are_the_modalities_of_the_exports(studied):
    folder, log = studied
    ratings = tables.read(folder / "mrmcaov.csv", MRMCAOV)
    sizes = ratings.groupby(["reader", "treatment"]).size().to_dict()
    assert sizes == {("A", "aided"): 60, ("A", "unaided"): 60, ("B", "unaided"): 60}
    imrmc = tables.read(folder / "imrmc.csv", IMRMC)
    truth = imrmc[imrmc["modalityID"] == "truth"].set_index("caseID")["score"]
    status = log.drop_duplicates("node_id").set_index("node_id")["status"]
    assert truth.to_dict() == (status.dropna() == "positive").astype(float).to_dict()


def test_the_page_shows_the_three_tables(studied):
    folder, _ = studied
    text = (folder / "p.md").read_text()
    for words in ("Intra-reader agreement", "Seconds per case", "Learning"):
        assert words in text
