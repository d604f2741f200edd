"""Calibration and decision curves against statsmodels, counting and planted truth."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.special import expit, logit

from nodal_staging import tables
from nodal_staging.classifiers.labelled_scores import LabelledScores
from nodal_staging.estimates import logistic
from nodal_staging.estimates.logistic import NotIdentifiedError, fit_logistic
from nodal_staging.estimates.patient_bootstrap import BootstrapOptions, PatientBootstrap
from nodal_staging.statistics.calibration import CALIBRATION, describe_calibration
from nodal_staging.statistics.decision_curve import THRESHOLDS, describe_decision_curve
from nodal_staging.statistics.probabilities import (
    ProbabilityOptions,
    probabilities_of,
)

LEVEL = 0.95


def labelled(score, positive, patient=None):
    """Return a test partition, one node per patient unless said."""
    n = len(score)
    return LabelledScores(
        np.array([f"N{i}" for i in range(n)]),
        np.arange(n).astype(str) if patient is None else patient.astype(str),
        np.asarray(positive, bool),
        np.asarray(score, float),
        None,
    )


def drawn(tested):
    # Few draws of many nodes: what is planted is compared with the estimates.
    options = BootstrapOptions(500 if len(tested.score) < 5000 else 100, LEVEL, 1)
    return PatientBootstrap(tested.positive, tested.patient_id, options)


def as_probabilities(*, meant=True, groups=10):
    return ProbabilityOptions(meant, 0.5, groups)


def calibrated(tested, *, natural=0.2, **options):
    block, frame = describe_calibration(
        tested,
        options=as_probabilities(**options),
        natural=natural,
        drawn=drawn(tested),
    )
    return block, tables.check(frame, CALIBRATION, "calibration")


def decided(tested, called=None, *, natural=0.2, **options):
    called = tested.score >= 0.5 if called is None else called
    return describe_decision_curve(
        tested,
        called,
        options=as_probabilities(**options),
        natural=natural,
        drawn=drawn(tested),
    )


def planted(n, *, slope=1.0, intercept=0.0, share=0.5, seed=0):
    """Return scores whose true probability is a logistic line of their log odds."""
    rng = np.random.default_rng(seed)
    odds = 1.5 * rng.normal(size=n) + logit(share)
    positive = rng.random(n) < expit(intercept + slope * odds)
    return labelled(expit(odds), positive)


@pytest.mark.parametrize("clusters", [200, 40])
def test_weighted_logistic_regression_as_in_statsmodels(clusters):
    rng = np.random.default_rng(clusters)
    n = 200
    design = np.column_stack([np.ones(n), rng.normal(size=n)])
    offset, weight = 0.3 * rng.normal(size=n), rng.choice([1, 3], n)
    patient = np.arange(n) % clusters
    positive = (rng.random(n) < expit(offset + design @ [0.2, 0.8])).astype(float)
    found = fit_logistic(
        design,
        positive,
        weight=weight.astype(float),
        offset=offset,
        patient_id=patient.astype(str),
    )
    # A weight of three is three nodes of the patient.
    rows = np.repeat(np.arange(n), weight)
    theirs = sm.GLM(
        positive[rows],
        design[rows],
        family=sm.families.Binomial(),
        offset=offset[rows],
    ).fit(
        tol=1e-13,
        maxiter=200,
        cov_type="cluster",
        cov_kwds={"groups": patient[rows], "use_correction": False},
    )
    assert found.coefficients == pytest.approx(theirs.params, abs=1e-8)
    corrected = theirs.bse * np.sqrt(clusters / (clusters - 1))
    assert found.standard_errors == pytest.approx(corrected, rel=1e-6)


@pytest.mark.parametrize(("slope", "intercept"), [(1, 0), (0.5, 0), (1.6, 0.7)])
def test_a_planted_line_is_found(slope, intercept):
    """True odds = intercept + slope * odds predicted, in 20,000 nodes."""
    block, _ = calibrated(planted(20_000, slope=slope, intercept=intercept))
    found = block["mixes"]["test"]
    share = logit(found["prevalence"])
    assert found["slope"]["estimate"] == pytest.approx(slope, abs=0.06)
    # The scores stand at the prior of one half, and are moved to the mix.
    assert found["intercept_with_slope"]["estimate"] == pytest.approx(
        intercept - slope * share, abs=0.08
    )
    if (slope, intercept) == (1, 0):
        assert found["intercept"]["lower"] < 0 < found["intercept"]["upper"]


def test_weights_and_shift_are_those_of_a_cohort_at_natural_prevalence():
    """A balanced sample of a cohort tells of the cohort what the cohort itself does."""
    whole = planted(40_000, share=0.2, seed=3)
    at_half = expit(logit(whole.score) - logit(0.2))
    rng = np.random.default_rng(4)
    cases = np.flatnonzero(whole.positive)
    controls = rng.choice(np.flatnonzero(~whole.positive), len(cases), replace=False)
    sample = np.concatenate([cases, controls])
    share = float(whole.positive.mean())
    balanced = labelled(at_half[sample], whole.positive[sample])
    block, frame = calibrated(balanced, natural=share)
    natural = block["mixes"]["natural"]
    assert natural["slope"]["estimate"] == pytest.approx(1, abs=0.06)
    shifted = probabilities_of(at_half, prior=0.5).at(share)
    brier = float(((shifted - whole.positive) ** 2).mean())
    assert natural["brier"]["estimate"] == pytest.approx(brier, abs=0.004)
    useless = share * (1 - share)
    assert natural["scaled_brier"]["estimate"] == pytest.approx(
        1 - brier / useless, abs=0.03
    )
    groups = frame[frame["mix"] == "natural"]
    for row in groups.to_dict("records"):
        inside = (shifted >= row["lowest"]) & (shifted <= row["highest"])
        assert row["observed"] == pytest.approx(whole.positive[inside].mean(), abs=0.04)


def test_brier_and_groups_are_counted():
    score = np.array([0.1, 0.1, 0.2, 0.6, 0.7, 0.9])
    positive = np.array([0, 1, 0, 0, 1, 1], bool)
    block, frame = calibrated(labelled(score, positive), natural=None, groups=2)
    found = block["mixes"]["test"]
    brier = (0.01 + 0.81 + 0.04 + 0.36 + 0.09 + 0.01) / 6
    assert found["brier"]["estimate"] == pytest.approx(brier, abs=1e-14)
    assert found["scaled_brier"]["estimate"] == pytest.approx(1 - brier / 0.25)
    assert frame["n"].tolist() == [3, 3]
    assert frame["positives"].tolist() == [1, 2]
    assert frame["observed"].tolist() == pytest.approx([1 / 3, 2 / 3], abs=1e-14)
    assert frame["mean_predicted"].tolist() == pytest.approx([0.4 / 3, 2.2 / 3])
    assert set(block["mixes"]) == {"test"}


def test_nodes_of_the_same_score_stay_together():
    score = np.repeat([0.2, 0.4, 0.8], [20, 3, 7])
    _, frame = calibrated(labelled(score, np.arange(30) % 3 == 0), natural=None)
    assert frame["n"].tolist() == [20, 3, 7]


@pytest.mark.parametrize(
    ("score", "meant", "status"),
    [
        ([1, 2, 3, 4, 2, 3], False, "not_a_probability"),
        ([0.1, 0.2, 0.3, 0.4, 0.2, 0.3], False, "not_a_probability"),
        ([1, 2, 3, 4, 2, 3], True, "outside_0_1"),
        ([0, 1, 0, 1, 1, 0], True, "hard_decisions"),
    ],
)
def test_what_is_no_probability_gets_no_number(score, meant, status):
    tested = labelled(score, [0, 0, 0, 1, 1, 1])
    block, frame = calibrated(tested, meant=meant)
    assert block["status"] == status
    assert block["mixes"] == {}
    assert frame.empty
    assert decided(tested, meant=meant)[0]["rule"] == "decision"


@pytest.mark.parametrize(
    ("score", "status"),
    [
        ([0.5] * 6, "constant"),
        ([0.1, 0.2, 0.3, 0.6, 0.7, 0.8], "perfectly_separated"),
        ([0.8, 0.7, 0.6, 0.3, 0.2, 0.1], "perfectly_separated"),
        # One score in common is not enough for a finite slope.
        ([0.1, 0.2, 0.5, 0.5, 0.7, 0.8], "perfectly_separated"),
    ],
)
def test_without_an_overlap_there_is_no_slope(score, status):
    block, frame = calibrated(labelled(score, [0, 0, 0, 1, 1, 1]))
    for mix in block["mixes"].values():
        assert mix["status"] == status
        assert mix["slope"] is None
        assert np.isfinite(mix["intercept"]["estimate"])
        assert np.isfinite(mix["brier"]["estimate"])
    assert len(frame)


@pytest.mark.parametrize("centre", [0.5, 0.02, 1 - 1e-6])
@pytest.mark.parametrize("power", range(-16, -8))
def test_nearly_equal_scores_identify_no_slope(centre, power):
    """Classes overlap, but the slope is a matter of rounding errors."""
    spread = np.linspace(-1, 1, 40) * centre * (1 - centre) * 10.0**power
    block, _ = calibrated(labelled(centre + spread, np.arange(40) % 3 == 0))
    for mix in block["mixes"].values():
        assert mix["status"] in {"not_identified", "constant", "perfectly_separated"}
        assert mix["slope"] is None
        assert np.isfinite(mix["intercept"]["estimate"])


def test_a_narrow_range_of_scores_has_the_slope_of_a_wide_one():
    """The slope is inversely proportional to the range of small log odds."""
    odds = np.linspace(-1, 1, 40)
    positive = (np.arange(40) % 3 == 0) | (odds > 0.7)
    slopes = [
        calibrated(labelled(expit(odds * scale), positive))[0]["mixes"]["test"]["slope"]
        for scale in (1e-1, 1e-6)
    ]
    assert slopes[1]["estimate"] * 1e-5 == pytest.approx(
        slopes[0]["estimate"], rel=1e-5
    )


def test_scores_of_zero_and_one_are_clipped_and_counted():
    score = np.array([0, 0.02, 0.3, 0.4, 0.9, 1])
    block, _ = calibrated(labelled(score, [0, 0, 1, 0, 1, 1]))
    assert block["clipped"] == 2
    assert block["clip"] == 0.01
    test = block["mixes"]["test"]
    assert test["note"].startswith("2 scores of 0 or 1 have no log odds")
    brier = np.mean((score - [0, 0, 1, 0, 1, 1]) ** 2)
    assert test["brier"]["estimate"] == pytest.approx(brier, abs=1e-15)
    # Without the node of 0.3, or that of 0.4, the classes are apart.
    assert test["status"] == "nearly_separated"
    assert test["slope"]["estimate"] > 0
    assert test["slope"]["lower"] is None


def test_scores_are_moved_to_a_prevalence_by_bayes_theorem_as_given():
    score = np.array([0, 1e-300, 0.2, 0.5, 0.9, 1])
    known = probabilities_of(score, prior=0.5)
    assert known.at(0.5).tolist() == score.tolist()
    odds = 0.2 / 0.8 * score[:-1] / (1 - score[:-1])
    assert known.at(0.2)[:-1] == pytest.approx(odds / (1 + odds), rel=1e-14)
    assert known.at(0.2)[-1] == 1


@pytest.mark.parametrize("scale", [1.0, 1e-5])
def test_the_fit_does_not_depend_on_the_unit_of_a_column(scale):
    """The coefficient of a column far from 0 and of another unit is the same line."""
    rng = np.random.default_rng(5)
    x = 3.0 + rng.normal(size=80)
    positive = (rng.random(80) < expit(x - 3)).astype(float)
    theirs = sm.Logit(positive, sm.add_constant(x)).fit(disp=0, tol=1e-14)
    found = fit_logistic(
        np.column_stack([np.ones(80), 1e6 + scale * x]),
        positive,
        weight=np.ones(80),
        offset=np.zeros(80),
        patient_id=np.arange(80).astype(str),
    )
    rel = 1e-8 if scale == 1 else 1e-4
    assert found.coefficients[1] * scale == pytest.approx(theirs.params[1], rel=rel)


def test_a_fit_without_a_maximum_is_refused_and_takes_nothing_with_it(monkeypatch):
    x = np.linspace(-1, 1, 40)
    apart = {
        "positive": (x > 0).astype(float),
        "weight": np.ones(40),
        "offset": np.zeros(40),
        "patient_id": np.arange(40).astype(str),
    }
    monkeypatch.setattr(logistic, "STEPS", 3)
    with pytest.raises(NotIdentifiedError):
        fit_logistic(np.column_stack([np.ones(40), x]), **apart)
    with pytest.raises(NotIdentifiedError, match="constant"):
        fit_logistic(np.ones((40, 2)), **apart)
    monkeypatch.setattr(logistic, "STEPS", 0)
    block, _ = calibrated(planted(60, seed=2))
    for mix in block["mixes"].values():
        assert (mix["status"], mix["slope"]) == ("not_identified", None)
        assert np.isfinite(mix["brier"]["estimate"])


def test_net_benefit_is_counted():
    score = np.array([0.1, 0.3, 0.55, 0.45, 0.7, 0.9])
    tested = labelled(score, [0, 0, 0, 1, 1, 1])
    block, frame = decided(tested, natural=0.5)
    at = frame.set_index("threshold_probability").loc[0.4]
    assert (at["tp"], at["fp"]) == (3, 1)
    # Three of six hits, one of six false alarms at odds of 2 : 3.
    assert at["net_benefit"] == pytest.approx(3 / 6 - 1 / 6 * 2 / 3, abs=1e-14)
    assert at["treat_all"] == pytest.approx(0.5 - 0.5 * 2 / 3, abs=1e-14)
    assert (frame["lower"] <= frame["net_benefit"] + 1e-12).all()
    assert (frame["upper"] >= frame["net_benefit"] - 1e-12).all()
    for low, high in block["useful"]:
        inside = frame["threshold_probability"].between(low, high)
        best = frame.loc[inside, ["treat_all", "treat_none"]].max(axis=1)
        assert (frame.loc[inside, "net_benefit"] > best).all()


def test_net_benefit_of_a_balanced_sample_is_that_of_its_cohort():
    whole = planted(40_000, share=0.2, seed=5)
    at_half = expit(logit(whole.score) - logit(0.2))
    share = float(whole.positive.mean())
    rng = np.random.default_rng(4)
    cases = np.flatnonzero(whole.positive)
    controls = rng.choice(np.flatnonzero(~whole.positive), len(cases), replace=False)
    sample = np.concatenate([cases, controls])
    _, frame = decided(labelled(at_half[sample], whole.positive[sample]), natural=share)
    shifted = probabilities_of(at_half, prior=0.5).at(share)
    for threshold in (0.1, 0.3, 0.5):
        acted = shifted >= threshold
        hits, alarms = (acted & whole.positive).mean(), (acted & ~whole.positive).mean()
        expected = hits - alarms * threshold / (1 - threshold)
        row = frame.loc[np.isclose(THRESHOLDS, threshold)].iloc[0]
        assert row["net_benefit"] == pytest.approx(expected, abs=0.004)


def test_acting_on_everybody_is_treat_all():
    tested = labelled(np.full(8, 0.999), np.arange(8) < 4)
    _, frame = decided(tested)
    always = frame[frame["threshold_probability"] < 0.9]
    assert always["net_benefit"].to_numpy() == pytest.approx(
        always["treat_all"].to_numpy(), abs=1e-14
    )
    assert isinstance(frame, pd.DataFrame)


def test_saturated_scores_have_finite_odds_and_the_intercept_of_their_equation():
    # 1e-30 next to 1: nearer to 1 than any number can be.
    score = np.array([1e-30] * 21 + [1.0] * 20)
    positive = np.array([0.0] * 20 + [1.0] * 21)
    known = probabilities_of(score, prior=0.5)
    assert np.isfinite(known.log_odds).all()
    assert known.clipped == 41
    block, _ = calibrated(labelled(score, positive), natural=None)
    intercept = block["mixes"]["test"]["intercept"]["estimate"]
    assert expit(known.log_odds_at(21 / 41) + intercept).sum() == pytest.approx(21)


@pytest.mark.parametrize("scale", [1e-300, 1e-12])
def test_scores_near_zero_have_the_intercept_of_their_equation(scale):
    score = scale * np.linspace(1, 2, 60)
    positive = np.tile([0.0, 1.0, 1.0], 20)
    tested = labelled(score, positive)
    block, _ = calibrated(tested, natural=0.165)
    test = block["mixes"]["test"]
    log_odds = probabilities_of(score, prior=0.5).log_odds_at(test["prevalence"])
    fitted = expit(log_odds + test["intercept"]["estimate"])
    assert fitted.sum() == pytest.approx(40)
    assert test["status"] == ("constant" if scale < 1e-20 else "ok")
