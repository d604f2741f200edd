"""What an image shows of a node's latents, and what that leaves of the ceilings."""

import numpy as np
import pytest
from scipy.stats import norm

from nodal_staging.phantom.ceilings import ceilings, location_tables
from nodal_staging.phantom.legibility import Rendered, realistic_ceilings, render_nodes
from nodal_staging.phantom.truth import Dials, location_counts

DIALS = Dials(431 / 2616, 1.0, 0.5, 1.2, 0.8, 0.3, 0.3, 0.0)
NOISELESS = {"pixel_mm": 1.0, "slice_mm": 1.0, "noise_hu": 0, "blur_mm": 0}
DEMO = {"pixel_mm": 0.94, "slice_mm": 3.0, "noise_hu": 8, "blur_mm": 0.6}


@pytest.fixture(scope="module")
def noiseless():
    return render_nodes(NOISELESS, DIALS, seed=1).legibility()


@pytest.fixture(scope="module")
def demo():
    return render_nodes(DEMO, DIALS, seed=1).legibility()


@pytest.mark.phantom
def test_latents_are_legible_at_one_millimetre(noiseless):
    assert noiseless["attenuation"] > 0.95
    assert noiseless["hilum"] > 0.95
    assert noiseless["size"] > 0.99


@pytest.mark.phantom
def test_latents_stay_legible_through_the_scanner_of_the_demonstration(demo):
    assert demo["attenuation"] > 0.95
    assert demo["hilum"] > 0.90
    assert demo["size"] > 0.99


@pytest.mark.phantom
@pytest.mark.parametrize(
    "worse", [{"noise_hu": 40}, {"slice_mm": 5.0}, {"blur_mm": 2.0}]
)
def test_a_worse_scanner_shows_less(demo, worse):
    seen = render_nodes(DEMO | worse, DIALS, seed=1).legibility()
    assert seen["hilum"] < demo["hilum"]
    assert seen["attenuation"] < demo["attenuation"]


@pytest.mark.phantom
def test_what_an_error_of_reading_costs_has_a_closed_form():
    """Latents read with errors of known variance, as if by a scanner."""
    rng = np.random.default_rng(3)
    y = np.arange(40_000) % 2
    latents = rng.standard_normal((len(y), 3)) + np.outer(y, DIALS.deltas())
    errors = np.array([0.0, 0.8, 2.0])
    read = latents + rng.standard_normal(latents.shape) * errors
    counts = location_counts(DIALS, 2616)
    found = realistic_ceilings(
        ceilings(counts, DIALS, seed=1),
        Rendered(y, latents, read),
        location_tables(counts),
        DIALS,
        seed=1,
    )["status_balanced"]
    distance = DIALS.deltas() / np.sqrt(1 + errors**2)
    for view, chosen in {
        "size": [0],
        "attenuation": [1],
        "hilum": [2],
        "node_only": [0, 1, 2],
    }.items():
        expected = norm.cdf(np.linalg.norm(distance[chosen]) / np.sqrt(2))
        assert found[view]["auc"] == pytest.approx(expected, abs=0.004)
    assert found["node_only"]["auc"] < found["all"]["auc"]
