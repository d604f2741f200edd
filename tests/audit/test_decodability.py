"""The probe for the location: planted truth, scikit-learn, and nothing of the test."""

import numpy as np
import pytest
from scipy.stats import kstest
from sklearn.metrics import roc_auc_score

from nodal_staging.audit.decodability import (
    DECODABILITY,
    PIXELS,
    TRAINED,
    Described,
    decodability,
    encodes_location,
)
from nodal_staging.audit.location_features import averaged_pixels
from nodal_staging.audit.location_probe import (
    OTHER,
    Levels,
    Probe,
    best_penalty,
    exchanged_between_patients,
    one_against_others,
)
from nodal_staging.estimates.patient_bootstrap import BootstrapOptions, PatientBootstrap

NAMES = np.array(["axillary", "cervical", "iliac", "inguinal"])


def nodes(rng, n_training=160, n_test=90):
    location = tuple(rng.choice(NAMES, n) for n in (n_training, n_test))
    patient = tuple(
        np.array([f"{kind}{i // 3}" for i in range(n)])
        for kind, n in (("A", n_training), ("B", n_test))
    )
    return Described(location, patient, rng.uniform(size=n_test) < 0.5)


def features(described, rng, strength, width=6):
    """Return noise, moved by the location along directions of its own."""
    directions = rng.normal(size=(len(NAMES), width))
    return tuple(
        rng.normal(size=(len(place), width))
        + strength * directions[np.searchsorted(NAMES, place)]
        for place in described.location
    )


def probed(described, given, permutations=9, seed=1):
    drawn = PatientBootstrap(
        described.positive, described.patient[1], BootstrapOptions(200, 0.95, seed)
    )
    logit = np.ones(given[TRAINED][0].shape[1])
    frame = decodability(
        "xmask", described, given, logit=logit, drawn=drawn, permutations=permutations
    )
    assert list(frame.columns) == list(DECODABILITY.columns)
    return frame


def test_a_location_that_training_planted_is_found_in_both_classes():
    rng = np.random.default_rng(1)
    described = nodes(rng)
    given = {
        TRAINED: features(described, rng, 2.0),
        "untrained_1": features(described, rng, 0.1),
        "untrained_2": features(described, rng, 0.0),
        PIXELS: features(described, rng, 0.5),
    }
    frame = probed(described, given)
    assert encodes_location(frame)
    trained = frame[frame["features"] == TRAINED]
    assert (trained["macro_auc"] > 0.9).all()
    assert (trained["over_untrained_lower"] > 0.1).all()
    assert (trained["null_p"] == 0.1).all()
    assert trained["con_score"].notna().tolist() == [True, False, False]


def test_what_untrained_networks_keep_as_well_is_no_finding():
    rng = np.random.default_rng(2)
    described = nodes(rng)
    same = features(described, rng, 2.0)
    frame = probed(described, {TRAINED: same, "untrained_1": same})
    assert not encodes_location(frame)
    trained = frame[frame["features"] == TRAINED]
    np.testing.assert_array_equal(trained["over_untrained"], 0)


def test_areas_are_those_of_scikit_learn():
    rng = np.random.default_rng(3)
    described = nodes(rng)
    frame = probed(described, {TRAINED: features(described, rng, 0.4)})
    levels = Levels.of(*described.location)
    rng = np.random.default_rng(3)
    described = nodes(rng)
    training, test = features(described, rng, 0.4)
    penalty = best_penalty(training, levels.training, described.patient[0])
    shown = Probe.fit(training, levels.training, penalty).probabilities(test, 4)
    for stratum, among in (
        ("all", np.ones(len(test), bool)),
        ("positive", described.positive),
    ):
        areas = [
            roc_auc_score(levels.test[among] == place, shown[among, place])
            for place in range(4)
        ]
        row = frame[frame["stratum"] == stratum].iloc[0]
        assert row["macro_auc"] == pytest.approx(np.mean(areas))
        assert row["lower"] < row["macro_auc"] < row["upper"]


def test_a_patient_drawn_twice_counts_twice():
    rng = np.random.default_rng(4)
    score, own = rng.normal(size=12).round(1), np.arange(12) % 3 == 0
    times = rng.integers(0, 3, 12)
    (area,) = one_against_others(
        score, own, np.ones(12, bool), times[None].astype(float)
    )
    repeated = np.repeat(np.arange(12), times)
    assert area == pytest.approx(roc_auc_score(own[repeated], score[repeated]))


def test_test_nodes_have_no_part_in_the_probe():
    """Neither their features nor their locations change what is fitted."""
    rng = np.random.default_rng(5)
    described = nodes(rng)
    training, test = features(described, rng, 0.5)
    one = probed(described, {TRAINED: (training, test)})
    moved = test.copy()
    moved[45:] += 100
    other = probed(described, {TRAINED: (training, moved)})
    first = np.arange(len(test)) < 45
    kept = Described(
        (described.location[0], described.location[1][first]),
        (described.patient[0], described.patient[1][first]),
        described.positive[first],
    )
    alone = [
        probed(kept, {TRAINED: (training, values[first])}) for values in (test, moved)
    ]
    assert alone[0].equals(alone[1])
    assert not one.equals(other)


def test_rare_locations_are_one_level():
    training = np.array(["a"] * 12 + ["b"] * 12 + ["c"] * 3 + ["d"] * 12)
    test = np.array(["a"] * 5 + ["b"] * 5 + ["c"] * 5 + ["d"] * 2)
    levels = Levels.of(training, test)
    assert levels.names == ["a", "b", OTHER]
    assert levels.merged == ["c", "d"]
    assert levels.test.tolist() == [0] * 5 + [1] * 5 + [2] * 7


def test_one_level_alone_gives_an_empty_table():
    rng = np.random.default_rng(8)
    described = nodes(rng, 12, 9)
    assert probed(described, {TRAINED: features(described, rng, 1.0)}).empty


def test_patients_exchange_their_locations_whole():
    patient = np.array(list("AABBCCCDE"))
    level = np.array([0, 1, 2, 3, 4, 5, 6, 7, 8])
    found = exchanged_between_patients(level, patient, np.random.default_rng(0))
    assert sorted(found[:4]) == [0, 1, 2, 3]
    assert {tuple(found[:2]), tuple(found[2:4])} == {(0, 1), (2, 3)}
    assert not set(found[4:7]) & {4, 5, 6}
    assert sorted(found[7:]) == [7, 8]


def test_pixels_are_means_of_squares():
    images = np.random.default_rng(6).normal(size=(2, 48, 48, 2)).astype(np.float32)
    pixels = averaged_pixels(images)
    assert pixels.shape == (2, 144)
    assert pixels[1, 13] == pytest.approx(images[1, 4:8, 4:8, 0].mean(), abs=1e-6)


@pytest.mark.simulation
def test_p_is_uniform_where_nothing_is_encoded():
    found = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        described = nodes(rng, 120, 60)
        frame = probed(described, {TRAINED: features(described, rng, 0.0)}, 19, seed)
        found.append(frame.loc[0, "null_p"])
        assert not encodes_location(frame)
    assert kstest(found, "uniform").pvalue > 0.01
