"""The figure of the same nodes at every location draws what the table holds."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from nodal_staging import tables
from nodal_staging.audit.counterfactual.effect_tables import IDEAL
from nodal_staging.figures.counterfactual import (
    by_location,
    dose_response,
    draw_classifier,
    draw_doses,
    legend,
)

NAME = "cnn_xmask"


@pytest.fixture
def frame():
    """Return two nodes at nine locations in two renderings."""
    rng = np.random.default_rng(1)
    prior = dict(zip(tables.LOCATIONS, rng.normal(size=9), strict=True))
    rows = [
        {"original": node, "status": status, "location": place, "rendering": rendering}
        | {f"logit_{NAME}": rng.normal(), f"logit_{IDEAL}": prior[place]}
        | {"location_evidence": prior[place]}
        for node, status in (("N1", "positive"), ("N2", "negative"))
        for place in tables.LOCATIONS
        for rendering in (1, 2)
    ]
    return pd.DataFrame(rows)


def test_locations_rise_with_the_log_prior_ratio(frame):
    prior = frame.groupby("location")["location_evidence"].first()
    assert prior[by_location(frame)].is_monotonic_increasing


def test_each_node_is_a_line_and_the_observer_rises(frame):
    axes = draw_classifier(Figure().subplots(), frame, NAME)
    order = by_location(frame)
    means = frame.groupby(["original", "location"])[f"logit_{NAME}"].mean()
    drawn = [line.get_ydata() for line in axes.lines]
    for node in ("N1", "N2"):
        expected = means[node][order].to_numpy()
        assert any(
            np.allclose(values, expected) for values in drawn if len(values) == 9
        )
    prior = frame.groupby("location")["location_evidence"].first()[order]
    assert any(np.allclose(values, prior) for values in drawn if len(values) == 9)


def test_doses_are_free_of_node_and_location(frame):
    rng = np.random.default_rng(2)
    effect = dict(zip(tables.LOCATIONS, rng.normal(size=9), strict=True))
    place = frame["location"].map(effect)
    moved = frame.assign(changed="location", dose=0.0)
    moved[f"logit_{NAME}"] = moved[f"logit_{IDEAL}"] = place
    rows = [
        {"original": node, "location": tables.LOCATIONS[3 * turn + k], "changed": name}
        | {"dose": dose, "own": level, "slope": slope}
        for turn, (node, level) in enumerate((("N1", 2.0), ("N2", -3.0)))
        for name, slope in (("size", 0.4), ("hilum", -1.2))
        for k, dose in enumerate((-1.5, 0.0, 1.5))
    ]
    dosed = pd.DataFrame(rows)
    score = (
        dosed["own"] + dosed["location"].map(effect) + dosed["slope"] * dosed["dose"]
    )
    dosed = dosed.assign(**{f"logit_{NAME}": score, f"logit_{IDEAL}": score})
    found = dose_response(pd.concat([moved, dosed]))
    expected = found["latent"].map({"size": 0.4, "hilum": -1.2}) * found["dose"]
    np.testing.assert_allclose(found[NAME], expected, atol=1e-12)
    assert dose_response(moved).empty
    size = found[found["latent"] == "size"]
    axes = draw_doses(Figure().subplots(), size, [NAME])
    ideal, drawn, _ = axes.lines
    np.testing.assert_array_equal(ideal.get_xdata(), [-1.5, 0, 1.5])
    np.testing.assert_allclose(drawn.get_ydata(), 0.4 * size["dose"], atol=1e-12)


def test_the_legend_states_the_shares(frame):
    shares = {"node_share": 0.66, "location_share": 0.23, "interaction_share": 0.11}
    found = pd.Series({(NAME, quantity): value for quantity, value in shares.items()})
    caption = legend(frame, [NAME], found, synthetic=True).caption
    assert "CNN, xMask: node 66%, location 23%, both together 11%" in caption
    assert "2 synthetic test nodes" in caption
    assert "2 renderings" in caption
    moved = legend(frame, [NAME], found, synthetic=False).caption
    assert "an approximation" in moved
    assert "ideal observer" not in moved
