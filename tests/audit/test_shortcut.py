"""The location's part of an AUC: against brute force, closed forms and known truth."""

import numpy as np
import pytest
from scipy.stats import rankdata

from nodal_staging import tables
from nodal_staging.audit.location import SiteMatched
from nodal_staging.audit.location_mix import Mix, SameStatus
from nodal_staging.audit.shortcut import Bounded, LocationUse, reads_location
from nodal_staging.audit.verdict import NO_VERDICT, decide
from nodal_staging.datasets.split import Split
from nodal_staging.datasets.test_patients import draw_all_test_nodes
from nodal_staging.estimates.auc import empirical_auc
from nodal_staging.estimates.patient_bootstrap import BootstrapOptions, PatientBootstrap
from nodal_staging.phantom.truth import LATENTS, Dials, draw_nodes, location_shares

N = 60


@pytest.fixture
def rng():
    return np.random.default_rng(8)


@pytest.fixture
def positive(rng):
    return rng.random(N) < 0.4


@pytest.fixture
def location(rng):
    return rng.choice(["a", "b", "c"], N, p=[0.5, 0.3, 0.2])


def once(n=N):
    return np.ones((1, n))


def test_equal_mix_weighs_pairs_as_written(rng, positive, location):
    score = rng.integers(0, 6, N).astype(float)
    p, q = (
        {place: (location[own] == place).mean() for place in "abc"}
        for own in (positive, ~positive)
    )
    won = total = 0.0
    for i in np.flatnonzero(positive):
        for j in np.flatnonzero(~positive):
            a, b = location[i], location[j]
            weight = q[a] / (p[a] + q[a]) * p[b] / (p[b] + q[b])
            won += weight * ((score[i] > score[j]) + 0.5 * (score[i] == score[j]))
            total += weight
    found = SiteMatched(score, positive, location).areas(once()).equal_mix
    assert found[0] == pytest.approx(won / total, abs=1e-12)


def test_the_location_alone_is_one_half_at_an_equal_mix(positive, location):
    score = np.unique(location, return_inverse=True)[1].astype(float)
    areas = SiteMatched(score, positive, location).areas(once())
    assert areas.equal_mix[0] == pytest.approx(0.5, abs=1e-12)
    assert areas.matched[0] == 0.5


def test_an_equal_mix_changes_nothing_where_the_mix_is_equal(rng):
    positive = np.repeat([True, False], [20, 40])
    location = np.array(list("aabbb") * 4 + list("aabbb") * 8)
    score = rng.normal(size=60)
    areas = SiteMatched(score, positive, location).areas(once())
    assert areas.equal_mix[0] == pytest.approx(areas.plain[0], abs=1e-12)
    assert areas.plain[0] == pytest.approx(empirical_auc(score, positive), abs=1e-12)


def test_a_node_that_counts_twice_is_two_nodes(rng, positive, location):
    score, times = rng.normal(size=N), rng.integers(0, 3, N)
    rows = np.repeat(np.arange(N), times)
    again = SiteMatched(score[rows], positive[rows], location[rows])
    weighted = SiteMatched(score, positive, location).areas(times[None].astype(float))
    repeated = again.areas(once(len(rows)))
    for name in ("plain", "matched", "equal_mix"):
        assert getattr(weighted, name) == pytest.approx(getattr(repeated, name))
    ratio = rng.normal(size=3)[np.unique(location, return_inverse=True)[1]]
    one = SameStatus(positive, ratio, times[None].astype(float)).concordance(score)
    other = SameStatus(positive[rows], ratio[rows], once(len(rows)))
    assert one == pytest.approx(other.concordance(score[rows]))


def test_concordance_weighs_pairs_as_written(rng, positive, location):
    score = rng.integers(0, 6, N).astype(float)
    ratio = np.array([-1.5, 0.2, 2.0])[np.unique(location, return_inverse=True)[1]]
    won = total = 0.0
    for own in (np.flatnonzero(positive), np.flatnonzero(~positive)):
        for i in own:
            for j in own:
                weight = max(ratio[i] - ratio[j], 0) / len(own)
                won += weight * ((score[i] > score[j]) + 0.5 * (score[i] == score[j]))
                total += weight
    found = SameStatus(positive, ratio, once()).concordance(score)
    assert found[0] == pytest.approx(won / total, abs=1e-12)


@pytest.mark.parametrize(("sign", "expected"), [(1, 1.0), (-1, 0.0), (0, 0.5)])
def test_concordance_of_the_location_itself(positive, location, sign, expected):
    ratio = np.unique(location, return_inverse=True)[1].astype(float)
    found = SameStatus(positive, ratio, once()).concordance(sign * ratio)
    assert found[0] == expected


def test_concordance_does_not_depend_on_the_scale_of_scores(rng, positive, location):
    ratio = np.unique(location, return_inverse=True)[1].astype(float)
    score = rng.normal(size=N)
    pairs = SameStatus(positive, ratio, once())
    assert pairs.concordance(score) == pairs.concordance(rankdata(score) ** 3)


def test_one_location_says_nothing(positive):
    found = SameStatus(positive, np.zeros(N), once()).concordance(np.arange(N) * 1.0)
    assert np.isnan(found[0])


ABOVE, AROUND = Bounded(0.7, 0.6, 0.8), Bounded(0.55, 0.45, 0.65)
BARE, NONE = Bounded(0.7, 0.7, 0.7), Bounded(None, None, None)


@pytest.mark.parametrize(
    ("concordance", "location_auc", "expected"),
    [
        (ABOVE, ABOVE, True),
        (ABOVE, AROUND, False),
        (AROUND, ABOVE, False),
        (BARE, ABOVE, None),
        (ABOVE, NONE, None),
    ],
)
def test_both_intervals_must_lie_above_one_half(concordance, location_auc, expected):
    assert reads_location(concordance, location_auc) is expected


@pytest.mark.parametrize(
    ("matched", "location", "pairs", "expected"),
    [
        (ABOVE, True, 20, ("both", None)),
        (ABOVE, False, 20, ("the node", None)),
        (AROUND, True, 20, ("its location", None)),
        (AROUND, False, 20, ("inconclusive", None)),
        (ABOVE, True, 19, (NO_VERDICT, "few_pairs")),
        (ABOVE, None, 20, (NO_VERDICT, "no_width")),
        (BARE, False, 20, (NO_VERDICT, "no_width")),
        # A classifier of the location alone ties every pair of one location.
        (BARE, True, 20, ("its location", None)),
    ],
)
def test_no_verdict_from_few_pairs_or_an_interval_without_width(
    matched, location, pairs, expected
):
    assert decide(matched, location, pairs=pairs) == expected


def flagged(bias, weight, seed, patients=240):
    """Audit an observer of the phantom's latents that weighs its location."""
    dials = Dials(0.35, bias, 0.5, 1.2, 0.8, 0.3, 0.3, 0.0)
    names = [f"P{number:04}" for number in range(patients)]
    nodes = draw_nodes(names, round(1150 / 240 * patients), dials, seed=seed)
    test = draw_all_test_nodes(nodes, Split("patient", 0.15, seed), folds=2)
    negative, positive = location_shares(dials)
    ratio = dict(zip(tables.LOCATIONS, np.log(positive / negative), strict=True))
    score = test[LATENTS].to_numpy() @ dials.deltas()
    score = score + weight * test["location"].map(ratio).to_numpy(float)
    mix = Mix.of(nodes.drop(test.index), np.unique(nodes["location"].to_numpy(str)))
    drawn = PatientBootstrap(
        test["status"].eq("positive").to_numpy(bool),
        test["patient_id"].to_numpy(str),
        BootstrapOptions(300, 0.95, seed),
    )
    use = LocationUse(drawn, test["location"].to_numpy(str), mix)
    assert use.enough_pairs
    return reads_location(use.concordance(score), use.location_auc())


@pytest.mark.simulation
@pytest.mark.parametrize(
    ("bias", "weight", "fewest", "most"),
    [(1.0, 1.0, 36, 40), (0.0, 1.0, 0, 2), (1.0, 0.0, 0, 2)],
    ids=["full shortcut", "location says nothing", "location is not used"],
)
def test_power_and_false_flags_at_the_size_of_the_demonstration(
    bias, weight, fewest, most
):
    """At least 0.9 of 40 cohorts, and at most 5%."""
    found = [flagged(bias, weight, seed) for seed in range(100, 140)]
    assert fewest <= sum(found) <= most
