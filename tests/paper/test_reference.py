"""Corrected AUCs: unbiased with coverage, honest where errors are not independent."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from nodal_staging import tables
from nodal_staging.classifiers.labelled_scores import LabelledScores
from nodal_staging.estimates.auc import empirical_auc
from nodal_staging.estimates.auc_intervals import logit_interval
from nodal_staging.estimates.patient_bootstrap import BootstrapOptions
from nodal_staging.paper.reference.assumptions import (
    ReferenceTest,
    Uncertain,
    assumptions,
    drawn_interval,
)
from nodal_staging.paper.reference.observed import (
    Observed,
    highest_auc_of_paper,
    printed_numbers,
    published_classifiers,
)
from nodal_staging.paper.reference.reference_rows import (
    COMPATIBLE,
    IMPOSSIBLE,
    INCOMPATIBLE,
    OUTSIDE,
    judged,
    rows_of,
)
from nodal_staging.paper.scorecard.judgement import judge
from nodal_staging.paper.scorecard.measured import measured_reference
from nodal_staging.paper.scorecard.published import PUBLISHED

SHEET = Path(__file__).parents[2] / "config" / "published_numbers.tsv"
PET = {"sensitivity": [0.8, 0.51, 0.89], "specificity": [0.97, 0.85, 0.99]}
PET |= {"from": "a review", "unit": "node"}
OPTIONS = BootstrapOptions(1000, 0.95, 1)
SHIFT, PREVALENCE = 1.5, 0.1753


@pytest.fixture(scope="module")
def published() -> pd.DataFrame:
    return tables.read(SHEET, PUBLISHED)


def nodes_of(errors: str, rng, patients=500) -> tuple[np.ndarray, ...]:
    """Return patient, true status, score, and whether PET errs; 5 nodes a patient."""
    patient = np.repeat(np.arange(patients), 5)
    n = len(patient)
    true = rng.random(n) < PREVALENCE
    shared = rng.standard_normal(patients)[patient]
    score = np.sqrt(0.2) * shared + np.sqrt(0.8) * rng.standard_normal(n) + SHIFT * true
    missed, alarm = np.full(n, 0.2), np.full(n, 0.03)
    if errors == "attenuation":
        missed, alarm = 0.2 - 0.2 * (score - SHIFT), 0.03 + 0.2 * score
    if errors == "location":
        here = rng.random(n) < np.where(true, 0.8, 0.25)
        score += np.where(here, np.log(0.8 / 0.25), np.log(0.2 / 0.75))
        missed, alarm = np.where(here, 0.05, 0.6), np.where(here, 0.4, 0.0)
    return patient, true, score, rng.random(n) < np.where(true, missed, alarm)


def corrected_row(rng, errors: str = "independent") -> dict:
    """Correct the AUC of a test set that is balanced by PET."""
    patient, true, score, wrong = nodes_of(errors, rng)
    called = true ^ wrong
    drawn = [rng.choice(np.flatnonzero(called == s), 70, False) for s in (0, 1)]
    tested = np.sort(np.concatenate(drawn))
    scores = LabelledScores(
        tested.astype(str),
        patient[tested].astype(str),
        called[tested],
        score[tested],
        None,
    )
    auc = Uncertain(scores.area.estimate, *logit_interval(scores.area, level=0.95))
    share = float(called.mean())
    shares = rng.binomial(len(called), share, OPTIONS.replicates) / len(called)
    assumed = assumptions(RATES[errors], share, shares, level=0.95, rng=rng)
    one = Observed("own", auc, None, None, scores)
    (row,) = rows_of("study", one, assumed, OPTIONS)
    return row


def rates(errors: str) -> ReferenceTest:
    """Count the rates of PET in a large cohort; those of the paper if independent."""
    hit, passed = 0.8, 0.97
    if errors != "independent":
        _, true, _, wrong = nodes_of(errors, np.random.default_rng(3), patients=20_000)
        hit, passed = 1 - wrong[true].mean(), 1 - wrong[~true].mean()
    return ReferenceTest(Uncertain.exactly(hit), Uncertain.exactly(passed), "known")


RATES = {name: rates(name) for name in ("independent", "attenuation", "location")}


@pytest.mark.simulation
def test_corrected_aucs_are_unbiased_and_covered():
    truth = norm.cdf(SHIFT / 2**0.5)
    rng = np.random.default_rng(11)
    rows = pd.DataFrame([corrected_row(rng) for _ in range(500)])
    assert rows["corrected"].mean() == pytest.approx(truth, abs=0.005)
    assert abs(rows["observed"].mean() - truth) > 0.05
    covered = (rows["corrected_lower"] <= truth) & (truth <= rows["corrected_upper"])
    assert 0.93 <= covered.mean() <= 0.97
    assert rows["status"].isin([COMPATIBLE, OUTSIDE]).mean() > 0.99


@pytest.mark.simulation
@pytest.mark.parametrize("errors", ["attenuation", "location"])
def test_errors_that_follow_what_the_classifier_uses_are_found_or_bounded(errors):
    _, true, score, _ = nodes_of(errors, np.random.default_rng(4), patients=20_000)
    truth = empirical_auc(score, true)
    rng = np.random.default_rng(12)
    rows = pd.DataFrame([corrected_row(rng, errors) for _ in range(20)])
    assert (rows["status"] == INCOMPATIBLE).mean() > 0.5
    assert not (rows["status"] == COMPATIBLE).any()
    assert ((rows["bound_lower"] <= truth) & (truth <= rows["bound_upper"])).all()


def test_the_paper_is_incompatible_at_the_published_values_only(published):
    printed = printed_numbers(published)
    share = printed["cohort.positive"] / printed["cohort.nodes"]
    rng = np.random.default_rng(1)
    assumed = assumptions(
        ReferenceTest.of(PET), share, np.full(1000, share), level=0.95, rng=rng
    )
    cnn = published_classifiers(printed)[0]
    rows = pd.DataFrame(rows_of("paper", cnn, assumed, OPTIONS))
    rows = rows[rows["measure"] == "auc"].set_index("assumed")
    assert rows.loc["value", "of_a_perfect_one"] == pytest.approx(0.904, abs=5e-4)
    assert rows.loc["value", "status"] == INCOMPATIBLE
    assert rows.loc["highest", "status"] == COMPATIBLE
    assert rows.loc["value", "least_specificity"] == pytest.approx(0.978, abs=5e-4)
    assert rows["observed"].tolist() == [0.955] * 4


def test_the_scorecard_says_what_cannot_be(published):
    ours = measured_reference(SHEET, PET)["reference.auc"]
    assert ours.value == highest_auc_of_paper(published, PET)
    words = [
        judge(printed, "number", ours, synthetic=True)
        for printed in ("0.955", "0.923", "0.904", "0.863")
    ]
    assert words[:2] == ["incompatible with independent errors"] * 2
    assert words[2:] == ["compatible with independent errors"] * 2
    rows = published[published["ours"] == "reference.auc"]
    assert rows["printed"].tolist() == ["0.955", "0.923", "0.858", "0.863"]


@pytest.mark.parametrize(
    ("numbers", "word"),
    [
        ((0.9, 0.8, 0.95), COMPATIBLE),
        ((1.02, 0.97, 1.05), OUTSIDE),
        ((1.06, 1.02, 1.1), INCOMPATIBLE),
        ((1.02, np.nan, np.nan), OUTSIDE),
        ((np.nan, np.nan, np.nan), IMPOSSIBLE),
    ],
)
def test_a_corrected_value_is_judged_by_its_interval(numbers, word):
    assert judged(*numbers) == word


def test_draws_have_the_value_and_the_limits_as_quantiles():
    normal = norm.ppf((np.arange(4000) + 0.5) / 4000)
    rate = Uncertain(0.97, 0.85, 0.99)
    drawn = rate.drawn(normal, level=0.95)
    assert np.median(drawn) == pytest.approx(0.97, abs=1e-3)
    np.testing.assert_allclose(
        drawn_interval(drawn, level=0.95), [0.85, 0.99], atol=2e-3
    )
    assert (Uncertain.exactly(0.8).drawn(normal, level=0.95) == 0.8).all()
