"""Operating points against counting by hand, with fractions."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodal_staging.estimates.curve import (
    Curve,
    attained,
    empirical_curve,
    interpolated_specificity,
    youden_choice,
)

LABELLED = st.tuples(
    st.lists(st.integers(0, 8), min_size=1, max_size=15),
    st.lists(st.integers(0, 8), min_size=1, max_size=15),
)


def joined(cases, controls):
    """Return scores and status of two classes."""
    score = np.array([*cases, *controls], float)
    return score, np.arange(len(score)) < len(cases)


def rates(cases, controls, threshold):
    """Return sensitivity and specificity as fractions."""
    return (
        Fraction(sum(s >= threshold for s in cases), len(cases)),
        Fraction(sum(s < threshold for s in controls), len(controls)),
    )


@given(LABELLED)
def test_counts_are_those_of_calling_at_the_threshold(classes):
    score, positive = joined(*classes)
    curve = empirical_curve(score, positive)
    for cut, tp, tn in zip(
        curve.thresholds, curve.true_positives, curve.true_negatives, strict=True
    ):
        assert tp == (positive & (score >= cut)).sum()
        assert tn == (~positive & (score < cut)).sum()
    assert curve.positives == positive.sum()
    assert curve.negatives == (~positive).sum()


@given(LABELLED)
def test_youden_finds_every_maximum(classes):
    score, positive = joined(*classes)
    curve = empirical_curve(score, positive)
    index = {float(cut): sum(rates(*classes, cut)) for cut in curve.thresholds}
    best = sorted(cut for cut, value in index.items() if value == max(index.values()))
    lowest, highest = (youden_choice(curve, rule) for rule in ("lowest", "highest"))
    assert list(lowest.tied) == best
    assert (lowest.threshold, highest.threshold) == (best[0], best[-1])


def test_a_tie_that_floating_point_misses():
    assert 56 / 65 + 60 / 65 != 59 / 65 + 57 / 65
    curve = Curve(
        thresholds=np.array([0.0, 0.2, 0.4, 1.0]),
        true_positives=np.array([65, 59, 56, 0]),
        true_negatives=np.array([0, 57, 60, 65]),
    )
    assert youden_choice(curve, "lowest").tied == (0.2, 0.4)
    assert youden_choice(curve, "lowest").threshold == 0.2
    assert youden_choice(curve, "highest").threshold == 0.4


@given(LABELLED, st.integers(1, 99))
def test_attained_is_the_highest_threshold_that_is_sensitive_enough(classes, percent):
    score, positive = joined(*classes)
    curve = empirical_curve(score, positive)
    target = Fraction(percent, 100)
    enough = [cut for cut in curve.thresholds if rates(*classes, cut)[0] >= target]
    assert curve.thresholds[attained(curve, percent / 100)] == max(enough)


@pytest.mark.parametrize(("positives", "tp"), [(65, 59), (60, 54), (10, 9), (3, 3)])
def test_nine_tenths_are_counted_in_integers(positives, tp):
    score, positive = joined(range(100, 100 + positives), [0, 1])
    curve = empirical_curve(score, positive)
    assert curve.true_positives[attained(curve, 0.9)] == tp


def test_specificity_between_two_points_is_linear():
    # Sensitivity 1 at specificity 1/2, sensitivity 1/2 at specificity 1.
    curve = empirical_curve(*joined([3, 2], [2, 1]))
    assert interpolated_specificity(curve, 0.75) == pytest.approx(0.75, abs=1e-15)
    assert interpolated_specificity(curve, 0.5) == 1.0


def test_thresholds_of_neighbouring_numbers_still_part_them():
    low = 0.3
    high = np.nextafter(low, 1)
    curve = empirical_curve(*joined([high], [low]))
    assert curve.true_positives.tolist() == [1, 1, 0]
    assert (np.array([low, high]) >= curve.thresholds[1]).tolist() == [False, True]


def test_useless_scores_have_a_finite_threshold():
    choice = youden_choice(empirical_curve(*joined([5, 5], [5, 5, 5])), "lowest")
    assert choice.threshold == 5
    assert len(choice.tied) == 2
    assert np.isfinite(choice.tied).all()
