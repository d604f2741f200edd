"""Precision against enumeration, simulation and statsmodels."""

import json
from itertools import product
from math import comb
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm
from statsmodels.stats.proportion import proportion_confint

from nodal_staging import tables
from nodal_staging.estimates.auc_intervals import delong_interval
from nodal_staging.estimates.paired_tests import (
    Discordance,
    p_corrected,
    p_exact,
    p_mid,
)
from nodal_staging.statistics.precision.area import binormal, expected_error
from nodal_staging.statistics.precision.power import (
    TESTS,
    critical_values,
    detectable,
    nodes_needed,
    power,
)
from nodal_staging.statistics.precision.precision_tables import (
    DETECTABLE,
    NEEDED,
    PRECISION,
    PrecisionFiles,
    compute_precision,
)

ROOT = Path(__file__).parents[2]
P_VALUES = {"mid": p_mid, "exact": p_exact, "corrected": p_corrected}
LEVELS = [0.05, 0.005, 0.05 / 21]


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("test", TESTS)
def test_critical_values_are_where_p_crosses_the_level(test, level):
    limits = critical_values(test, level, 160)
    for pairs in range(160):
        significant = [
            k
            for k in range(pairs // 2 + 1)
            if P_VALUES[test](Discordance(k, pairs - k)) < level
        ]
        assert limits[pairs] == max(significant, default=-1)


@pytest.mark.parametrize("test", TESTS)
@pytest.mark.parametrize(
    ("discordance", "difference"), [(0.4, 0.3), (0.7, 0.0), (1, 1)]
)
def test_power_is_the_sum_over_all_tables(test, discordance, difference):
    n, level = 24, 0.05
    only_a = (discordance + difference) / 2
    only_b = (discordance - difference) / 2
    expected = 0.0
    for b, c in product(range(n + 1), repeat=2):
        if b + c > n:
            continue
        chance = comb(n, b) * comb(n - b, c)
        chance *= only_a**b * only_b**c * (1 - discordance) ** (n - b - c)
        expected += chance * (P_VALUES[test](Discordance(b, c)) < level)
    assert power(n, discordance, difference, test, level) == pytest.approx(
        expected, abs=1e-12
    )


def test_the_detectable_difference_is_found_as_often_as_asked():
    """Simulated tables of the published size, not the formula turned round."""
    n, discordance = 130, 0.2
    difference = detectable(n, discordance, "exact", 0.005, target=0.8)
    rng = np.random.default_rng(1)
    shares = [(discordance + difference) / 2, (discordance - difference) / 2]
    drawn = rng.multinomial(n, [*shares, 1 - discordance], size=4000)
    found = [p_exact(Discordance(int(b), int(c))) < 0.005 for b, c, _ in drawn]
    assert np.mean(found) == pytest.approx(0.8, abs=0.025)


def test_what_cannot_be_found_at_any_difference_is_none():
    """With 2 of 20 nodes discordant, 0.005 is out of reach."""
    assert detectable(20, 0.1, "exact", 0.005, target=0.8) is None


@pytest.mark.parametrize("test", TESTS)
def test_needed_nodes_are_the_first_that_always_suffice(test):
    n = nodes_needed(0.1, 0.2, test, 0.05, target=0.8)
    assert power(n - 1, 0.2, 0.1, test, 0.05) < 0.8
    assert all(power(k, 0.2, 0.1, test, 0.05) >= 0.8 for k in range(n, n + 60))
    # Miettinen's asymptotic size, without correction.
    z = norm.isf(0.025) * np.sqrt(0.2) + norm.isf(0.2) * np.sqrt(0.2 - 0.01)
    assert n == pytest.approx((z / 0.1) ** 2, rel=0.11)


def test_a_difference_too_small_for_any_study_is_none():
    assert nodes_needed(0.001, 0.5, "mid", 0.05, target=0.8) is None


@pytest.mark.parametrize("area", [0.5, 0.65, 0.858, 0.955])
def test_binormal_pairs_against_the_bivariate_normal(area):
    quantile = norm.ppf(area)
    both = multivariate_normal.cdf([quantile] * 2, [0, 0], [[1, 0.5], [0.5, 1]])
    assert binormal(area) == pytest.approx((both, both), abs=1e-7)


def test_expected_errors_against_simulated_areas():
    """The spread of simulated areas, and DeLong's error on average."""
    m, n, runs = 65, 40, 3000
    rng = np.random.default_rng(3)
    positive = np.arange(m + n) < m
    for model, area in (("binormal", 0.86), ("hanley_mcneil", 0.75)):
        areas, errors = [], []
        for _ in range(runs):
            if model == "binormal":
                score = rng.normal(size=m + n) + np.sqrt(2) * norm.ppf(area) * positive
            else:
                score = rng.exponential(size=m + n)
                score[positive] *= area / (1 - area)
            above = score[:m, None] > score[None, m:]
            areas.append(above.mean())
            if len(errors) < 400:
                errors.append(delong_interval(score, positive, level=0.95)[0])
        expected = expected_error(area, m, n, model=model)
        assert np.mean(areas) == pytest.approx(area, abs=0.005)
        assert np.std(areas) == pytest.approx(expected, rel=0.05)
        assert np.mean(errors) == pytest.approx(expected, rel=0.05)


def statistics(folder, name, sensitivity):
    """Write what the page needs of a classifier's statistics."""
    ends = {"obuchowski_logit": (0.78, 0.93), "bootstrap": (0.79, 0.92)}
    ends["delong"] = (0.8, 0.92)
    lower, upper = proportion_confint(sensitivity, 65, method="wilson")
    share = {"estimate": sensitivity / 65, "lower": lower, "upper": upper}
    content = {
        "classifier": name,
        "n": {"positive": 65, "negative": 65, "patients": 100},
        "auc": {
            "estimate": 0.86,
            "intervals": {m: {"lower": a, "upper": b} for m, (a, b) in ends.items()},
            "standard_error": {"delong": 0.03, "obuchowski": 0.036},
        },
        "metrics": {"sensitivity": share, "specificity": share},
    }
    path = folder / f"{name}.json"
    path.write_text(json.dumps(content))
    return path


OPTIONS = {
    "sizes": [30, 200],
    "areas": [0.75, 0.9],
    "shares": [0.8, 1.0],
    "discordance": [0.1, 0.2],
    "differences": [0.1, 0.15],
    "power": 0.8,
}


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("precision")
    compute_precision(
        statistics=[
            statistics(folder, "reader_1", 52),
            statistics(folder, "cnn_xmask", 50),
        ],
        pairs=10,
        confidence_level=0.95,
        significance=0.005,
        options=OPTIONS,
        outputs=PrecisionFiles(
            precision=folder / "precision.tsv",
            differences=folder / "detectable.tsv",
            needed=folder / "needed.tsv",
            pages=[folder / "precision.md", folder / "precision.html"],
        ),
    )
    return folder


def test_expected_widths_of_shares_are_wilsons(written):
    frame = tables.read(written / "precision.tsv", PRECISION)
    own = frame[frame["classifier"].isna() & (frame["measure"] == "sensitivity")]
    assert sorted(own["n_positive"].unique()) == [30, 65, 200]
    for row in own.itertuples():
        lower, upper = proportion_confint(
            row.value * row.n_positive, row.n_positive, method="wilson"
        )
        assert (row.lower, row.upper) == pytest.approx((lower, upper), abs=1e-9)
        assert row.half_width == pytest.approx((upper - lower) / 2, abs=1e-9)
    assert set(own[own["study"] == "yes"]["n_positive"]) == {65}


def test_what_the_study_reached(written):
    frame = tables.read(written / "precision.tsv", PRECISION)
    reached = frame[frame["classifier"].notna()]
    assert reached["classifier"].unique().tolist() == ["cnn_xmask", "reader_1"]
    area = reached[reached["method"] == "obuchowski_logit"]
    assert area["half_width"].tolist() == pytest.approx([0.075] * 2)
    assert area["design_effect"].tolist() == pytest.approx([1.44] * 2)


def test_the_expected_half_width_at_the_published_size(written):
    """DeLong's interval of AUC 0.9 with 65 and 65 nodes: about 0.053 either side."""
    frame = tables.read(written / "precision.tsv", PRECISION)
    row = frame[
        (frame["method"] == "binormal")
        & (frame["value"] == 0.9)
        & (frame["study"] == "yes")
    ].iloc[0]
    expected = 1.959964 * expected_error(0.9, 65, 65, model="binormal")
    assert row["half_width"] == pytest.approx(expected)
    assert row["upper"] - row["lower"] == pytest.approx(2 * expected)


def test_areas_without_error_have_no_design_effect(tmp_path):
    path = statistics(tmp_path, "reader_1", 65)
    content = json.loads(path.read_text())
    content["auc"]["standard_error"] = {"delong": 0.0, "obuchowski": 0.0}
    path.write_text(json.dumps(content))
    compute_precision(
        statistics=[path],
        pairs=3,
        confidence_level=0.95,
        significance=0.005,
        options=OPTIONS | {"sizes": [30]},
        outputs=PrecisionFiles(
            precision=tmp_path / "precision.tsv",
            differences=tmp_path / "detectable.tsv",
            needed=tmp_path / "needed.tsv",
            pages=[tmp_path / "precision.md"],
        ),
    )
    frame = tables.read(tmp_path / "precision.tsv", PRECISION)
    assert frame["design_effect"].isna().all()
    assert "classifiers is – (" in (tmp_path / "precision.md").read_text()


def test_differences_and_nodes_fit_each_other(written):
    found = tables.read(written / "detectable.tsv", DETECTABLE)
    assert found["level"].unique().tolist() == pytest.approx([0.05, 0.005])
    assert (found["level_of"] == "holm_first").sum() == len(found) / 3
    known = found[found["difference"].notna()]
    assert (known["nodes"] == known["difference"] * known["n"]).all()
    at_study = found[found["study"] == "yes"].set_index(
        ["discordance", "test", "level_of"]
    )["difference"]
    assert (
        at_study.xs("exact", level="test") >= at_study.xs("mid", level="test")
    ).all()
    needed = tables.read(written / "needed.tsv", NEEDED)
    assert (needed["difference"] <= needed["discordance"]).all()
    row = needed[
        (needed["difference"] == 0.1)
        & (needed["discordance"] == 0.2)
        & (needed["test"] == "mid")
        & (needed["level_of"] == "published")
    ].iloc[0]
    assert detectable(int(row["n"]), 0.2, "mid", 0.005, target=0.8) <= 0.1
    assert detectable(int(row["n"]) - 1, 0.2, "mid", 0.005, target=0.8) > 0.1


def test_the_documents_tell_what_is_computed():
    found = detectable(130, 0.2, "exact", 0.005, target=0.8)
    text = " ".join((ROOT / "docs" / "precision.md").read_text().split())
    words = f"{100 * found:.1f} percentage points ({130 * found:.0f} nodes)"
    assert words in text


def test_the_page_repeats_the_tables(written):
    page = (written / "precision.md").read_text()
    assert "65 positive and 65 negative nodes" in page
    assert "design effect of its classifiers is 1.44" in page
    row = tables.read(written / "detectable.tsv", DETECTABLE)
    row = row[(row["study"] == "yes") & (row["test"] == "exact")].iloc[0]
    assert f"{100 * row['difference']:.1f} ({row['nodes']:.1f})" in page
    assert "://" not in (written / "precision.html").read_text()
