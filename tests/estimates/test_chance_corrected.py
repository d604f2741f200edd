"""Agreement beyond chance against statsmodels, a printed example and counting."""

import numpy as np
import pytest
from statsmodels.stats.inter_rater import aggregate_raters, fleiss_kappa

from nodal_staging.estimates.chance_corrected import beyond_chance, node_columns


def measured(given, categories):
    sums = node_columns(np.asarray(given), categories).sum(axis=1)
    return beyond_chance(sums, len(given))


@pytest.mark.parametrize("readers", [2, 3, 7])
def test_kappa_is_that_of_statsmodels(readers):
    rng = np.random.default_rng(readers)
    truth = rng.integers(0, 4, 150)
    given = np.clip(truth + rng.integers(-1, 2, (readers, 150)), 0, 3)
    counts, _ = aggregate_raters(given.T, n_cat=4)
    expected = fleiss_kappa(counts)
    assert measured(given, 4)["fleiss"] == pytest.approx(expected, abs=1e-12)


def test_ac1_is_that_of_the_closed_form_where_kappa_is_paradoxical():
    # Two raters of 125 subjects: both say yes of 118, both no of none.
    table = {(1, 1): 118, (1, 0): 5, (0, 1): 2, (0, 0): 0}
    given = np.array([pair for pair, n in table.items() for _ in range(n)]).T
    found = measured(given, 2)
    seen, yes = 118 / 125, (118 + 3.5) / 125
    chance = 2 * yes * (1 - yes)
    assert found["ac1"] == pytest.approx((seen - chance) / (1 - chance), abs=1e-14)
    assert found["ac1"] == pytest.approx(0.9408, abs=5e-5)
    assert found["fleiss"] == pytest.approx(1 - 7 / 125 / chance, abs=1e-12)
    assert found["fleiss"] < 0


def test_ac1_of_four_readers_is_counted_pair_by_pair():
    rng = np.random.default_rng(3)
    given = rng.integers(0, 3, (4, 30))
    pairs = [np.mean(given[a] == given[b]) for a in range(4) for b in range(a)]
    share = np.array([np.mean(given == one) for one in range(5)])
    chance = np.sum(share * (1 - share)) / 4
    # Two of the five categories are used by nobody, and count as categories.
    expected = (np.mean(pairs) - chance) / (1 - chance)
    assert measured(given, 5)["ac1"] == pytest.approx(expected, abs=1e-12)


def test_readers_of_one_category_agree_without_a_kappa():
    found = measured(np.zeros((3, 10), int), 4)
    assert np.isnan(found["fleiss"])
    assert found["ac1"] == 1
