"""What the comparison finds, and what it lets pass."""

from dataclasses import replace

import numpy as np
import pytest

from nodal_staging.classifiers.labelled_scores import LabelledScores
from nodal_staging.estimates.implementation_agreement import AgreementError
from nodal_staging.statistics.cross_check import ask_proc, compare_with_proc
from nodal_staging.statistics.proc_bootstrap import BootstrapSettings

GRID = np.round(np.linspace(0, 1, 21), 12)


def binormal(seed, shift, levels=None):
    """Return a test partition with 65 scores of each class."""
    rng = np.random.default_rng(seed)
    positive = np.arange(130) < 65
    score = rng.normal(size=130) + shift * positive
    score = np.round(score * levels) if levels else score
    names = np.arange(130).astype(str)
    return LabelledScores(names, names, positive, score, None)


def proc_results(sample):
    """Ask pROC with fixed seeds."""
    seeds = {"auc": 1, "band": 2, "specificity": 3}
    return ask_proc(sample, BootstrapSettings(GRID, 0.9, 0.95, 300, seeds))


def compared(results, sample):
    """Compare with a fixed stream."""
    return compare_with_proc(results, sample, rng=np.random.default_rng(1))


@pytest.mark.parametrize(
    ("shift", "levels"),
    [(1.5, None), (2.4, None), (0, None), (1.5, 1), (9, None), (-1.5, 2), (0, 1e-9)],
)
def test_both_agree_on_every_kind_of_scores(shift, levels):
    sample = binormal(7, shift, levels)
    found = compared(proc_results(sample), sample)
    for quantity in ("auc_difference", "delong_difference", "curve_difference"):
        assert found[quantity] <= 1e-12


def test_delong_under_the_name_of_the_bootstrap_is_found_out():
    sample = binormal(3, 2.4)
    results = proc_results(sample)
    compared(results, sample)
    wrong = replace(
        results,
        bootstrap=results.delong,
        settings=replace(results.settings, replicates=10_000),
    )
    with pytest.raises(AgreementError, match="bootstrap interval of the AUC"):
        compared(wrong, sample)


@pytest.mark.parametrize(
    ("field", "shift", "quantity"),
    [
        ("auc", 1e-9, "AUC"),
        ("sensitivities", 1e-9, "sensitivities"),
        ("specificities", 1e-9, "specificities"),
        ("specificity_at_target", 1e-9, "specificity at the target"),
        ("band", 0.15, "band of the sensitivity"),
        ("specificity_interval", 0.15, "interval of the specificity"),
    ],
)
def test_every_quantity_is_looked_at(field, shift, quantity):
    sample = binormal(4, 1.5)
    results = proc_results(sample)
    wrong = replace(results, **{field: getattr(results, field) - shift})
    with pytest.raises(AgreementError, match=quantity):
        compared(wrong, sample)
