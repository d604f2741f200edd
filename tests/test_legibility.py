"""What an image shows of a node's latents, and what that leaves of the ceilings."""

import numpy as np
import pytest
from scipy.stats import norm

from nodal_staging.phantom.ceilings import ceilings
from nodal_staging.phantom.legibility import as_seen, legibility
from nodal_staging.phantom.truth import Dials, location_counts

DIALS = Dials(431 / 2616, 1.0, 0.5, 1.2, 0.8, 0.3, 0.3, 0.0)
NOISELESS = {"pixel_mm": 1.0, "slice_mm": 1.0, "noise_hu": 0, "blur_mm": 0}
DEMO = {"pixel_mm": 0.94, "slice_mm": 3.0, "noise_hu": 8, "blur_mm": 0.6}


@pytest.fixture(scope="module")
def noiseless():
    return legibility(NOISELESS, DIALS, seed=1)


@pytest.fixture(scope="module")
def demo():
    return legibility(DEMO, DIALS, seed=1)


def test_latents_are_legible_at_one_millimetre(noiseless):
    assert noiseless["attenuation"] > 0.95
    assert noiseless["hilum"] > 0.95
    assert noiseless["size"] > 0.99


def test_latents_stay_legible_through_the_scanner_of_the_demonstration(demo):
    assert demo["attenuation"] > 0.95
    assert demo["hilum"] > 0.90
    assert demo["size"] > 0.99


@pytest.mark.parametrize(
    "worse", [{"noise_hu": 40}, {"slice_mm": 5.0}, {"blur_mm": 2.0}]
)
def test_a_worse_scanner_shows_less(demo, worse):
    seen = legibility(DEMO | worse, DIALS, seed=1)
    assert seen["hilum"] < demo["hilum"]
    assert seen["attenuation"] < demo["attenuation"]


def test_shifts_shrink_by_what_is_legible():
    """A latent read with an error of variance v has the AUC of closed form."""
    legible = {"size": 1.0, "attenuation": 0.8, "hilum": 0.0}
    found = ceilings(location_counts(DIALS, 2616), as_seen(DIALS, legible), seed=1)
    natural = found["natural"]
    error = 1 / 0.8**2 - 1
    expected = norm.cdf(1.2 / np.sqrt(2 * (1 + error)))
    assert natural["attenuation"]["auc"] == pytest.approx(expected, abs=0.003)
    assert natural["hilum"]["auc"] == pytest.approx(0.5, abs=0.003)
    assert natural["size"]["auc"] == pytest.approx(norm.cdf(0.5 / 2**0.5), abs=0.003)
