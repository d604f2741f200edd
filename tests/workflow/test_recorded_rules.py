"""The record of provenance lists the rules whose results come before it."""

import re

import pytest
from repositories import ROOT, snakemake

pytestmark = pytest.mark.workflow

RECORD = {"record_provenance"}
ELSEWHERE = {
    "audit_location_of_refit",
    "compare_aucs_of_refit",
    "compare_classifiers_of_refit",
    "compare_refits",
    "gather_label_names",
    "import_readings",
    "import_scores",
    "measure_ball",
    "measure_matrix",
    "rank_candidates",
    "read_label_names",
    "score_radiomics_forest",
    "score_refit",
    "score_views",
    "train_candidate",
    "train_on_surroundings",
    "train_refit",
    "write_candidate",
    "write_refit_recipe",
}
"""Rules that studies of other kinds have; the study of the tests does not."""


def recorded():
    text = (ROOT / "workflow" / "rules" / "report.smk").read_text()
    (listed,) = re.findall(r"^RECORDED = \[(.*?)\]", text, re.DOTALL | re.MULTILINE)
    return set(re.findall(r'"(\w+)"', listed))


def all_jobs(*targets):
    done = snakemake(ROOT, "-n", "-F", "--quiet", "host", "--nolock", "--", *targets)
    assert done.returncode == 0, done.stderr
    return set(re.findall(r"^rule (\w+):", done.stdout + done.stderr, re.MULTILINE))


def test_rules_before_the_record_are_listed_and_no_others():
    before = all_jobs("results/tests/provenance.json") - RECORD
    assert recorded() - ELSEWHERE == before
    assert not recorded() & (all_jobs() - before)
