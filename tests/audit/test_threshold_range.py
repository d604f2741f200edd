"""Warnings on new cohorts whose HU or masks lie outside the range of a threshold."""

import logging

import numpy as np
import pandas as pd
import pytest
from studies import measured_nodes, write_study

from nodal_staging import tables
from nodal_staging.audit.robustness.robustness_tables import ROBUSTNESS
from nodal_staging.audit.robustness.score_changes import frame_of
from nodal_staging.audit.robustness.threshold_range import (
    QUANTITIES,
    THRESHOLD_RANGE,
    check_threshold_range,
    holding_range,
)

TOLERATED = 0.05
CALLS = {
    ("identity", 0.0): 0.0,
    ("hu_shift", -20.0): 0.04,
    ("hu_shift", -10.0): 0.02,
    ("hu_shift", 10.0): 0.03,
    ("hu_shift", 20.0): 0.07,
    ("dilate", 1.0): 0.2,
    ("erode", 1.0): 0.1,
}


def changes():
    return frame_of(
        [
            {
                "classifier": "cnn_xmask",
                "perturbation": name,
                "strength": strength,
                "status": "compared",
                "nodes": 100,
                "calls_changed": share,
                "vanished": 0,
                "too_far": 0,
            }
            for (name, strength), share in CALLS.items()
        ]
    )


def test_the_range_ends_where_too_many_calls_change():
    found = {
        name: holding_range(changes(), quantity, TOLERATED)
        for name, quantity in QUANTITIES.items()
    }
    # Between 3% at 10 HU and 7% at 20 HU; nothing is known below -20 HU.
    assert found["attenuation"] == pytest.approx((-20, 15))
    # 10% at 1 mm narrower, 20% at 1 mm wider.
    assert found["mask_radius"] == pytest.approx((-0.5, 0.25))


def test_a_range_that_was_not_measured_has_no_width():
    quantity = QUANTITIES["attenuation"]
    assert holding_range(changes()[:1], quantity, TOLERATED) == (0, 0)


def checked(tmp_path, nodes, new):
    paths = write_study(tmp_path, nodes, n_test=len(nodes) // 2)
    tables.write(changes(), tmp_path / "robustness.tsv", ROBUSTNESS)
    tables.write(new, tmp_path / "new.tsv", tables.NODES)
    check_threshold_range(
        robustness=tmp_path / "robustness.tsv",
        nodes=paths["nodes"],
        test=paths["test"],
        new_nodes=[tmp_path / "new.tsv"],
        tolerated_calls=TOLERATED,
        level=0.95,
        output=tmp_path / "range.tsv",
    )
    found = tables.read(tmp_path / "range.tsv", THRESHOLD_RANGE)
    return found.set_index("quantity")


def widened(nodes, width_mm):
    """Return nodes whose masks are wider, as balls of their volume."""
    radius = np.cbrt(nodes["volume_mm3"] * 3 / (4 * np.pi)) + width_mm
    return nodes.assign(volume_mm3=4 / 3 * np.pi * radius**3)


@pytest.mark.parametrize(
    ("hu", "width_mm", "outside"),
    [(0, 0, "no no"), (40, 0, "yes no"), (-45, 0, "yes no"), (0, 1.5, "no yes")],
)
def test_a_shifted_cohort_is_outside(tmp_path, caplog, hu, width_mm, outside):
    nodes = measured_nodes(400, seed=1, patients=150)
    nodes["volume_mm3"] = np.random.default_rng(1).lognormal(6, 0.5, 400)
    new = widened(nodes[200:], width_mm)
    new = new.assign(median_hu=new["median_hu"] + hu)
    with caplog.at_level(logging.WARNING):
        found = checked(tmp_path, nodes, new)
    assert " ".join(found["outside"]) == outside
    assert len(caplog.messages) == outside.count("yes")
    row = found.loc["attenuation"]
    study, cohort = (
        frame.groupby("patient_id")["median_hu"].mean() for frame in (nodes[:200], new)
    )
    assert row["difference"] == pytest.approx(cohort.mean() - study.mean())
    error = np.sqrt(study.var() / len(study) + cohort.var() / len(cohort))
    assert row["upper"] - row["lower"] == pytest.approx(2 * 1.959964 * error)
    if hu > 0:
        (said,) = caplog.messages
        assert "CNN, xMask" in said and "HU higher" in said and "to 15.0 HU" in said


@pytest.mark.parametrize("seed", range(3))
def test_another_sample_of_the_same_cohort_gives_no_warning(tmp_path, seed):
    nodes = measured_nodes(200, seed=seed, patients=80)
    new = measured_nodes(60, seed=500 + seed, patients=25)
    found = checked(tmp_path, nodes, new)
    assert found.loc["attenuation", "outside"] == "no"


def test_one_patient_gives_no_interval_and_none_no_rows(tmp_path):
    nodes = measured_nodes(60, seed=1)
    one = measured_nodes(3, seed=2).assign(patient_id="P1")
    found = checked(tmp_path, nodes, one)
    assert set(found["outside"]) == {"unknown"}
    assert found["lower"].isna().all()
    empty = pd.DataFrame(columns=list(tables.NODES.columns))
    assert checked(tmp_path, nodes, empty).empty
