"""The audit against brute force, and against classifiers whose secret is known."""

import json
from statistics import NormalDist

import numpy as np
import pandas as pd
import pytest
from studies import measured_nodes

from nodal_staging import tables
from nodal_staging.audit.ceilings import (
    LEAK_Z,
    LeakError,
    audit_ceilings,
    distance_from_ceiling,
)
from nodal_staging.audit.location import SiteMatched, audit_location
from nodal_staging.audit.verdict import write_verdict
from nodal_staging.classifiers.scores import score_table
from nodal_staging.estimates.auc import clustered_auc
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
        nodes["patient_id"].to_numpy(str),
    )


def test_site_matched_auc_counts_pairs_of_one_location(nodes):
    score = np.random.default_rng(0).integers(0, 6, len(nodes))
    found = site_matched(nodes, score)
    expected, pairs = brute_force(
        score, nodes["status"] == "positive", nodes["location"]
    )
    assert found.auc() == pytest.approx(expected)
    assert found.n_pairs == pairs


def test_a_classifier_that_knows_only_the_address_reaches_one_half(nodes):
    share = nodes["status"].eq("positive").groupby(nodes["location"]).transform("mean")
    found = site_matched(nodes, share)
    assert found.auc() == 0.5
    assert found.plain() > 0.6
    assert set(found.bootstrap(50, np.random.default_rng(1))) == {0.5}


def test_bootstrap_resamples_patients_with_all_their_nodes(nodes):
    score = np.random.default_rng(0).normal(size=len(nodes))
    found = site_matched(nodes, score).bootstrap(3, np.random.default_rng(6))
    names = np.unique(nodes["patient_id"])
    drawn = np.random.default_rng(6).multinomial(
        len(names), np.full(len(names), 1 / len(names)), size=3
    )
    for auc, counts in zip(found, drawn, strict=True):
        times = pd.Series(counts, index=names)[nodes["patient_id"]].to_numpy()
        again = nodes.loc[nodes.index.repeat(times)]
        repeated = np.repeat(score, times)
        positive = again["status"].eq("positive").to_numpy()
        expected, _ = brute_force(repeated, positive, again["location"].to_numpy())
        assert auc == pytest.approx(expected)


@pytest.fixture
def audited(nodes, tmp_path):
    """Audit one classifier of the address, one of the node, one of both."""
    rng = np.random.default_rng(3)
    place = nodes["location"].isin(tables.LOCATIONS[:4]).to_numpy()
    share = np.where(place, 0.85, 0.15)
    nodes["status"] = np.where(rng.random(len(nodes)) < share, "positive", "negative")
    positive = nodes["status"].eq("positive").to_numpy()
    scores = {
        "cnn_address": place + 1e-3 * rng.normal(size=len(nodes)),
        "cnn_node": 3 * positive + rng.normal(size=len(nodes)),
        "cnn_noise": rng.normal(size=len(nodes)),
    }
    tables.write(nodes, tmp_path / "nodes.tsv", tables.NODES)
    files = {}
    for name, score in scores.items():
        files[name] = tmp_path / f"{name}.csv"
        tables.write(score_table(nodes, score, "test"), files[name], tables.SCORES)
    audit_location(
        scores=files,
        nodes=tmp_path / "nodes.tsv",
        replicates=300,
        confidence_level=0.95,
        seed=1,
        location=tmp_path / "location.tsv",
    )
    return tmp_path


def test_the_verdict_finds_the_secret(audited):
    write_verdict(
        location=audited / "location.tsv",
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
        "cnn_address": "its address",
        "cnn_node": "the node",
        "cnn_noise": "cannot be told",
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
        location=audited / "location.tsv",
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


def test_each_classifier_stands_beside_what_it_sees(tmp_path):
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
