"""The counterfactual experiment on observers whose secret is known."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from small_cohort import dials

from nodal_staging import tables
from nodal_staging.audit.counterfactual.copied_scores import (
    location_evidence,
    log_odds,
)
from nodal_staging.audit.counterfactual.effect_tables import IDEAL, moved_by_location
from nodal_staging.audit.counterfactual.effects import calls_changed, pairs_changed
from nodal_staging.audit.counterfactual.summary import measured_effects, with_evidence
from nodal_staging.classifiers.cnn.inputs import ImageOptions, ImageSource
from nodal_staging.estimates.patient_bootstrap import BootstrapOptions
from nodal_staging.phantom.copies import CopyOptions, plan_copies
from nodal_staging.phantom.truth import LATENTS, draw_nodes

DIALS = dials()
BOOTSTRAP = BootstrapOptions(200, 0.95, 3)
OPTIONS = CopyOptions(nodes=24, renderings=2, dosed_nodes=9, seed=4)


def copies_of(truth_model=DIALS, options=OPTIONS):
    """Plan copies of nodes of a cohort; their measurements are arbitrary."""
    patients = [f"P{number:03}" for number in range(60)]
    truth = draw_nodes(patients, 240, truth_model, seed=options.seed)
    test = truth[["node_id", "patient_id", "location", "status"]]
    return with_evidence(plan_copies(truth, test, options), truth_model)


@pytest.fixture(scope="module")
def copies():
    return copies_of()


def measured(copies, odds, classifier="cnn_xmask"):
    odds = {classifier: np.asarray(odds, float)}
    called = {name: values >= 0 for name, values in odds.items()}
    found = measured_effects(copies, odds, called, BOOTSTRAP)
    return found.set_index("quantity")


def observed(copies):
    odds = copies["node_evidence"] + copies["location_evidence"]
    return measured(copies, odds, IDEAL)


def test_the_ideal_observer_adds_node_and_location(copies):
    found = observed(copies)["value"]
    moved = copies[copies["changed"] == "location"]
    node = moved.groupby("original")["node_evidence"].first().var(ddof=0)
    place = np.var(location_evidence(DIALS))
    assert found["node_share"] == pytest.approx(node / (node + place))
    assert found["location_share"] == pytest.approx(place / (node + place))
    assert found["interaction_share"] == pytest.approx(0, abs=1e-12)
    assert found["rendering_share"] == pytest.approx(0, abs=1e-12)
    assert found["location_slope"] == pytest.approx(1)
    assert found["node_slope"] == pytest.approx(1)
    for latent, delta in zip(LATENTS, DIALS.deltas(), strict=True):
        assert found[f"{latent}_slope"] == pytest.approx(delta)
    assert moved_by_location(observed(copies))


def test_the_log_prior_ratio_is_that_of_the_paper_table():
    prior = dict(zip(tables.LOCATIONS, location_evidence(DIALS), strict=True))
    assert prior["inguinal"] == pytest.approx(np.log((25 / 431) / (1272 / 2185)))
    assert prior["retroperitoneal"] == pytest.approx(np.log((154 / 431) / (48 / 2185)))


def test_a_forest_of_the_location_alone_reads_nothing_else(copies):
    one_hot = pd.get_dummies(copies["location"])
    status = np.random.default_rng(0).random(len(copies)) < one_hot["iliac"] * 0.5 + 0.2
    forest = RandomForestClassifier(20, random_state=0).fit(one_hot, status)
    odds = log_odds(forest.predict_proba(one_hot)[:, 1])
    found = measured(copies, odds)["value"]
    assert found["location_share"] == pytest.approx(1)
    assert found["auc_any_location"] == pytest.approx(0.5)
    assert found["calls_changed"] in {0, 1}


def test_a_reader_of_nodes_is_not_flagged(copies):
    found = measured(copies, copies["node_evidence"])
    assert found["value"]["location_share"] == pytest.approx(0, abs=1e-12)
    assert found["value"]["calls_changed"] == 0
    assert found["value"]["auc_gain"] == pytest.approx(0)
    assert not moved_by_location(found)


def test_without_a_location_bias_nothing_is_flagged():
    fair = replace(DIALS, location_bias=0.0)
    copies = copies_of(fair)
    noise = np.random.default_rng(2).normal(0, 1, len(copies))
    for odds in (
        copies["node_evidence"] + copies["location_evidence"],
        copies["node_evidence"] + noise,
        noise,
    ):
        found = measured(copies, odds)
        assert np.isnan(found["value"]["location_slope"])
        assert not moved_by_location(found)


def test_renderings_are_told_from_interaction(copies):
    """Variances 1 of the cell and 4 of the rendering, of 24 x 9 cells twice."""
    rng = np.random.default_rng(7)
    cell = copies["original"] + copies["location"]
    own = dict(zip(cell.unique(), rng.normal(size=cell.nunique()), strict=True))
    odds = cell.map(own) + rng.normal(0, 2, len(copies))
    found = measured(copies, odds)["value"]
    # Of 431 degrees of freedom the renderings have 216; cells hold 1 + 4 / 2 twice.
    assert found["rendering_share"] == pytest.approx(
        216 * 4 / (216 * 4 + 215 * 6), abs=0.06
    )


def test_the_area_at_any_location_is_that_of_all_pairs(copies):
    rng = np.random.default_rng(8)
    odds = copies["node_evidence"] + rng.normal(size=len(copies))
    found = measured(copies, odds)["value"]
    frame = copies.assign(odds=odds)[copies["changed"] == "location"]
    own = frame[frame["location"] == frame["own_location"]]

    def area(part):
        cases, controls = (
            part.loc[part["status"] == s, "odds"].to_numpy()
            for s in ("positive", "negative")
        )
        return (cases[:, None] > controls).mean()

    by_rendering = [part for _, part in frame.groupby("rendering")]
    anywhere = np.mean([area(part) for part in by_rendering])
    assert found["auc_any_location"] == pytest.approx(anywhere)
    at_own = np.mean([area(part) for _, part in own.groupby("rendering")])
    assert found["auc_own_location"] == pytest.approx(at_own)
    assert found["auc_gain"] == pytest.approx(at_own - anywhere)


def test_changed_calls_are_counted_by_hand():
    called = np.zeros((2, 3, 2), bool)
    called[0, :, 0] = [True, False, False]
    called[0, :, 1] = True
    assert calls_changed(called).tolist() == [0.5, 0]
    # Two of three pairs of locations once; two of three locations differ in rendering.
    assert pairs_changed(called, axis=1) == pytest.approx([1 / 3, 0])
    assert pairs_changed(called, axis=2) == pytest.approx([2 / 3, 0])
    assert np.isnan(pairs_changed(called[:, :, :1], axis=2)).all()


def test_each_dose_visits_each_location_once(copies):
    dosed = copies[copies["changed"] != "location"]
    visits = dosed.groupby(["changed", "dose", "location"]).size()
    assert len(visits) == 3 * 3 * 9
    assert set(visits) == {1}
    own = copies[copies["rendering"] == 1].drop_duplicates("original")
    own = own.set_index("original")
    for latent in LATENTS:
        shift = dosed[latent] - dosed["original"].map(own[latent])
        expected = dosed["dose"] * (dosed["changed"] == latent)
        assert shift.to_numpy() == pytest.approx(expected.to_numpy())


def test_nodes_come_from_many_patients_and_half_are_positive(copies):
    nodes = copies.drop_duplicates("original")
    assert nodes["status"].value_counts().to_dict() == {"positive": 12, "negative": 12}
    assert nodes["patient_id"].nunique() >= 20


def test_a_masked_network_cannot_see_the_location():
    """Whatever it computes: the surroundings of a node are not in its input."""
    rng = np.random.default_rng(6)
    nodes, places = 4, 9
    mask = np.zeros((12, 80, 80), np.uint8)
    mask[3:9, 34:46, 33:48] = 1
    inside = rng.integers(-100, 100, (nodes, 1, 12, 80, 80))
    around = rng.integers(-900, 900, (1, places, 12, 80, 80))
    slabs = np.where(mask, inside, around).astype(np.int16).reshape(-1, 12, 80, 80)
    names = [str(number) for number in range(len(slabs))]
    masks = np.broadcast_to(mask, slabs.shape).copy()
    found = {}
    for masked in (True, False):
        options = ImageOptions((-160, 240), 0.0, "ct_and_mask", masked=masked)
        images = ImageSource(slabs, masks, names, options).plain()
        found[masked] = images.reshape(nodes, places, -1)
    assert (found[True] == found[True][:, :1]).all()
    assert not (found[False] == found[False][:, :1]).all()
