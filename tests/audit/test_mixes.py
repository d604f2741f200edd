"""Other mixes of locations: against closed forms, brute force and exact populations."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtri
from scipy.stats import rankdata
from score_files import write_scores

from nodal_staging import tables
from nodal_staging.audit.mixes.reweighting import (
    REWEIGHTED,
    Reweighting,
    Scored,
    reweight_mixes,
)
from nodal_staging.audit.mixes.smoothed_draws import SmoothedDraws
from nodal_staging.audit.mixes.target_mixes import (
    BUILT_IN,
    TargetMix,
    target_mixes,
)
from nodal_staging.classifiers.called_nodes import CalledNodes
from nodal_staging.classifiers.labelled_scores import LabelledScores
from nodal_staging.classifiers.scores import score_table
from nodal_staging.estimates.auc import empirical_auc
from nodal_staging.estimates.patient_bootstrap import BootstrapOptions, PatientBootstrap
from nodal_staging.study.files import write_json

PLACES = ["axillary", "iliac", "inguinal"]
OPTIONS = BootstrapOptions(100, 0.95, 3)
# Positive and negative nodes by location and by score 0, 1, 2.
POPULATION = {
    "axillary": ([2, 3, 5], [6, 3, 1]),
    "iliac": ([1, 4, 15], [4, 5, 1]),
    "inguinal": ([4, 4, 2], [20, 15, 5]),
}


def population(scores=POPULATION) -> pd.DataFrame:
    """Return a node per count, two of a status in each patient."""
    rows = [
        {"status": status, "location": place, "score": float(score)}
        for place, sides in scores.items()
        for status, counts in zip(("positive", "negative"), sides, strict=True)
        for score, count in enumerate(counts)
        for _ in range(count)
    ]
    frame = pd.DataFrame(rows)
    frame["node_id"] = [f"N{number:04d}" for number in range(len(frame))]
    frame["patient_id"] = [f"P{number // 2:04d}" for number in range(len(frame))]
    return frame


def reweighting(nodes, score=None, options=OPTIONS) -> Reweighting:
    values = nodes["score"].to_numpy() if score is None else score
    tested = LabelledScores(
        nodes["node_id"].to_numpy(str),
        nodes["patient_id"].to_numpy(str),
        nodes["status"].eq("positive").to_numpy(bool),
        values,
        None,
    )
    return Reweighting(CalledNodes("c", tested, values >= 1), nodes, options)


def rows_of(nodes, own=None, score=None) -> pd.DataFrame:
    tested = reweighting(nodes, score)
    mixes = target_mixes(nodes, tested.locations, own or {})
    frame = pd.DataFrame(tested.rows(mixes))
    return frame.set_index("mix").reindex(columns=list(REWEIGHTED.columns)[2:])


def exact(shares) -> tuple[float, float, float]:
    """Return AUC, sensitivity, specificity of the population with other locations.

    ``shares`` are those of positive and of negative nodes by location.
    """
    positive, negative = (
        sum(
            share * np.array(POPULATION[place][side]) / sum(POPULATION[place][side])
            for place, share in zip(PLACES, shares[side], strict=True)
        )
        for side in (0, 1)
    )
    auc = sum(
        positive[i] * negative[j] * ((i > j) + 0.5 * (i == j))
        for i in range(3)
        for j in range(3)
    )
    return auc, positive[1:].sum(), negative[0]


COUNTS = np.array([[sum(side) for side in POPULATION[place]] for place in PLACES]).T
POSITIVE, NEGATIVE = COUNTS / COUNTS.sum(axis=1, keepdims=True)
POOLED = COUNTS.sum(axis=0) / COUNTS.sum()
OTHER = {"axillary": [0.5, 10], "inguinal": [1.5, 30]}


@pytest.mark.parametrize(
    ("mix", "shares"),
    [
        ("as_tested", (POSITIVE, NEGATIVE)),
        ("natural", (POSITIVE, NEGATIVE)),
        ("reversed", (NEGATIVE, POSITIVE)),
        ("balanced", (POOLED, POOLED)),
        ("uniform", (np.full(3, 1 / 3), np.full(3, 1 / 3))),
        ("other", ([0.25, 0, 0.75], [0.25, 0, 0.75])),
    ],
)
def test_results_are_those_of_a_population_with_the_mix(mix, shares):
    row = rows_of(population(), {"other": OTHER}).loc[mix]
    found = row[["auc", "sensitivity", "specificity"]].to_numpy(float)
    np.testing.assert_allclose(found, exact(shares), atol=1e-12)
    assert row["covered"] == pytest.approx(1)
    share = COUNTS[0].sum() / COUNTS.sum()
    _, hit, right = exact(shares)
    ppv = share * hit / (share * hit + (1 - share) * (1 - right))
    assert row["ppv"] == pytest.approx(ppv)


def test_weights_of_one_change_nothing():
    nodes = population()
    row = rows_of(nodes).loc["as_tested"]
    positive = nodes["status"].eq("positive").to_numpy()
    expected = empirical_auc(nodes["score"].to_numpy(), positive)
    assert row["auc"] == pytest.approx(expected, abs=1e-12)
    assert row["effective_positive"] == pytest.approx(positive.sum())
    assert np.isnan(float(row["difference"]))


def test_the_location_alone_is_worth_nothing_or_misleads():
    nodes = population()
    ratio = pd.Series(np.log(POSITIVE / NEGATIVE), index=PLACES)
    rows = rows_of(nodes, score=ratio.loc[nodes["location"]].to_numpy())
    assert rows.loc["balanced", "auc"] == pytest.approx(0.5, abs=1e-12)
    assert rows.loc["balanced", "auc_lower"] == pytest.approx(0.5, abs=1e-12)
    expected = 1 - rows.loc["as_tested", "auc"]
    assert rows.loc["reversed", "auc"] == pytest.approx(expected, abs=1e-12)


def test_a_score_without_the_location_keeps_its_auc():
    same = {
        place: (np.array([2, 3, 5]) * factors[0], np.array([5, 3, 2]) * factors[1])
        for place, factors in zip(PLACES, ((1, 4), (3, 1), (2, 2)), strict=True)
    }
    areas = rows_of(population(same), {"other": OTHER})["auc"].to_numpy(float)
    np.testing.assert_allclose(areas, areas[0], atol=1e-12)


def smoothed(nodes, score=None, replicates=60) -> SmoothedDraws:
    values = nodes["score"].to_numpy(float) if score is None else score
    drawn = PatientBootstrap(
        nodes["status"].eq("positive").to_numpy(bool),
        nodes["patient_id"].to_numpy(str),
        BootstrapOptions(replicates, 0.95, 3),
    )
    place = np.searchsorted(PLACES, nodes["location"].to_numpy(str))
    return SmoothedDraws(values, values >= 1, place, drawn)


SHARE = np.array([[0.2, 0.5, 0.3, 0.1, 0.5, 0.4]])


def test_a_draw_is_the_weighted_share_of_pairs_of_shifted_nodes():
    nodes = population()
    rng = np.random.default_rng(7)
    # All scores differ, and the threshold lies between two of them.
    score = nodes["score"].to_numpy() + rng.uniform(0, 0.9, len(nodes))
    draws = smoothed(nodes, score)
    (found,) = draws.measures(SHARE)
    n = len(nodes)
    quantile = ndtri((rankdata(score) - 0.5) / n)
    cut = (quantile[score < 1].max() + quantile[score >= 1].min()) / 2
    positive, cell = draws.drawn.positive, draws.cell
    for draw in (0, 5, 17):
        times = np.ones(n)
        if draw:
            times = draws.drawn.times[draw - 1, draws.drawn.patient]
        moved = quantile + draws._shifts[draw][cell]
        weight = np.zeros(n)
        for one in range(6):
            own = cell == one
            held = times[own] if times[own].any() else np.ones(own.sum())
            weight[own] = SHARE[0, one] * held / held.sum()
        pairs = [
            weight[i] * weight[j] * (moved[i] > moved[j])
            for i in np.flatnonzero(positive)
            for j in np.flatnonzero(~positive)
        ]
        assert found["auc"][draw] == pytest.approx(sum(pairs))
        hits = weight[positive & (moved > cut)].sum()
        assert found["sensitivity"][draw] == pytest.approx(hits)
        right = weight[~positive & (moved <= cut)].sum()
        assert found["specificity"][draw] == pytest.approx(right)


def test_shifts_have_the_variance_that_the_bootstrap_lacks():
    nodes = population(POPULATION | {"iliac": ([0, 0, 1], [4, 5, 1])})
    nodes["patient_id"] = nodes["node_id"]
    draws = smoothed(nodes, replicates=4000)
    quantile = pd.Series(draws._quantile)
    sides = quantile.groupby(draws.cell)
    for positive in (0, 1):
        own = draws.drawn.positive == bool(positive)
        squares = ((quantile - sides.transform("mean"))[own] ** 2).sum()
        pooled = squares / (own.sum() - 3)
        # A single node varies as much as others do within their locations.
        for cell in (positive, 2 + positive, 4 + positive):
            size = draws.nodes[cell]
            kept = ~draws.lacking[1:, cell]
            shifts = draws._shifts[1:, cell]
            assert shifts[kept].var() == pytest.approx(pooled / size**2, rel=0.08)
            if (~kept).sum() > 500:
                expected = pytest.approx(pooled / size, rel=0.12)
                assert shifts[~kept].var() == expected


def test_neither_the_scale_of_scores_nor_that_of_ties_counts():
    nodes = population()
    score = nodes["score"].to_numpy(float)
    draws = smoothed(nodes)
    stretched = replace(draws, score=np.exp(3 * score))
    expected = draws.measures(SHARE)[0]["auc"]
    np.testing.assert_array_equal(stretched.measures(SHARE)[0]["auc"], expected)
    # Coarse scores have no wider interval than fine ones that they are made from.
    rng = np.random.default_rng(2)
    fine = smoothed(nodes, score + rng.uniform(0, 1, len(nodes)), 400)
    coarse = smoothed(nodes, replicates=400)
    spreads = [one.measures(SHARE)[0]["auc"].std() for one in (coarse, fine)]
    assert spreads[0] < 1.1 * spreads[1]


def test_the_order_of_nodes_does_not_count():
    nodes = population()
    order = np.random.default_rng(8).permutation(len(nodes))
    shuffled = nodes.iloc[order].reset_index(drop=True)
    # Names stay with their nodes, so that patients are the same.
    one, other = (rows_of(frame, {"other": OTHER}) for frame in (nodes, shuffled))
    numbers = one.select_dtypes("number").columns
    np.testing.assert_allclose(
        one[numbers].to_numpy(float), other[numbers].to_numpy(float), atol=1e-12
    )


def test_effective_nodes_are_kish():
    nodes = population()
    row = rows_of(nodes, {"other": OTHER}).loc["other"]
    # 10 positive nodes weigh 1/4 together, other 10 weigh 3/4.
    expected = 1 / (10 * 0.025**2 + 10 * 0.075**2)
    assert row["effective_positive"] == pytest.approx(expected)
    assert row["effective_positive"] < 20
    assert row["note"] == "too_few"
    assert np.isnan(float(row["auc_lower"]))


def test_a_mix_without_tested_nodes_has_no_number():
    nodes = population(POPULATION | {"iliac": ([1, 4, 15], [0, 0, 0])})
    own = {
        "iliac_alone": {"iliac": [1, 1]},
        "most": {"iliac": [1, 1], "inguinal": [9, 9]},
    }
    rows = rows_of(nodes, own)
    assert rows.loc["iliac_alone", "note"] == "not_covered"
    assert pd.isna(rows.loc["iliac_alone", "auc"])
    assert rows.loc["most", "covered"] == pytest.approx(0.9)
    assert rows.loc["balanced", "covered"] == pytest.approx(70 / 90)
    assert rows.loc["uniform", "covered"] == 1


def test_draws_that_lack_a_location_are_counted():
    nodes = population(POPULATION | {"iliac": ([1, 4, 15], [1, 0, 0])})
    nodes["patient_id"] = nodes["node_id"]
    tested = reweighting(nodes, options=BootstrapOptions(500, 0.95, 1))
    rows = pd.DataFrame(tested.rows([TargetMix("as_tested"), TargetMix("balanced")]))
    # The only such node is missing in a draw with a probability of about 1/e.
    share = rows["draws_without"].to_numpy() / 500
    np.testing.assert_allclose(share, 0.37, atol=0.08)


def test_table_holds_every_classifier_and_mix(tmp_path):
    nodes = population()
    measured = nodes.reindex(columns=list(tables.NODES.columns))
    measured = measured.assign(**_filled(measured))
    tables.write(measured, tmp_path / "nodes.tsv", tables.NODES)
    scored = {}
    for name, shift in (("a", 0.0), ("b", 1.0)):
        rows = score_table(nodes, nodes["score"] - shift, "test")
        write_scores(tmp_path / f"{name}.csv", rows)
        statistics = {"threshold": {"value": 1.0 - shift}}
        write_json(tmp_path / f"{name}.json", statistics)
        scored[name] = Scored(tmp_path / f"{name}.csv", tmp_path / f"{name}.json")
    for output in ("one", "two"):
        reweight_mixes(
            scored=scored,
            nodes=tmp_path / "nodes.tsv",
            mixes={"other": OTHER},
            bootstrap=OPTIONS,
            output=tmp_path / f"{output}.tsv",
        )
    assert (tmp_path / "one.tsv").read_bytes() == (tmp_path / "two.tsv").read_bytes()
    frame = tables.read(tmp_path / "one.tsv", REWEIGHTED)
    order = [*BUILT_IN[:3], "other", *BUILT_IN[3:]]
    assert frame["mix"].tolist() == order * 2
    first, second = (rows for _, rows in frame.groupby("classifier"))
    shared = list(REWEIGHTED.columns)[1:]
    pd.testing.assert_frame_equal(
        first[shared].reset_index(drop=True), second[shared].reset_index(drop=True)
    )


def _filled(frame: pd.DataFrame) -> dict[str, object]:
    """Fill the columns of measured nodes that no mix reads."""
    filled: dict[str, object] = {}
    for name, column in tables.NODES.columns.items():
        if frame[name].isna().all():
            word = column.words[0] if column.words else "1"
            filled[name] = word if column.dtype == "str" else 1
    return filled
