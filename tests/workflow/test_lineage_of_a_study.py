"""The record of lineage of a study that has run covers each of its files."""

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from repositories import snakemake

from nodal_staging.report.lineage.graph import CRATE, RECORD, read_lineage
from nodal_staging.report.lineage.trace import trace_file
from nodal_staging.report.lineage.verification import verify_files
from nodal_staging.study.files import read_json

pytestmark = pytest.mark.workflow


@pytest.fixture
def copied(study, tmp_path) -> Iterator[Path]:
    """Return a copy of the finished study; its 100 MB are removed at the end."""
    folder = tmp_path / "repository"
    shutil.copytree(study, folder, symlinks=True)
    yield folder
    shutil.rmtree(folder)


def test_every_file_has_a_job_a_version_and_the_sum_of_its_bytes(study):
    results = study / "results" / "tests"
    lineage = read_lineage(results)
    paths = {
        p.relative_to(results).as_posix() for p in results.rglob("*") if p.is_file()
    }
    measured = ("logs/", "benchmarks/")
    expected = {
        path for path in paths - {RECORD, CRATE} if not path.startswith(measured)
    }
    assert lineage.files == {
        path: hashlib.sha256((results / path).read_bytes()).hexdigest()
        for path in expected
    }
    assert all(lineage.maker(path) for path in expected)
    for name, job in lineage.jobs.items():
        assert len(job.code) == 16, name
        assert "python" in job.packages, name
        assert not [key for key in job.parameters if key.isdigit()], name
        for path in job.inputs:
            assert lineage.maker(path) or path in lineage.outside, path
    assert str(study) not in (results / RECORD).read_text()


def test_the_sums_that_the_report_shows_are_those_of_the_record(study):
    results = study / "results" / "tests"
    shown = read_json(results / "provenance.json")["artefacts_sha256"]
    assert len(shown) > 40
    assert shown.items() <= read_lineage(results).files.items()


def test_a_number_of_table_1_comes_from_the_simulated_exams(study):
    results = study / "results" / "tests"
    lines = trace_file(results, "tables/table_1.tsv:classifier=cnn_xmask:auc", {})
    steps = [line.split()[1].rstrip(":") for line in lines if line[:1].isdigit()]
    assert steps[0] == "tabulate_results"
    assert steps[-1] == "draw_cohort"
    assert {"train_cnn", "make_datasets", "inspect_exams"} <= set(steps)
    assert "score_forest" not in steps


def test_a_change_by_hand_stays_visible_after_another_run(copied):
    results = copied / "results" / "tests"
    before = (results / RECORD).read_bytes()
    figure = results / "figures" / "training.svg"
    figure.write_text(figure.read_text() + " ")
    made = "results/tests/tables/scorecard.tsv"
    arguments = ("--cores", "1", "--forcerun", "write_scorecard", "--", made)
    done = snakemake(copied, *arguments)
    assert done.returncode == 0, done.stderr[-2000:]
    found = {one.path: one.kind for one in verify_files(results)[1]}
    assert found == {"figures/training.svg": "changed"}
    assert (results / RECORD).read_bytes() == before
