"""A study through Slurm: a real controller, one node, counted GPUs.

It is the tests study as far as the scores of a CNN and the statistics of a forest: jobs
of every kind, without the many others of the same kinds. SLURM_TEST_WHOLE=1 takes all.

One run is disturbed as runs are: its first job asks for too little memory, a job of a
shard is cancelled behind its back, and it is interrupted while a CNN is trained. A
second run takes it to its end. What Slurm wrote down is then compared with what was
asked for, and the results with those of a run without Slurm.
"""

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from repositories import (
    A_FEW,
    ENVIRONMENT,
    ROOT,
    SNAKEMAKE,
    TESTS,
    copy_repository,
    sums,
)

pytestmark = pytest.mark.slurm


SCRIPTS = ROOT / "tests" / "workflow" / "slurm"
SBIN = os.pathsep + os.pathsep.join(["/usr/sbin", "/sbin"])
PROGRAMS = ["munged", "slurmctld", "slurmd", "sbatch"]
PATIENCE_S = 900
TARGETS = ["all"] if os.environ.get("SLURM_TEST_WHOLE") else A_FEW
WITH_NETWORK = (
    "train_",
    "score_cnn",
    "score_copies",
    "score_transplants",
    "explain_cnn",
    "measure_robustness",
    "score_views",
)
"""How the names of rules begin that compute with a network, and ask for a GPU."""


@dataclass
class Cluster:
    """A Slurm of one node, its folder, and what a shell that talks to it knows."""

    folder: Path
    environment: dict[str, str]

    def ask(self, *command: str) -> str:
        return subprocess.run(
            command, env=self.environment, capture_output=True, text=True, check=True
        ).stdout

    def running(self, words: str) -> list[str]:
        """Return the numbers of running jobs whose comment holds the words."""
        lines = self.ask("squeue", "--noheader", "--states=R", "--format=%i %k")
        return [line.split()[0] for line in lines.splitlines() if words in line]

    def jobs(self) -> dict[str, dict[str, str]]:
        """Return what Slurm wrote of each job that is over, by its number."""
        lines = (self.folder / "log" / "jobs").read_text().splitlines()
        records = [dict(re.findall(r"(\w+)=(\S*)", line)) for line in lines]
        return {record["JobId"]: record for record in records}

    def gpus(self) -> dict[str, str]:
        """Return CUDA_VISIBLE_DEVICES of each job's batch script, or ``none``."""
        lines = (self.folder / "log" / "tasks").read_text()
        return dict(re.findall(r"(\d+) step=0? gpu=(\S+)", lines))


def require_programs(path: str) -> None:
    """Skip a test, with the cure, where a program is on no folder of a search path."""
    for program in PROGRAMS:
        if shutil.which(program, path=path) is None:
            pytest.skip(f"{program} is missing; make test SLURM=1 installs it")


def test_where_slurm_is_missing_the_cure_is_named(tmp_path):
    cure = "slurmctld is missing; make test SLURM=1 installs it"
    (tmp_path / "munged").touch(mode=0o755)
    with pytest.raises(pytest.skip.Exception, match=cure):
        require_programs(str(tmp_path))


@pytest.fixture(scope="module")
def cluster(tmp_path_factory) -> Iterator[Cluster]:
    path = os.environ["PATH"] + SBIN
    require_programs(path)
    folder = tmp_path_factory.mktemp("slurm")
    # As many as there are trainings, so that none waits for another.
    with_gpus = ENVIRONMENT | {"SLURM_TEST_GPUS": "3"}
    up = [SCRIPTS / "up.sh", folder]
    subprocess.run(up, env=with_gpus, check=True, timeout=60)
    environment = ENVIRONMENT | {
        "SLURM_CONF": f"{folder}/etc/slurm.conf",
        "PATH": f"{folder}/bin{os.pathsep}{path}",
    }
    try:
        yield Cluster(folder, environment)
    finally:
        subprocess.run([SCRIPTS / "down.sh", folder], check=True, timeout=60)


@dataclass
class Story:
    """The disturbed run and the one after it."""

    folder: Path
    cancelled: str
    interrupted: list[str]
    left_in_queue: str
    locks: list[Path]
    first: str
    second: subprocess.CompletedProcess[str]


def rule_logs(story: Story) -> list[str]:
    """Return the rule of each job that has run."""
    logs = story.folder / "results/tests/logs"
    return [path.relative_to(logs).parts[0] for path in logs.rglob("*.log")]


def command() -> list[str]:
    """Return what docs/clusters.md says, on a cluster of one small node."""
    small = ["--cores", "2", "--latency-wait", "10"]
    small += ["--slurm-init-seconds-before-status-checks", "1"]
    # Too little for Python itself the first time, so that Slurm kills the first job;
    # then what no other job asks for, so that a test can tell it.
    little = "mem_mb=100 if attempt == 1 else 1400"
    memory = [f"{rule}:{little}" for rule in ("draw_cohort", "check_sheets")]
    profile = ["--workflow-profile", "profiles/slurm", "--set-resources", *memory]
    return [*SNAKEMAKE, *profile, *small, *TESTS, "--", *TARGETS]


def wait_for(found: Callable[[], list[str]], run: subprocess.Popen[bytes]) -> list[str]:
    """Wait until there is something, while the run lives."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until and run.poll() is None:
        if something := found():
            return something
        time.sleep(0.3)
    return []


@pytest.fixture(scope="module")
def story(cluster, tmp_path_factory) -> Story:
    folder = copy_repository(tmp_path_factory.mktemp("cluster") / "repository")
    call = command()
    # What a shell starts in the background ignores interrupts.
    heeding = ["env", "--default-signal=INT", *call]
    with (folder / "first.log").open("wb") as log:
        run = subprocess.Popen(
            heeding, cwd=folder, env=cluster.environment, stdout=log, stderr=log
        )
        try:
            shards = wait_for(lambda: cluster.running("rule_shard_"), run)
            cluster.ask("scancel", shards[0])
            trainings = wait_for(lambda: cluster.running("rule_train_"), run)
            time.sleep(2)  # a submission that is interrupted may leave its job behind
            run.send_signal(signal.SIGINT)
            run.wait(timeout=PATIENCE_S)
        finally:
            run.kill()
            first = (folder / "first.log").read_text()
            print(first[-3000:])
    queue = cluster.ask("squeue", "--noheader", "--states=R,PD,S", "--format=%i %k")
    locks = list((folder / ".snakemake" / "locks").glob("*"))
    second = subprocess.run(
        call,
        cwd=folder,
        env=cluster.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=2 * PATIENCE_S,
    )
    return Story(folder, shards[0], trainings, queue, locks, first, second)


def test_the_second_run_ends_the_study(story):
    assert story.second.returncode == 0, story.second.stderr[-3000:]


def test_the_results_are_those_of_a_run_without_slurm(story, study):
    name = Path("results") / "tests"
    made, known = sums(story.folder / name), sums(study / name)
    assert made == {path: known[path] for path in made}
    if TARGETS == A_FEW:
        assert {str(name / path) for path in made} >= set(A_FEW)
    else:
        assert made.keys() == known.keys()


def test_a_job_over_its_memory_was_killed_and_given_more(story, cluster):
    with_memory = {"100M": [], "1400M": []}
    for job in cluster.jobs().values():
        memory = re.search(r"mem=(\w+)", job["Tres"])[1]
        with_memory.get(memory, []).append(job["JobState"])
    assert with_memory["100M"] in (["FAILED"], ["OUT_OF_MEMORY"])
    assert with_memory["1400M"] == ["COMPLETED"]


def test_a_cancelled_job_was_tried_again(story, cluster):
    assert cluster.jobs()[story.cancelled]["JobState"] == "CANCELLED"
    assert "CANCELLED" in story.first
    assert "Trying again: " in story.first
    assert "Failed: " not in story.second.stderr


def test_an_interrupted_run_left_nothing_behind(story, cluster):
    assert story.interrupted
    assert story.left_in_queue == ""
    assert story.locks == []
    states = {cluster.jobs()[job]["JobState"] for job in story.interrupted}
    assert states == {"CANCELLED"}


def test_jobs_were_grouped(story, cluster):
    done = [job for job in cluster.jobs().values() if job["JobState"] == "COMPLETED"]
    logs = rule_logs(story)
    alone = [rule for rule in logs if rule.startswith(WITH_NETWORK)]
    assert len(logs) > 20
    assert len(done) <= len(alone) + 15


def test_networks_and_only_they_were_given_a_gpu(story, cluster):
    done = {n for n, job in cluster.jobs().items() if job["JobState"] == "COMPLETED"}
    gpus = [gpu for number, gpu in cluster.gpus().items() if number in done]
    with_gpu = [gpu for gpu in gpus if gpu != "none"]
    assert {"0"} <= set(with_gpu) <= {"0", "1", "2"}
    networks = [rule for rule in rule_logs(story) if rule.startswith(WITH_NETWORK)]
    assert len(with_gpu) == len(networks)
    assert "none" in gpus


def test_every_job_named_its_memory_and_time(story, cluster):
    for number, job in cluster.jobs().items():
        assert re.search(r"mem=\d", job["Tres"]), number
        assert 10 <= int(job["TimeLimit"]) < 7 * 24 * 60, number


def test_any_command_that_submits_will_do(cluster, tmp_path):
    folder = copy_repository(tmp_path / "repository")
    profile = ["--workflow-profile", "profiles/cluster-generic"]
    soon = ["--seconds-between-status-checks", "1", "--latency-wait", "10"]
    known = set(cluster.jobs())
    done = subprocess.run(
        [*SNAKEMAKE, *profile, *soon, *TESTS, "--until", "draw_cohort"],
        cwd=folder,
        env=cluster.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert (folder / "results/tests/raw/exams.tsv").is_file()
    (new,) = set(cluster.jobs()) - known
    assert cluster.jobs()[new]["Name"] == "draw_cohort"
    assert cluster.jobs()[new]["JobState"] == "COMPLETED"


STATUS = ROOT / "profiles" / "cluster-generic" / "status.sh"


@pytest.mark.parametrize("number", ["999999", "not-a-number"])
def test_a_job_that_the_scheduler_forgot_counts_as_failed(cluster, number):
    assert cluster.ask(str(STATUS), number).strip() == "failed"
