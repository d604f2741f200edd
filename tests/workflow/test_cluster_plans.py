"""What `profiles/slurm` would submit: groups that can be planned, and few jobs."""

import json
import os
import re
import shutil
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


def state_of_job(folder: Path, answers: dict[str, str], code: int) -> str:
    """Ask for a job where these programs are all that is known of a scheduler."""
    for name, answer in answers.items():
        (folder / name).write_text(f"#!/bin/sh\necho '{answer}'\nexit {code}\n")
        (folder / name).chmod(0o755)
    for tool in ("sh", "sed", "awk", "grep"):
        (folder / tool).symlink_to(str(shutil.which(tool)))
    known = os.environ | {"PATH": str(folder)}
    done = subprocess.run(
        [STATUS, "7"], env=known, capture_output=True, text=True, check=False
    )
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("program", "answer", "code", "said"),
    [
        ("scontrol", "JobId=7 JobState=COMPLETED Reason=None", 0, "success"),
        ("scontrol", "JobId=7 JobState=PENDING Reason=Priority", 0, "running"),
        ("scontrol", "JobId=7 JobState=STAGE_OUT Reason=None", 0, "running"),
        ("scontrol", "JobId=7 JobState=OUT_OF_MEMORY Reason=None", 0, "failed"),
        ("scontrol", "JobId=7 JobState=CANCELLED by 0", 0, "failed"),
        ("scontrol", "slurm_load_jobs error: Invalid job id specified", 1, "failed"),
        ("scontrol", "Unable to contact slurm controller (refused)", 1, "running"),
        ("bjobs", "DONE", 0, "success"),
        ("bjobs", "PEND", 0, "running"),
        ("bjobs", "UNKWN", 0, "running"),
        ("bjobs", "EXIT", 0, "failed"),
        ("bjobs", "Job <7> is not found", 255, "failed"),
        ("bjobs", "Cannot connect to LSF. Please wait ...", 255, "running"),
        ("qstat", "    job_state = R", 0, "running"),
        ("qstat", "    job_state = F\n    Exit_status = 0", 0, "success"),
        ("qstat", "    job_state = F\n    Exit_status = 1", 0, "failed"),
        ("qstat", "qstat: Unknown Job Id 7.head", 153, "failed"),
        ("qstat", "Connection refused", 255, "running"),
    ],
)
def test_a_silent_scheduler_is_no_failed_job(tmp_path, program, answer, code, said):
    assert state_of_job(tmp_path, {program: answer}, code) == said


@pytest.mark.parametrize(
    ("queue", "account", "said"),
    [
        ("Following jobs do not exist: 7", "exit_status  0", "success"),
        ("Following jobs do not exist: 7", "exit_status  1", "failed"),
        ("error: commlib error: got select error", "", "running"),
    ],
)
def test_grid_engine_is_asked_for_the_end_of_a_job(tmp_path, queue, account, said):
    assert state_of_job(tmp_path, {"qstat": queue, "qacct": account}, 1) == said


@pytest.fixture(scope="module")
def repository(tmp_path_factory) -> Path:
    return copy_repository(tmp_path_factory.mktemp("plans") / "repository")


def test_what_computes_with_a_network_is_a_job_of_its_own():
    words = ("train_", "explain_cnn", "score_cnn", "score_copies", "score_transplants")
    words += ("measure_robustness",)
    assert not [rule for rule in PROFILE["groups"] if rule.startswith(words)]


def test_a_study_is_a_few_jobs_and_its_networks(repository):
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
    # New exams have shards by their own number.
    assert (planned["shard"], planned["new_shard"]) == (3, 1)
    assert planned["sheets"] == planned["new_sheets"] == 1
