"""pROC through rpy2: known values, and the traps that must stay shut."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from r_session import ENGINE, robjects

from nodal_staging.statistics.proc import ProcError, RocCurve

SOURCE = str(Path(__file__).parents[2] / "src")
LEVEL = 0.95


@pytest.fixture(scope="module")
def asah():
    """Return S100b and outcome of pROC's own data, 41 poor of 113."""
    frame = robjects.r("pROC::aSAH")
    score = np.array(frame.rx2("s100b"), float)
    poor = np.array(robjects.r("pROC::aSAH$outcome == 'Poor'"), bool)
    return score, poor


def binormal(seed, n=65, shift=2.4):
    """Return scores and status of two equal classes."""
    rng = np.random.default_rng(seed)
    positive = np.arange(2 * n) < n
    return rng.normal(size=2 * n) + shift * positive, positive


def in_new_process(code, folder, **environment):
    """Run Python elsewhere; return its last line and its errors."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": SOURCE, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout, done.stderr


def test_published_values_of_asah(asah):
    """As printed in the documentation of pROC."""
    curve = RocCurve(*asah)
    delong = curve.delong_interval(level=LEVEL)
    assert curve.auc() == pytest.approx(0.7313686, abs=5e-8)
    assert (delong.lower, delong.upper) == pytest.approx((0.6301182, 0.8326189), 1e-6)
    assert delong.method == "delong"


def test_bootstrap_of_asah_is_that_of_rscript(asah):
    """The interval that Rscript gives for seed 42, to the last digit."""
    found = RocCurve(*asah).bootstrap_interval(level=LEVEL, replicates=2000, seed=42)
    assert found.lower == pytest.approx(0.6265201558265583, abs=1e-15)
    assert found.upper == pytest.approx(0.8272357723577236, abs=1e-15)
    assert found.method == "bootstrap"


def test_the_seed_decides_and_not_the_order_of_calls(asah):
    curve = RocCurve(*asah)
    settings = {"level": LEVEL, "replicates": 100}
    first = curve.bootstrap_interval(seed=1, **settings)
    other = curve.bootstrap_interval(seed=2, **settings)
    assert curve.bootstrap_interval(seed=1, **settings) == first != other


def test_boot_n_alone_is_delong_under_another_name(asah):
    """The trap behind the symmetric intervals of the published study."""
    score, positive = asah
    curve = RocCurve(score, positive)
    trapped = robjects.r("pROC::ci.auc")(
        curve._curve, **{"boot.n": 10_000, "boot.stratified": True}
    )
    assert robjects.r["attr"](trapped, "boot.n")[0] == 10_000
    assert robjects.r["attr"](trapped, "method")[0] == "delong"
    delong = curve.delong_interval(level=LEVEL)
    assert (trapped[0], trapped[2]) == (delong.lower, delong.upper)


def test_bootstrap_is_not_delong():
    curve = RocCurve(*binormal(3))
    delong = curve.delong_interval(level=LEVEL)
    bootstrap = curve.bootstrap_interval(level=LEVEL, replicates=2000, seed=1)
    area = curve.auc()
    assert delong.upper - area == pytest.approx(area - delong.lower, abs=1e-12)
    assert (area - bootstrap.lower) - (bootstrap.upper - area) > 0.004


def test_another_method_than_asked_for_is_an_error(asah, monkeypatch):
    curve = RocCurve(*asah)
    r = curve._r
    monkeypatch.setattr(
        curve,
        "_r",
        lambda c: r(
            c.replace(
                "pROC::ci.auc", "function(roc, method, ...) pROC::ci.auc(roc, ...)"
            )
        ),
    )
    with pytest.raises(ProcError, match="by delong where bootstrap was expected"):
        curve.bootstrap_interval(level=LEVEL, replicates=100, seed=1)


def test_direction_is_never_chosen_by_the_engine():
    score, positive = binormal(5)
    assert RocCurve(-score, positive).auc() < 0.2


def test_points_run_from_all_to_nothing():
    thresholds, sensitivities, specificities = RocCurve(
        np.array([1.0, 2, 2, 3]), np.array([False, False, True, True])
    ).points()
    assert thresholds.tolist() == [-np.inf, 1.5, 2.5, np.inf]
    assert sensitivities.tolist() == [1, 1, 0.5, 0]
    assert specificities.tolist() == [0, 0.5, 1, 1]


def test_three_tenths_hit_the_step_however_they_are_computed():
    score = np.array([*range(10), *(x + 0.5 for x in range(10))])
    curve = RocCurve(score, np.arange(20) >= 10)
    grids = [np.array([0.3]), np.array([3 * 0.1])]
    bands = [
        curve.sensitivity_band(g, level=LEVEL, replicates=200, seed=1) for g in grids
    ]
    assert 3 * 0.1 != 0.3
    assert bands[0].tolist() == bands[1].tolist()


def test_one_case_of_score_fifty_is_refused():
    """R would draw from 1 to 50 instead of the one value."""
    with pytest.raises(ProcError, match="at least 2 nodes of each class, found 1"):
        RocCurve(np.array([50.0, 10, 20, 30]), np.array([True, False, False, False]))


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_scores_that_proc_would_drop_are_refused(wrong):
    score, positive = binormal(1)
    score[3] = wrong
    with pytest.raises(ProcError, match="finite"):
        RocCurve(score, positive)


@pytest.mark.parametrize("seed", [0, -1, 2**31])
def test_seeds_that_r_cannot_take_are_refused(asah, seed):
    with pytest.raises(ProcError, match="out of R's range"):
        RocCurve(*asah).bootstrap_interval(level=LEVEL, replicates=100, seed=seed)


def test_perfect_and_constant_scores_have_an_answer():
    positive = np.arange(20) < 10
    perfect = RocCurve(positive.astype(float), positive)
    assert perfect.auc() == 1
    assert perfect.delong_interval(level=LEVEL).lower == 1
    assert perfect.bootstrap_interval(level=LEVEL, replicates=100, seed=1).lower == 1
    constant = RocCurve(np.ones(20), positive)
    assert constant.auc() == 0.5
    assert constant.bootstrap_interval(level=LEVEL, replicates=100, seed=1).upper == 0.5
    assert constant.specificity_at(0.9) == pytest.approx(0.1, abs=1e-15)


def test_engine_names_both_versions():
    words = ENGINE.split()
    assert (words[0], words[2], words[3]) == ("pROC", "on", "R")


RUN = """
import numpy as np
from nodal_staging.statistics.proc import RocCurve
score = np.random.default_rng(1).normal(size=40)
curve = RocCurve(score, np.arange(40) < 20)
print(curve.bootstrap_interval(level=.95, replicates=100, seed=7))
"""


def test_an_rprofile_changes_nothing_and_r_keeps_silent(tmp_path):
    hostile = tmp_path / "hostile"
    clean = tmp_path / "clean"
    for folder in (hostile, clean):
        folder.mkdir()
    (hostile / ".Rprofile").write_text(
        'RNGkind(sample.kind = "Rounding"); options(OutDec = ","); cat("noise")'
    )
    found, errors = in_new_process(RUN, hostile)
    assert (found, errors) == in_new_process(RUN, clean)
    assert found.count("\n") == 1
    assert not errors


def test_variables_of_r_change_nothing(tmp_path):
    for name in ("profile", "environ"):
        (tmp_path / name).write_text('cat("noise")\n')
    variables = {
        "R_DEFAULT_PACKAGES": "NULL",
        "R_PROFILE": str(tmp_path / "profile"),
        "R_PROFILE_USER": str(tmp_path / "profile"),
        "R_ENVIRON": str(tmp_path / "environ"),
    }
    assert in_new_process(RUN, tmp_path, **variables) == in_new_process(RUN, tmp_path)


def test_r_starts_without_the_users_files(tmp_path):
    (tmp_path / ".Rprofile").write_text('options(OutDec = ",")')
    (tmp_path / ".Renviron").write_text("NODAL=seen")
    code = (
        "from nodal_staging.statistics.embedded_r import start_r\n"
        "r = start_r()\n"
        """print(r('getOption("OutDec")')[0], r('Sys.getenv("NODAL")')[0] == "")"""
    )
    assert in_new_process(code, tmp_path) == (". True\n", "")


def test_a_missing_r_is_a_sentence(tmp_path):
    code = (
        "from nodal_staging.statistics.proc import ProcError, engine\n"
        "try: engine()\n"
        "except ProcError as error: print(error)"
    )
    found, _ = in_new_process(code, tmp_path, PATH=str(tmp_path), R_HOME="")
    assert "R cannot be started" in found
    assert "install R" in found


def test_programs_started_after_r_find_their_own_libraries():
    """R sets a search path under which another Python's libraries may be found."""
    body = (
        "import os\n"
        "from nodal_staging.statistics.proc import engine\n"
        "before = os.environ.get('LD_LIBRARY_PATH')\n"
        "engine()\n"
        "assert os.environ.get('LD_LIBRARY_PATH') == before"
    )
    for given in ({}, {"LD_LIBRARY_PATH": "/opt/own"}):
        environment = {k: v for k, v in os.environ.items() if k != "LD_LIBRARY_PATH"}
        subprocess.run(
            [sys.executable, "-c", body],
            env=environment | given | {"PYTHONPATH": SOURCE},
            check=True,
        )
