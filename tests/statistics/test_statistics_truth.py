"""What pROC's own tests expect of data(aSAH), and that nothing around R changes it.

Values of pROC's test suite (tests/testthat: test-auc, test-var, test-cov, test-coords,
test-ci.auc, test-roc.test, helper-bootstrap-expected), reproduced by the functions that
studies use.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from evaluation import evaluate
from r_session import robjects
from score_files import simulate

from nodal_staging.estimates import auc, auc_intervals, delong, implementation_agreement
from nodal_staging.estimates.curve import (
    empirical_curve,
    interpolated_specificity,
    youden_choice,
)
from nodal_staging.estimates.delong import clustered_areas
from nodal_staging.statistics import proc_bootstrap
from nodal_staging.statistics.proc import RocCurve
from nodal_staging.statistics.proc_bootstrap import BootstrapSettings

ROOT = Path(__file__).parents[2]
PLACES = os.pathsep.join([str(ROOT / "src"), str(ROOT / "tests" / "helpers")])
LEVEL = 0.95
TENTHS = np.round(np.arange(11) / 10, 12)

AREAS = {
    "wfns": (0.823678861788618, 0.00146991470882363),
    "ndka": (0.611957994579946, 0.0031908105493913),
    "s100b": (0.731368563685637, 0.00266868245717244),
}
COVARIANCES = {
    ("wfns", "ndka"): -0.000532967856762438,
    ("ndka", "s100b"): -0.000756164938056579,
    ("s100b", "wfns"): 0.00119615567376754,
}
TESTS = {
    ("wfns", "s100b"): (
        2.20898359144091,
        0.0271757822291882,
        0.0104061769564846,
        0.174214419249478,
    ),
    ("wfns", "ndka"): (
        2.79777591868904,
        0.00514557970691098,
        0.0634011709339876,
        0.3600405634833566,
    ),
    ("ndka", "s100b"): (
        -1.39077002573558,
        0.164295175223054,
        -0.2876917446341914,
        0.0488706064228094,
    ),
}
SPECIFICITIES = [
    1, 1, 1, 0.972222222222222, 0.888888888888889, 0.833333333333333,
    0.805555555555556, 0.56875, 0.447222222222222, 0.230555555555556, 0,
]  # fmt: skip
SENSITIVITIES = [
    1, 0.975609756097561, 0.921951219512195, 0.879674796747967, 0.823693379790941,
    0.774390243902439, 0.675609756097561, 0.655284552845528, 0.634146341463415,
    0.390243902439024, 0.292682926829268,
]  # fmt: skip


@pytest.fixture(scope="module")
def asah():
    """Return three scores and the outcome, 41 poor of 113."""
    scores = {
        name: np.array(robjects.r(f"as.numeric(pROC::aSAH${name})"), float)
        for name in AREAS
    }
    return scores, np.array(robjects.r("pROC::aSAH$outcome == 'Poor'"), bool)


@pytest.mark.parametrize("name", AREAS)
def test_areas_and_variances(asah, name):
    scores, poor = asah
    area, variance = AREAS[name]
    score = scores[name]
    assert RocCurve(score, poor).auc() == pytest.approx(area, abs=1e-12)
    assert auc.placements(score, poor)[0].mean() == pytest.approx(area, abs=1e-12)
    error, _, _ = auc_intervals.delong_interval(score, poor, level=LEVEL)
    assert error**2 == pytest.approx(variance, abs=1e-12)
    alone = np.arange(len(poor)).astype(str)
    clustered = clustered_areas(score[None], poor, alone).covariance[0, 0]
    assert clustered == pytest.approx(variance, abs=1e-12)


@pytest.mark.parametrize("pair", COVARIANCES)
def test_covariances(asah, pair):
    scores, poor = asah
    alone = np.arange(len(poor)).astype(str)
    stacked = np.stack([scores[name] for name in pair])
    for found in (
        clustered_areas(stacked, poor, alone),
        delong.delong_areas(stacked, poor),
    ):
        expected = pytest.approx(COVARIANCES[pair], abs=1e-12)
        assert found.covariance[0, 1] == expected


def test_delong_interval(asah):
    scores, poor = asah
    expected = (0.501244999271703, 0.722670989888189)
    theirs = RocCurve(scores["ndka"], poor).delong_interval(level=LEVEL)
    _, *ours = auc_intervals.delong_interval(scores["ndka"], poor, level=LEVEL)
    assert (theirs.lower, theirs.upper) == pytest.approx(expected, abs=1e-12)
    assert ours == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("pair", TESTS)
def test_paired_tests(asah, pair):
    scores, poor = asah
    a, b = (RocCurve(scores[name], poor) for name in pair)
    found = a.compare(b, level=LEVEL)
    values = (found.z, found.p, found.lower, found.upper)
    assert values == pytest.approx(TESTS[pair], abs=1e-12)
    turned = b.compare(a, level=LEVEL)
    assert (turned.z, turned.p) == pytest.approx((-found.z, found.p), abs=1e-14)


def test_operating_points(asah):
    """Sensitivity 26/41 and specificity 58/72 at the best threshold, 0.205."""
    scores, poor = asah
    curve = empirical_curve(scores["s100b"], poor)
    best = youden_choice(curve, "lowest")
    assert best.threshold == pytest.approx(0.205, abs=1e-12)
    assert best.tied == (best.threshold,)
    place = int(np.flatnonzero(curve.thresholds == best.threshold)[0])
    assert (curve.true_positives[place], curve.true_negatives[place]) == (26, 58)
    assert len(curve.thresholds) == 51


def test_specificities_at_sensitivities(asah):
    scores, poor = asah
    curve = empirical_curve(scores["s100b"], poor)
    theirs = RocCurve(scores["s100b"], poor)
    for sensitivity, expected in zip(TENTHS, SPECIFICITIES, strict=True):
        found = theirs.specificity_at(sensitivity)
        assert found == pytest.approx(expected, abs=1e-12)
        if 0 < sensitivity < 1:
            ours = interpolated_specificity(curve, sensitivity)
            assert ours == pytest.approx(expected, abs=1e-12)


def test_sensitivities_at_specificities(asah):
    scores, poor = asah
    everyone = proc_bootstrap.Classes.of(scores["s100b"], poor)
    once = [np.arange(k)[None, :] for k in (41, 72)]
    found = everyone.replicates(*once, TENTHS, TENTHS)
    assert found.sensitivity[0] == pytest.approx(SENSITIVITIES, abs=1e-12)
    assert found.specificity[0] == pytest.approx(SPECIFICITIES, abs=1e-12)


@pytest.mark.parametrize("engine", ["proc", "replayed"])
def test_bootstraps_of_seed_42(asah, engine):
    """Ten replicates each, printed with ten digits."""
    scores, poor = asah
    where = np.array([0.1, 0.5, 0.9])

    def intervals(name, target, level=LEVEL):
        seeds = dict.fromkeys(("auc", "band", "specificity"), 42)
        settings = BootstrapSettings(where, target, level, 10, seeds)
        curve = RocCurve(scores[name], poor)
        if engine == "proc":
            return proc_bootstrap.by_proc(curve, settings)
        return proc_bootstrap.replayed(curve, scores[name], poor, settings)

    digits = {"abs": 6e-11}
    of_wfns = intervals("wfns", 0.5).auc
    ends = (of_wfns.lower, of_wfns.upper)
    assert ends == pytest.approx((0.7903158875, 0.8561144986), **digits)
    found = intervals("s100b", 0.5)
    ends = (found.auc.lower, found.auc.upper)
    assert ends == pytest.approx((0.6243309621, 0.7852007114), **digits)
    at_90 = intervals("s100b", 0.5, 0.90).auc
    ends = (at_90.lower, at_90.upper)
    assert ends == pytest.approx((0.6372120596, 0.7797510163), **digits)
    band = [
        [0.9079268293, 0.9756097561, 1],
        [0.5911585366, 0.7889874353, 0.8474847561],
        [0.2756707317, 0.4146341463, 0.4634146341],
    ]
    assert found.band == pytest.approx(np.array(band), **digits)
    specificity = {
        0.1: (1, 1, 1),
        0.5: (0.64375, 0.8402777778, 0.875),
        0.9: (0.1239837963, 0.2230902778, 0.3513888889),
    }
    for target, expected in specificity.items():
        assert intervals("s100b", target).specificity == pytest.approx(
            expected, **digits
        )


IN_R = """
suppressMessages(library(pROC))
data(aSAH)
curve <- roc(aSAH$outcome == "Poor", aSAH$s100b, levels = c(FALSE, TRUE),
             direction = "<", quiet = TRUE)
options(pROCProgress = list(name = "none"))
show <- function(x) cat(sprintf("%.17g", as.numeric(x)), sep = "\\n")
set.seed(7)
show(ci.auc(curve, method = "bootstrap", boot.n = 300)[c(1, 3)])
set.seed(8)
show(t(ci.se(curve, specificities = c(0.1, 0.55, 0.9), boot.n = 300)))
set.seed(9)
show(ci.sp(curve, sensitivities = 0.9, boot.n = 300))
"""


def test_ends_are_those_of_rscript_with_the_same_seed(asah, tmp_path):
    scores, poor = asah
    (tmp_path / "a.R").write_text(IN_R)
    done = subprocess.run(
        ["Rscript", "--vanilla", tmp_path / "a.R"],
        capture_output=True,
        text=True,
        check=True,
    )
    printed = np.array([float(line) for line in done.stdout.split()])
    seeds = {"auc": 7, "band": 8, "specificity": 9}
    settings = BootstrapSettings(np.array([0.1, 0.55, 0.9]), 0.9, LEVEL, 300, seeds)
    curve = RocCurve(scores["s100b"], poor)
    theirs = proc_bootstrap.by_proc(curve, settings)
    ours = proc_bootstrap.replayed(curve, scores["s100b"], poor, settings)
    for found, tolerance in ((theirs, 0), (ours, 1e-12)):
        ends = [found.auc.lower, found.auc.upper, *found.band.ravel()]
        assert [*ends, *found.specificity] == pytest.approx(printed, abs=tolerance)


def test_ends_of_two_generators_differ_by_less_than_0_005(asah):
    """With 10,000 replicates, as published; areas are multiples of 1/5904."""
    scores, poor = asah
    seeds = dict.fromkeys(("auc", "band", "specificity"), 3)
    settings = BootstrapSettings(np.array([0.5]), 0.9, LEVEL, 10_000, seeds)
    score = scores["s100b"]
    found = proc_bootstrap.replayed(RocCurve(score, poor), score, poor, settings).auc
    ours = implementation_agreement.bootstrap(
        score, poor, np.array([0.5]), replicates=40_000, rng=np.random.default_rng(1)
    )
    ends = np.quantile(ours.auc, [0.025, 0.975])
    assert (found.lower, found.upper) == pytest.approx(ends, abs=0.005)


STUDY = """
import sys
from evaluation import evaluate
evaluate(
    classifier="a", scores=sys.argv[1], replicates=150, statistics="a.json",
    roc="roc.tsv", band="band.tsv", calibration="calibration.tsv",
    decision_curve="decision_curve.tsv",
)
"""


def here(scores, folder, engine):
    """Compute the same in this process."""
    tables_of = {
        name: folder / f"{name}.tsv"
        for name in ("roc", "band", "calibration", "decision_curve")
    }
    evaluate(
        classifier="a",
        scores=scores,
        replicates=150,
        statistics=folder / "a.json",
        bootstrap_engine=engine,
        **tables_of,
    )
    return json.loads((folder / "a.json").read_text())


@pytest.mark.simulation
def test_a_hostile_rprofile_changes_no_statistic(tmp_path):
    """The whole computation in a folder that tries to interfere."""
    scores = simulate(tmp_path / "a.csv")
    folder = tmp_path / "hostile"
    folder.mkdir()
    (folder / ".Rprofile").write_text(
        'RNGkind(sample.kind = "Rounding"); options(OutDec = ","); set.seed(1)'
    )
    subprocess.run(
        [sys.executable, "-c", STUDY, scores],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": PLACES},
        check=True,
    )
    here(scores, tmp_path / "clean", "replayed")
    for path in sorted((tmp_path / "clean").iterdir()):
        assert path.read_bytes() == (folder / path.name).read_bytes()


def test_both_engines_give_the_same_ends(tmp_path):
    scores = simulate(tmp_path / "a.csv")
    replayed = here(scores, tmp_path / "replayed", "replayed")
    engine = here(scores, tmp_path / "proc", "proc")
    for end in ("lower", "upper"):
        for place in ("auc", "at_target_sensitivity"):
            one, other = (
                found[place]["intervals"]["bootstrap"][end]
                if place == "auc"
                else found[place]["interpolated"][end]
                for found in (replayed, engine)
            )
            assert one == pytest.approx(other, abs=1e-12)
    bands = [
        pd.read_csv(tmp_path / name / "band.tsv", sep="\t").to_numpy()
        for name in ("replayed", "proc")
    ]
    assert bands[0] == pytest.approx(bands[1], abs=1e-12)
    assert replayed["agreement"]["replay_difference"] <= 1e-12
    assert engine["agreement"]["replay_difference"] is None
