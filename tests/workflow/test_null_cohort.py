"""A cohort in which nothing was planted, from its exams to the verdict of the audit."""

import pytest
from repositories import TESTS, copy_repository, snakemake

from nodal_staging.study.files import read_json

pytestmark = pytest.mark.workflow

NULL = [*TESTS, "config/null.yaml"]


def test_a_null_cohort_is_one(tmp_path):
    """Nothing planted, nothing found; a tiny cohort, so intervals are wide."""
    folder = copy_repository(tmp_path / "repository")
    verdict = "results/null_cohort/audit/verdict.json"
    done = snakemake(folder, "--cores", "2", "--", verdict, configuration=NULL)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    null = read_json(folder / verdict)["null"]
    assert not null["misses"]
    assert len(null["covers"]) == 15
