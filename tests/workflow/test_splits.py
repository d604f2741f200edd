"""A split by a column of the exam sheet in the workflow."""

import json
import re

import pytest
from repositories import ROOT, TESTS, snakemake

pytestmark = pytest.mark.workflow


def test_the_jobs_that_split_depend_on_the_exam_sheet(tmp_path):
    overlay = tmp_path / "by.yaml"
    by = {"kind": "time", "column": "day", "last": 0.3}
    overlay.write_text(json.dumps({"datasets": {"by": by}}))
    asked = ["-n", "-F", "--nolock", "--", "split", "results/tests/check/support.tsv"]
    done = snakemake(ROOT, *asked, configuration=[*TESTS, str(overlay)])
    assert done.returncode == 0, done.stderr
    jobs = dict(
        re.findall(
            r"^rule (\w+):$\n    input: (.*)$", done.stdout + done.stderr, re.MULTILINE
        )
    )
    for rule in ("make_datasets", "check_sheets", "assess_cohort"):
        assert "results/tests/raw/exams.tsv" in jobs[rule], rule
