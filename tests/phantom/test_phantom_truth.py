"""The truth model against closed forms and the printed counts."""

import numpy as np
import pytest
import small_cohort
from scipy.stats import norm
from small_cohort import DEFAULT

from nodal_staging.phantom.ceilings import VIEWS, ceilings
from nodal_staging.phantom.simulated_readers import read_nodes
from nodal_staging.phantom.truth import (
    PAPER_COUNTS,
    Dials,
    allocate,
    draw_nodes,
    location_counts,
)
from nodal_staging.tables import LOCATIONS


def dials(**changes) -> Dials:
    """Return the dials of a cohort with the prevalence of the paper."""
    return small_cohort.dials(**{"prevalence": 431 / 2616} | changes)


def closed_form(counts: np.ndarray, shift: float, *, sees_location: bool) -> float:
    """Sum over pairs of locations of the probability of a correct order."""
    negative, positive = counts / counts.sum(axis=1, keepdims=True)
    if not sees_location:
        return float(norm.cdf(shift / np.sqrt(2)))
    evidence = np.log(positive / negative)
    gap = evidence[:, None] - evidence[None, :]
    if shift == 0:
        order = (gap > 0) + 0.5 * (gap == 0)
    else:
        order = norm.cdf((gap + shift**2) / (np.sqrt(2) * shift))
    return float(positive @ order @ negative)


def test_paper_size_gives_the_printed_counts():
    counts = location_counts(dials(), 2616)
    assert counts.sum(axis=1).tolist() == [2185, 431]
    table = np.array([PAPER_COUNTS[location] for location in LOCATIONS])
    np.testing.assert_array_equal(counts.T, table[:, ::-1])


@pytest.fixture(scope="module")
def balanced():
    """Return the ceilings of a balanced training set of the published size."""
    return ceilings(location_counts(dials(), 2616), dials(), seed=1)["status_balanced"]


@pytest.mark.parametrize("view", VIEWS)
def test_ceilings_agree_with_the_closed_form(balanced, view):
    sees_location, names = VIEWS[view]
    shift = np.linalg.norm([DEFAULT[f"delta_{name}"] for name in names])
    counts = location_counts(dials(), 2616)
    found = balanced[view]
    expected = closed_form(counts, shift, sees_location=sees_location)
    assert found["auc"] == pytest.approx(expected, abs=0.003)
    assert found["standard_error"] < 0.002


@pytest.mark.phantom
def test_ceilings_are_those_that_the_study_is_built_on():
    counts = location_counts(dials(), 2616)
    found = ceilings(counts, dials(), seed=2)["natural"]
    expected = {
        "all": 0.944,
        "node_only": 0.860,
        "location_size": 0.888,
        "size": 0.638,
        "location": 0.870,
    }
    for view, auc in expected.items():
        assert found[view]["auc"] == pytest.approx(auc, abs=0.003)


@pytest.mark.phantom
def test_location_says_nothing_without_bias_or_when_matched():
    unbiased = dials(location_bias=0.0)
    counts = location_counts(unbiased, 20_000)
    found = ceilings(counts, unbiased, seed=3)
    assert found["natural"]["location"]["auc"] == pytest.approx(0.5, abs=0.01)
    matched = ceilings(location_counts(dials(), 2616), dials(), seed=3)
    assert matched["location_matched"]["location"]["auc"] == 0.5


@pytest.mark.phantom
def test_label_noise_lowers_every_ceiling_towards_a_half():
    counts = location_counts(dials(), 2616)
    clean = ceilings(counts, dials(), seed=4)["natural"]
    noisy = ceilings(counts, dials(label_noise=0.2), seed=4)["natural"]
    # Bayes: how many of the nodes recorded as positive and as negative are positive.
    positive, negative = 431 * 0.8, 2185 * 0.2
    missed, passed = 431 * 0.2, 2185 * 0.8
    kept = positive / (positive + negative) - missed / (missed + passed)
    for view in VIEWS:
        expected = 0.5 + (clean[view]["auc"] - 0.5) * kept
        assert noisy[view]["auc"] == pytest.approx(expected, abs=0.004)


@pytest.mark.phantom
def test_a_location_whose_errors_are_known_tells_the_recorded_status():
    """Nothing is planted but errors at one location: the ceiling by enumeration."""
    null = {f"delta_{name}": 0.0 for name in ("size", "attenuation", "hilum")}
    wrong = {"iliac": {"false_positive": 0.5, "false_negative": 0.0}}
    noise = {"false_negative": 0.1, "by_location": wrong}
    planted = dials(label_noise=noise, location_bias=0.0, prevalence=0.35, **null)
    counts = location_counts(planted, 200_000)
    found = ceilings(counts, planted, seed=5)["natural"]
    share = counts[0] / counts[0].sum()
    iliac = np.array(LOCATIONS) == "iliac"
    recorded = np.where(iliac, 0.35 + 0.65 * 0.5, 0.35 * 0.9)
    expected = closed_form_of_shares(share * (1 - recorded), share * recorded)
    assert found["location"]["auc"] == pytest.approx(expected, abs=0.005)
    assert found["size"]["auc"] == pytest.approx(0.5, abs=0.005)


def closed_form_of_shares(negative: np.ndarray, positive: np.ndarray) -> float:
    """Sum over pairs of locations, ordered by their share of positives."""
    ratio = positive / (positive + negative)
    gap = ratio[:, None] - ratio[None, :]
    order = (gap > 1e-12) + 0.5 * (np.abs(gap) <= 1e-12)
    return float(positive @ order @ negative / positive.sum() / negative.sum())


def test_allocation_keeps_totals_and_rare_locations():
    counts = allocate([1000, 10, 1, 0], 50)
    assert counts.sum() == 50
    assert counts[2] >= 1
    assert counts[3] == 0


@pytest.fixture(scope="module")
def nodes():
    patients = [f"P{number:04}" for number in range(549)]
    return draw_nodes(patients, 2616, dials(), seed=1)


def test_drawn_cohort_has_the_exact_counts(nodes):
    table = nodes.groupby(["location", "status"]).size().unstack(fill_value=0)
    for location, (positive, negative) in PAPER_COUNTS.items():
        assert tuple(table.loc[location, ["positive", "negative"]]) == (
            positive,
            negative,
        )
    assert nodes["patient_id"].nunique() == 549


def test_latents_are_shifted_as_dialled(nodes):
    positive = nodes["status"] == "positive"
    for name in ("size", "attenuation", "hilum"):
        gap = nodes.loc[positive, name].mean() - nodes.loc[~positive, name].mean()
        assert gap == pytest.approx(DEFAULT[f"delta_{name}"], abs=0.2)
        assert nodes.loc[~positive, name].std() == pytest.approx(1, abs=0.06)


@pytest.mark.parametrize("icc", [0.0, 0.6])
def test_score_icc_is_the_shared_variance(icc):
    patients = [f"P{number:04}" for number in range(600)]
    drawn = draw_nodes(patients, 3000, dials(score_icc=icc, delta_size=0), seed=5)
    groups = [
        g["size"].to_numpy() for _, g in drawn.groupby("patient_id") if len(g) > 1
    ]
    pairs = np.array([(g[0], g[1]) for g in groups])
    assert np.corrcoef(pairs.T)[0, 1] == pytest.approx(icc, abs=0.12)


def test_label_icc_gathers_positives_in_patients():
    patients = [f"P{number:04}" for number in range(549)]
    spread = {}
    for icc in (0.0, 0.8):
        drawn = draw_nodes(patients, 2616, dials(label_icc=icc), seed=6)
        shares = drawn["status"].eq("positive").groupby(drawn["patient_id"]).mean()
        spread[icc] = shares.var()
    assert spread[0.8] > 1.8 * spread[0.0]


def test_readers_rate_every_node_and_know_something(nodes):
    readings = read_nodes(nodes, dials(), noise=[0.3, 0.6], sees_location=False, seed=1)
    assert len(readings) == 2 * len(nodes)
    merged = readings.merge(nodes, on="node_id")
    called = merged["rating"].isin(["likely", "very likely"])
    positive = merged["status"] == "positive"
    for _, rows in merged.groupby("reader").groups.items():
        sensitivity = called[rows][positive[rows]].mean()
        specificity = (~called[rows][~positive[rows]]).mean()
        assert sensitivity + specificity > 1.25
        assert specificity > sensitivity
