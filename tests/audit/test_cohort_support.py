"""What a cohort can support, against counts by hand and simulated scores."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from studies import measured_nodes

from nodal_staging import tables
from nodal_staging.audit.cohort_support import (
    LOWER_AREA,
    assess_cohort,
    fold_row,
    half_width,
    nodes_per_status,
    support_of,
)
from nodal_staging.audit.rehearsal import Evidence
from nodal_staging.audit.shortcut_power import Plan, Rehearsals
from nodal_staging.cohort.support import SUPPORT, support_lines, support_parts
from nodal_staging.datasets.split import Split
from nodal_staging.estimates.auc import empirical_auc
from nodal_staging.estimates.patient_bootstrap import BootstrapOptions
from nodal_staging.tables.parts import Items

DOCUMENT = Path(__file__).parents[2] / "docs" / "precision.md"


def plan(test_share=0.2, folds=2):
    return Plan(
        Split("patient", test_share, 1),
        folds,
        Rehearsals(0.05, [], [], 2, Evidence(0.85, 0.3)),
        BootstrapOptions(40, 0.95, 1),
    )


def cohort(patients, negatives=3):
    """Return patients with one positive node each, negatives, and one location."""
    nodes = measured_nodes(patients * (1 + negatives), seed=1)
    number = np.repeat(np.arange(patients), 1 + negatives)
    first = np.arange(len(nodes)) % (1 + negatives) == 0
    return nodes.assign(
        patient_id=[f"P{n:04}" for n in number],
        status=np.where(first, "positive", "negative"),
        location="iliac",
    )


def by_measure(nodes, **options):
    rows = pd.DataFrame(support_of(nodes, plan(**options)), columns=SUPPORT.columns)
    return rows.set_index(["measure", "of"])


def test_sizes_are_those_counted_by_hand():
    found = by_measure(cohort(50))["value"]
    # A fifth of 50 positive nodes, as many negative ones, of 10 patients.
    assert found["test_nodes", "-"] == found["test_location", "iliac"] == 20
    assert found["test_patients", "-"] == 10
    # All their nodes: 10 positive, 30 negative, one location.
    assert found["location_pairs", "-"] == 300
    assert found["fold_nodes", "status_balanced"] == 40 / 2
    sentence = by_measure(cohort(50)).loc[("test_nodes", "-"), "sentence"]
    assert "20 nodes of 10 patients: 10 positive and 10 negative" in sentence


def test_the_width_is_that_of_simulated_scores():
    """With the stated number of nodes, 0.75 is at the end of the interval of 0.85."""
    n = nodes_per_status(0.95)
    rng = np.random.default_rng(3)
    positive = np.repeat([True, False], n)
    shift = 1.0364 * np.sqrt(2)  # 0.85 is the normal distribution function of 1.0364
    areas = [
        empirical_auc(rng.normal(size=2 * n) + shift * positive, positive)
        for _ in range(2000)
    ]
    assert np.mean(areas) == pytest.approx(0.85, abs=0.005)
    assert 1.96 * np.std(areas) == pytest.approx(half_width(n, n, 0.95), rel=0.06)
    assert 0.85 - half_width(n, n, 0.95) >= LOWER_AREA - 1e-9
    assert 0.85 - half_width(n - 1, n - 1, 0.95) < LOWER_AREA


def test_a_small_cohort_has_a_remark_on_everything():
    found = by_measure(cohort(30, negatives=1), test_share=0.1, folds=3)
    remarks = set(found[found["remark"] == "yes"].index.get_level_values(0))
    missed = {"test_nodes", "test_patients", "auc_half_width", "location_pairs"}
    assert remarks >= missed
    sentence = found.loc[("auc_half_width", "0.85"), "sentence"]
    assert "about 280 patients like these" in sentence


def test_a_fold_counts_the_rarer_status():
    row = fold_row("status_balanced", cohort(12), plan())
    assert (row["value"], row["remark"]) == (6, "yes")
    row = fold_row("location_balanced", cohort(12).head(0), plan())
    assert row["value"] == 0
    assert "cannot be used" in str(row["sentence"])


def test_a_cohort_that_cannot_be_split_is_one_remark():
    found = by_measure(cohort(4, negatives=0))
    assert list(found.index) == [("split", "-")]
    assert "enlarge the cohort" in found["sentence"].iloc[0]
    assert by_measure(cohort(4).head(0)).empty


def test_remarks_come_first_on_the_page_and_are_marked_on_the_screen(tmp_path):
    tables.write(cohort(20), tmp_path / "nodes.tsv", tables.NODES)
    output = tmp_path / "support.tsv"
    assess_cohort(nodes=tmp_path / "nodes.tsv", plan=plan(), output=output)
    support = tables.read(output, SUPPORT)
    (items,) = [part for part in support_parts(support) if isinstance(part, Items)]
    marked = [item.startswith("Remark: ") for item in items.items]
    assert marked == sorted(marked, reverse=True)
    assert 0 < sum(marked) < len(marked) == len(support)
    lines = support_lines(support)
    assert sum(line.startswith("  REMARK: ") for line in lines) == sum(marked)
    assert support_lines(support.head(0)) == support_parts(support.head(0)) == []


def test_the_widths_of_the_documents_are_those_that_are_computed():
    text = DOCUMENT.read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| (\d+) \+ (\d+) \| ± (\d\.\d\d) \|", text, re.M)
    assert len(rows) >= 5
    for positive, own, other, width in rows:
        assert int(own) == int(other) == round(0.15 * int(positive))
        assert float(width) == pytest.approx(
            half_width(int(own), int(other), 0.95), abs=0.005
        )


def test_a_split_that_is_given_is_counted_as_it_is(tmp_path):
    patients = [f"P{n:04}" for n in range(50)]
    chosen = ["test" if n < 5 else "train" for n in range(50)]
    table = pd.DataFrame({"patient_id": patients, "set": chosen})
    table.to_csv(tmp_path / "split.tsv", sep="\t", index=False)
    given = replace(plan().split, given=tmp_path / "split.tsv")
    rows = support_of(cohort(50), replace(plan(), split=given))
    found = {row["measure"]: row["value"] for row in rows}
    # All nodes of five patients, in their own mix: 5 positive, 15 negative.
    assert found["test_nodes"] == 20
    assert found["location_pairs"] == 75
