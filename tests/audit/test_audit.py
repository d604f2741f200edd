"""The audit against brute force, and against classifiers whose secret is known."""

import json
from statistics import NormalDist

import numpy as np
import pandas as pd
import pytest
from scipy.stats import mannwhitneyu
from studies import measured_nodes

from nodal_staging import tables
from nodal_staging.audit.ceiling_comparison import (
    LEAK_Z,
    LeakError,
    audit_ceilings,
    distance_from_ceiling,
)
from nodal_staging.audit.location import SiteMatched
from nodal_staging.audit.node_patients import draws_of
from nodal_staging.audit.shortcut import measure_shortcut
from nodal_staging.audit.verdict import write_verdict
from nodal_staging.classifiers.scores import score_table
from nodal_staging.estimates.delong import clustered_auc
from nodal_staging.estimates.patient_bootstrap import BootstrapOptions, PatientBootstrap
from nodal_staging.study.files import read_json


def brute_force(score, positive, location):
    """Count pairs one by one."""
    wins = [
        (score[i] > score[j]) + 0.5 * (score[i] == score[j])
        for i in range(len(score))
        for j in range(len(score))
        if positive[i] and not positive[j] and location[i] == location[j]
    ]
    return float(np.mean(wins)), len(wins)


@pytest.fixture
def nodes():
    return measured_nodes(120, seed=2, patients=40)


def site_matched(nodes, score):
    return SiteMatched(
        np.asarray(score, float),
        nodes["status"].eq("positive").to_numpy(),
        nodes["location"].to_numpy(str),
    )


def draws(nodes, replicates, seed=1):
    options = BootstrapOptions(replicates, 0.95, seed)
    return draws_of(nodes, options)


def test_site_matched_auc_counts_pairs_of_one_location(nodes):
    score = np.random.default_rng(0).integers(0, 6, len(nodes))
    found = site_matched(nodes, score)
    expected, pairs = brute_force(
        score, nodes["status"] == "positive", nodes["location"]
    )
    assert found.auc() == pytest.approx(expected)
    assert found.n_pairs == pairs


def test_a_classifier_that_knows_only_the_location_reaches_one_half(nodes):
    share = nodes["status"].eq("positive").groupby(nodes["location"]).transform("mean")
    found = site_matched(nodes, share)
    assert found.auc() == 0.5
    assert found.plain() > 0.6
    assert set(found.bootstrap(draws(nodes, 50))) == {0.5}


def test_bootstrap_resamples_patients_with_all_their_nodes(nodes):
    score = np.random.default_rng(0).normal(size=len(nodes))
    drawn = draws(nodes, 3)
    found = site_matched(nodes, score).bootstrap(drawn)
    names = np.unique(nodes["patient_id"])
    for auc, counts in zip(found, drawn.times.astype(int), strict=True):
        assert counts.sum() == len(names)
        times = pd.Series(counts, index=names)[nodes["patient_id"]].to_numpy()
        again = nodes.loc[nodes.index.repeat(times)]
        repeated = np.repeat(score, times)
        positive = again["status"].eq("positive").to_numpy()
        expected, _ = brute_force(repeated, positive, again["location"].to_numpy())
        assert auc == pytest.approx(expected)


def one_each(score, positive, location):
    """Return nodes that are the only one of their patient, and the draws of these."""
    positive = np.array(positive, bool)
    matched = SiteMatched(np.array(score, float), positive, np.array(location))
    names = np.arange(len(positive)).astype(str)
    return matched, lambda replicates: PatientBootstrap(
        positive, names, BootstrapOptions(replicates, 0.95, 1)
    )


def test_the_location_alone_is_a_half_among_neighbours():
    location = ["a"] * 4 + ["b"] * 4
    positive = [1, 1, 1, 0, 1, 0, 0, 0]
    matched, _ = one_each([0.75] * 4 + [0.25] * 4, positive, location)
    # Nine wins and six ties in sixteen pairs.
    assert matched.plain() == 0.75
    assert matched.auc() == 0.5
    assert matched.n_pairs == 6


def test_a_perfect_reader_of_nodes_is_perfect_among_neighbours():
    matched, drawn = one_each([3, 1, 4, 2], [1, 0, 1, 0], ["a", "a", "b", "b"])
    assert matched.auc() == 1.0
    found = matched.bootstrap(drawn(200))
    # Cases of one location and controls of the other have no pair: 2 in 16.
    assert 5 < np.isnan(found).sum() < 50
    assert (found[~np.isnan(found)] == 1).all()


def test_bootstrap_by_patients_agrees_with_resampling_by_hand():
    rng = np.random.default_rng(4)
    n = 60
    location = rng.choice(["a", "b", "c"], n)
    positive = rng.random(n) < 0.5
    score = rng.normal(positive * 1.0, 1)
    matched, drawn = one_each(score, positive, location)
    found = matched.bootstrap(drawn(3000))
    cases, controls = np.flatnonzero(positive), np.flatnonzero(~positive)
    naive = []
    for _ in range(600):
        a, b = (rng.choice(group, len(group)) for group in (cases, controls))
        same = location[a][:, None] == location[b][None, :]
        wins = (score[a][:, None] > score[b][None, :])[same]
        naive.append(wins.mean())
    assert np.mean(found) == pytest.approx(np.mean(naive), abs=0.01)
    assert np.std(found) == pytest.approx(np.std(naive), rel=0.15)


def kinds_of(nodes):
    """Return rows of each patient, by whether it has positive and negative nodes."""
    kinds = {}
    for _, own in nodes.groupby("patient_id"):
        kinds.setdefault(tuple(sorted(own["status"].unique())), []).append(own.index)
    return kinds.values()


@pytest.mark.simulation
def test_the_interval_is_that_of_patients_drawn_one_by_one(nodes, tmp_path):
    """1,500 naive draws against 20,000: five errors of a quantile of the former."""
    score = np.random.default_rng(0).normal(size=len(nodes))
    score += nodes["status"].eq("positive").to_numpy()
    location = nodes["location"].isin(tables.LOCATIONS[:4]).map({True: "a", False: "b"})
    place, positive = location.to_numpy(str), nodes["status"].eq("positive").to_numpy()
    matched = SiteMatched(score, positive, place)
    drawn = draws(nodes, 20_000)
    lower, upper = drawn.interval(matched.bootstrap(drawn))
    rng, naive = np.random.default_rng(4), []
    for _ in range(1500):
        rows = np.concatenate(
            [
                members[pick]
                for members in kinds_of(nodes)
                for pick in rng.integers(0, len(members), len(members))
            ]
        )
        y, where, values = positive[rows], place[rows], score[rows]
        won = total = 0.0
        for name in "ab":
            cases, others = values[y & (where == name)], values[~y & (where == name)]
            won += mannwhitneyu(cases, others).statistic
            total += len(cases) * len(others)
        naive.append(won / total)
    for end, probability in ((lower, 0.025), (upper, 0.975)):
        spread = np.sqrt(probability * (1 - probability) / len(naive))
        around = np.quantile(
            naive, np.clip([probability - 5 * spread, probability + 5 * spread], 0, 1)
        )
        assert around[0] <= end <= around[1]


@pytest.fixture
def audited(nodes, tmp_path):
    """Audit one classifier of the location, one of the node, one of nothing."""
    rng = np.random.default_rng(3)
    place = nodes["location"].isin(tables.LOCATIONS[:4]).to_numpy()
    share = np.where(place, 0.85, 0.15)
    nodes["status"] = np.where(rng.random(len(nodes)) < share, "positive", "negative")
    positive = nodes["status"].eq("positive").to_numpy()
    scores = {
        "cnn_location": place + 1e-3 * rng.normal(size=len(nodes)),
        "cnn_node": 3 * positive + rng.normal(size=len(nodes)),
        "cnn_noise": rng.normal(size=len(nodes)),
    }
    files = {}
    for name, score in scores.items():
        files[name] = tmp_path / f"{name}.csv"
        tables.write(score_table(nodes, score, "test"), files[name], tables.SCORES)
    # What the study knows of locations comes from its other nodes.
    others = nodes.assign(node_id="T" + nodes["node_id"])
    tables.write(pd.concat([nodes, others]), tmp_path / "nodes.tsv", tables.NODES)
    measure_shortcut(
        scores={},
        test_scores=files,
        nodes=tmp_path / "nodes.tsv",
        bootstrap=BootstrapOptions(300, 0.95, 1),
        output=tmp_path / "shortcut.tsv",
    )
    return tmp_path


def test_the_verdict_finds_the_secret(audited):
    write_verdict(
        shortcut=audited / "shortcut.tsv",
        ceilings=None,
        truth=None,
        protocol="node",
        threshold_source="out_of_fold",
        confidence_level=0.95,
        output=audited / "verdict.json",
    )
    found = read_json(audited / "verdict.json")
    reads = {name: entry["reads"] for name, entry in found["cnns"].items()}
    assert reads == {
        "cnn_location": "its location",
        "cnn_node": "the node",
        "cnn_noise": "inconclusive",
    }
    assert found["leak"] is None
    assert len(found["weaknesses"]) == 1
    assert "both sides of the split" in found["weaknesses"][0]


VIEWS = {"all": 0.94, "node_only": 0.86, "size": 0.64}


def ceilings(tmp_path, auc, views=VIEWS):
    truth = {
        name: {"auc": value, "standard_error": 0.001} for name, value in views.items()
    }
    (tmp_path / "truth.json").write_text(
        json.dumps(
            {
                "ceilings": {"status_balanced": truth},
                "realistic_ceilings": {"status_balanced": truth},
            }
        )
    )
    files = {}
    for name, value in auc.items():
        files[name] = tmp_path / f"{name}.json"
        statistics = {
            "auc": {"estimate": value, "standard_error": {"obuchowski": 0.02}},
            "n": {"positive": 60, "negative": 60},
        }
        files[name].write_text(json.dumps(statistics))
    audit_ceilings(
        statistics=files,
        truth=tmp_path / "truth.json",
        readers_see_location=False,
        output=tmp_path / "ceilings.tsv",
    )


def verdict_of(audited, tmp_path, bias=0.0):
    names = ("location_bias", "delta_size", "delta_attenuation", "delta_hilum")
    dials = dict.fromkeys(names, 0.0) | {"location_bias": bias, "score_icc": 0.3}
    (tmp_path / "dials.json").write_text(json.dumps({"dials": dials}))
    write_verdict(
        shortcut=audited / "shortcut.tsv",
        ceilings=tmp_path / "ceilings.tsv",
        truth=tmp_path / "dials.json",
        protocol="patient",
        threshold_source="out_of_fold",
        confidence_level=0.95,
        output=tmp_path / "verdict.json",
    )
    return read_json(tmp_path / "verdict.json")


def test_a_null_cohort_is_recognised_and_counted(audited, tmp_path):
    found = {"cnn_xmask": 0.53, "volume": 0.46, "reader_1": 0.55}
    ceilings(tmp_path, found, dict.fromkeys(("all", "node_only", "size"), 0.5))
    assert verdict_of(audited, tmp_path)["null"] == {
        "level": 0.95,
        "covers": ["cnn_xmask"],
        "misses": ["volume", "reader_1"],
    }


def test_a_cohort_with_signal_is_no_null(audited, tmp_path):
    ceilings(tmp_path, {"cnn_xmask": 0.5})
    assert verdict_of(audited, tmp_path, bias=0.5)["null"] is None


def test_each_classifier_is_compared_with_the_ceiling_of_its_view(tmp_path):
    ceilings(
        tmp_path,
        {
            "cnn_status_balanced": 0.93,
            "cnn_xmask": 0.7,
            "volume": 0.66,
            "reader_1": 0.85,
        },
    )
    found = tables.read(tmp_path / "ceilings.tsv", tables.CEILINGS).set_index(
        "classifier"
    )
    assert found["ceiling"].to_dict() == {
        "cnn_status_balanced": 0.94,
        "cnn_xmask": 0.86,
        "volume": 0.64,
        "reader_1": 0.86,
    }
    assert found["status"].to_dict() == {
        "cnn_status_balanced": "at",
        "cnn_xmask": "below",
        "volume": "at",
        "reader_1": "at",
    }
    logits = np.log(0.66 / 0.34) - np.log(0.64 / 0.36)
    errors = np.hypot(0.02 / (0.66 * 0.34), 0.001 / (0.64 * 0.36))
    assert found.loc["volume", "z"] == pytest.approx(logits / errors)


def test_a_leak_fails_the_study_and_is_written_first(tmp_path):
    with pytest.raises(LeakError, match=r"volume: AUC 0.800 lies above .* 0.640, z 6"):
        ceilings(tmp_path, {"cnn_xmask": 0.5, "volume": 0.8})
    found = tables.read(tmp_path / "ceilings.tsv", tables.CEILINGS)
    assert found["status"].tolist() == ["below", "leak"]


@pytest.mark.parametrize(("highest", "nodes"), [(0.86, 12), (0.94, 25), (0.94, 60)])
def test_an_honest_classifier_at_its_ceiling_hardly_ever_counts_as_a_leak(
    highest, nodes
):
    """One in a thousand is meant; without logits it was up to one in ten."""
    rng = np.random.default_rng(0)
    apart = np.sqrt(2) * NormalDist().inv_cdf(highest)
    positive = np.repeat([True, False], nodes)
    patients = np.arange(2 * nodes).astype(str)
    z = []
    for _ in range(400):
        score = rng.normal(size=2 * nodes) + apart * positive
        area = clustered_auc(score, positive, patients)
        found = (area.estimate, area.standard_error)
        z.append(
            distance_from_ceiling(
                found, (highest, 0.001), n_positive=nodes, n_negative=nodes
            )
        )
    # With 1 in 1,000 each, 4 of 400 come by chance less than once in 1,000 runs.
    assert np.sum(np.array(z) > LEAK_Z) <= 3


def test_a_perfect_auc_far_above_its_ceiling_is_a_leak():
    """It has neither logit nor standard error."""
    perfect, ceiling = (1.0, 0.0), (0.7, 0.001)
    many = distance_from_ceiling(perfect, ceiling, n_positive=60, n_negative=60)
    few = distance_from_ceiling(perfect, ceiling, n_positive=5, n_negative=5)
    assert many > LEAK_Z > few > 0
