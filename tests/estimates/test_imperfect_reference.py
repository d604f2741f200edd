"""Errors of the reference: a toy by enumeration, simulations, and the limits."""

from itertools import product

import numpy as np
import pytest
from scipy.stats import norm

from nodal_staging.estimates.imperfect_reference import (
    Reference,
    auc_bounds,
    corrected_auc,
    corrected_rates,
    least_specificity,
    rate_bounds,
    weighted_auc,
)

SCORES = range(5)
INFILTRATED = np.array([0.05, 0.10, 0.15, 0.30, 0.40])
HEALTHY = np.array([0.45, 0.25, 0.15, 0.10, 0.05])
PREVALENCE = 0.1753
SENSITIVITY, SPECIFICITY = 0.80, 0.97


def outcomes() -> dict[tuple[int, int, int], float]:
    """Return the probability of each score, true status and status by the reference."""
    found = {}
    for score, true, called in product(SCORES, (0, 1), (0, 1)):
        node = INFILTRATED[score] * PREVALENCE if true else None
        node = node if true else HEALTHY[score] * (1 - PREVALENCE)
        positive = SENSITIVITY if true else 1 - SPECIFICITY
        found[score, true, called] = node * (positive if called else 1 - positive)
    return found


def enumerated_auc(place: int) -> float:
    """Go through all pairs of outcomes; place 1 is the truth, 2 the reference."""
    total = right = 0.0
    for (a, p), (b, q) in product(outcomes().items(), repeat=2):
        if a[place] == 1 and b[place] == 0:
            total += p * q
            right += p * q * ((a[0] > b[0]) + 0.5 * (a[0] == b[0]))
    return right / total


def share_of(score_at_least: int, place: int, value: int) -> float:
    """Return how many outcomes of a status have at least a score."""
    of_it = {key: p for key, p in outcomes().items() if key[place] == value}
    high = sum(p for key, p in of_it.items() if key[0] >= score_at_least)
    return high / sum(of_it.values())


@pytest.fixture(scope="module")
def toy() -> Reference:
    called = sum(p for key, p in outcomes().items() if key[2] == 1)
    return Reference.of(SENSITIVITY, SPECIFICITY, called)


def test_the_auc_of_a_toy_is_corrected_exactly(toy):
    observed, true = enumerated_auc(2), enumerated_auc(1)
    assert float(corrected_auc(observed, toy)) == pytest.approx(true, abs=1e-12)
    assert float(toy.prevalence) == pytest.approx(PREVALENCE, abs=1e-12)


@pytest.mark.parametrize("cut", range(1, 5))
def test_the_rates_of_a_toy_are_corrected_exactly(toy, cut):
    hit, passed = share_of(cut, 2, 1), 1 - share_of(cut, 2, 0)
    found = corrected_rates(hit, passed, toy)
    true = share_of(cut, 1, 1), 1 - share_of(cut, 1, 0)
    np.testing.assert_allclose(found, true, atol=1e-12)
    for (low, high), rate in zip(rate_bounds(hit, passed, toy), true, strict=True):
        assert low - 1e-12 <= rate <= high + 1e-12


def test_a_reference_without_errors_changes_nothing():
    perfect = Reference.of(1.0, 1.0, 0.3)
    assert float(perfect.highest_auc) == 1
    assert float(corrected_auc(0.83, perfect)) == pytest.approx(0.83, abs=1e-12)
    (a, b), (c, d) = rate_bounds(0.7, 0.9, perfect)
    np.testing.assert_allclose([a, b, c, d], [0.7, 0.7, 0.9, 0.9], atol=1e-12)


def test_no_rounding_makes_a_share_more_than_all_nodes():
    perfect = Reference.of(1.0, 1.0, np.linspace(0.01, 0.99, 999))
    for share in (perfect.in_positive, perfect.highest_auc):
        np.testing.assert_allclose(share, 1, atol=1e-12)
        assert share.max() <= 1
    assert (perfect.in_negative == 0).all()


def test_the_paper_lies_above_what_pet_allows():
    pet = Reference.of(0.80, 0.97, 0.165)
    assert float(pet.highest_auc) == pytest.approx(0.904, abs=5e-4)
    assert float(pet.in_positive) == pytest.approx(0.850, abs=5e-4)
    assert float(pet.in_negative) == pytest.approx(0.042, abs=5e-4)
    assert (corrected_auc([0.923, 0.955, 0.987], pet) > 1).all()


def test_shares_that_a_reference_cannot_call_positive_have_no_numbers():
    never = Reference.of(0.8, 0.9, [0.09, 0.2, 0.81])
    assert np.isnan(never.highest_auc).tolist() == [True, False, True]


@pytest.mark.parametrize("auc", [0.7, 0.85, 0.923])
def test_from_the_least_specificity_on_an_auc_is_possible(auc):
    least = float(least_specificity(auc, 0.8, 0.165))
    at_it = Reference.of(0.8, least, 0.165)
    assert float(at_it.highest_auc) == pytest.approx(auc, abs=1e-12)
    assert np.isnan(least_specificity(0.999, 0.3, 0.165))


def assignments(positive: np.ndarray, share: dict[bool, int]):
    """Yield every choice of truly positive nodes of given numbers by called status."""
    for chosen in product((False, True), repeat=len(positive)):
        true = np.array(chosen)
        if all((true & (positive == s)).sum() == n for s, n in share.items()):
            yield true


def test_the_bounds_of_the_auc_are_those_of_all_choices_of_true_nodes():
    score = np.array([0.1, 0.4, 0.4, 0.8, 0.9, 0.2, 0.4, 0.6, 0.7, 0.3])
    positive = np.array([1, 1, 1, 1, 1, 0, 0, 0, 0, 0], bool)
    # 4 of 5 called positive and 1 of 5 called negative are positive.
    pet = Reference.of(0.8, 0.8, 0.5)
    assert float(pet.in_positive) == pytest.approx(0.8)
    found = [
        weighted_auc(score, true.astype(float), (~true).astype(float))
        for true in assignments(positive, {True: 4, False: 1})
    ]
    np.testing.assert_allclose(
        auc_bounds(score, positive, pet), [min(found), max(found)], atol=1e-12
    )


def recorded_cohort(rng, depends: float, nodes: int = 40_000):
    """Return scores, status by PET, and true status; errors may follow the score."""
    true = rng.random(nodes) < PREVALENCE
    score = rng.standard_normal(nodes) + 1.5 * true
    missed = np.clip(0.2 - depends * (score - 1.5), 0, 1)
    alarm = np.clip(0.03 + depends * score, 0, 1)
    wrong = rng.random(nodes) < np.where(true, missed, alarm)
    return score, true ^ wrong, true


@pytest.mark.simulation
@pytest.mark.parametrize("depends", [0.0, 0.03, 0.15])
def test_bounds_contain_the_truth_whatever_errors_depend_on(depends):
    score, called, true = recorded_cohort(np.random.default_rng(1), depends)
    pet = Reference.of(called[true].mean(), (~called[~true]).mean(), called.mean())
    aucs = [
        weighted_auc(score, by.astype(float), (~by).astype(float))
        for by in (true, called)
    ]
    low, high = auc_bounds(score, called, pet)
    assert low < aucs[0] < high
    corrected = float(corrected_auc(aucs[1], pet))
    if depends:
        assert corrected > aucs[0] + 0.01
    else:
        assert corrected == pytest.approx(norm.cdf(1.5 / 2**0.5), abs=0.01)
    if depends == 0.15:
        assert corrected > 1
