"""What `profiles/slurm` would submit: groups that can be planned, and few jobs."""

import json
import os
import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest
import yaml
from repositories import ROOT, TESTS, copy_repository, snakemake

from nodal_staging import tables

pytestmark = pytest.mark.workflow

PROFILE = yaml.safe_load((ROOT / "profiles/slurm/profile.yaml").read_text())
GROUP = re.compile(r"Group job (\w+)")
ON_REQUEST = ["check", "leaderboard", "learning_curve", "replay"]


def groups(folder: Path, *targets: str, configuration: list[str]) -> Counter[str]:
    """Return how many jobs of each group a run through Slurm would submit."""
    arguments = ["--dry-run", "--workflow-profile", "profiles/slurm", "--", *targets]
    done = snakemake(folder, *arguments, configuration=configuration)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return Counter(GROUP.findall(done.stdout + done.stderr))


STATUS = ROOT / "profiles" / "cluster-generic" / "status.sh"


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        ("JobId=7 JobName=a JobState=COMPLETED Reason=None", 0, "success"),
        ("JobId=7 JobName=a JobState=PENDING Reason=Priority", 0, "running"),
        ("JobId=7 JobName=a JobState=STAGE_OUT Reason=None", 0, "running"),
        ("JobId=7 JobName=a JobState=OUT_OF_MEMORY Reason=None", 0, "failed"),
        ("JobId=7 JobName=a JobState=CANCELLED by 0", 0, "failed"),
        ("slurm_load_jobs error: Invalid job id specified", 1, "failed"),
        ("Unable to contact slurm controller (connect failure)", 1, "running"),
    ],
)
def test_a_silent_scheduler_is_no_failed_job(tmp_path, answer, code, said):
    scontrol = tmp_path / "scontrol"
    scontrol.write_text(f"#!/bin/sh\necho '{answer}'\nexit {code}\n")
    scontrol.chmod(0o755)
    known = os.environ | {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        [STATUS, "7"], env=known, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == said


def test_the_lock_of_a_run_on_another_machine_is_left_alone(tmp_path):
    folder = copy_repository(tmp_path / "repository")
    lock = folder / ".snakemake" / "locks" / "0.input.lock"
    lock.parent.mkdir(parents=True)
    lock.write_text("x")
    (folder / ".snakemake" / "host").write_text("another\n")
    release = folder / "tools" / "release_stale_lock.sh"
    done = subprocess.run([release], capture_output=True, text=True, check=True)
    assert "The last run was started on another" in done.stderr
    assert lock.exists()


@pytest.fixture(scope="module")
def repository(tmp_path_factory) -> Path:
    return copy_repository(tmp_path_factory.mktemp("plans") / "repository")


def test_what_computes_with_a_network_is_a_job_of_its_own():
    words = ("train_", "fit_patterns", "attribute_", "check_attribution", "score_cnn")
    assert not [rule for rule in PROFILE["groups"] if rule.startswith(words)]


def test_a_study_is_a_few_jobs_beside_its_networks(repository):
    planned = groups(repository, "all", configuration=TESTS)
    assert planned.pop("shard") == 3
    once = ["sheets", "recipes", "cohort", "examples", "statistics", "audit"]
    once += ["reader_study"]
    assert planned == dict.fromkeys([*once, "figures", "report"], 1)


def test_all_that_can_be_asked_for_can_be_planned_at_once(repository):
    overlay = {"selection": {"choose": "best"}}
    (repository / "best.yaml").write_text(json.dumps(overlay))
    own = [*TESTS, "best.yaml"]
    planned = groups(repository, "all", *ON_REQUEST, configuration=own)
    assert {"candidates", "reader_study", "learning_curve"} <= planned.keys()


def test_a_study_without_a_sheet_of_nodes_can_be_planned(repository):
    exams = repository / "exams.tsv"
    exams.write_text("\t".join(tables.EXAM_SHEET.columns) + "\n")
    names = {"pattern": "(?P<location>.)(?P<status>.)", "locations": {}, "statuses": {}}
    sheets = {"exams": "exams.tsv", "nodes": None, "label_names": names}
    cohort = {"source": "files"} | sheets
    overlay = {"cohort": cohort, "prediction": {"exams": "exams.tsv"}}
    (repository / "labels.yaml").write_text(json.dumps(overlay))
    own = [*TESTS, "labels.yaml"]
    planned = groups(repository, "all", "predict", "check", configuration=own)
    assert planned["shard"] == planned["new_shard"] == 3
    assert planned["sheets"] == planned["new_sheets"] == 1
