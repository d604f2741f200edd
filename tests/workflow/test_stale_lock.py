"""The lock of a folder is released only when the run that took it is proved dead."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from repositories import ENVIRONMENT, ROOT, SNAKEMAKE, TESTS, copy_repository, snakemake

from nodal_staging.study.run_record import record_run

ADVICE = "; then run: .venv/bin/snakemake --unlock\n"
RUN = ["/a/.venv/bin/python3.11", "/a/.venv/bin/snakemake", "--cores", "2"]
UNREADABLE = Path("/nowhere")


@pytest.fixture
def checkout(tmp_path) -> Path:
    """Return a folder that a run of this machine has locked."""
    folder = tmp_path / "checkout"
    (folder / ".venv" / "bin").mkdir(parents=True)
    unlocking = "#!/bin/sh\necho $* >unlocked\nrm -r .snakemake/locks\n"
    (folder / ".venv" / "bin" / "snakemake").write_text(unlocking)
    (folder / ".venv" / "bin" / "snakemake").chmod(0o755)
    (folder / "tools").mkdir()
    shutil.copy(ROOT / "tools" / "release_stale_lock.sh", folder / "tools")
    take_lock(folder, 0)
    record_run(folder / ".snakemake", local=True)
    return folder


@pytest.fixture
def processes(tmp_path) -> Path:
    """Return a folder in place of /proc with the entry of the first process."""
    folder = tmp_path / "proc"
    add_process(folder, 1, ["/sbin/init"], Path("/"))
    return folder


def take_lock(checkout: Path, number: int) -> None:
    locks = checkout / ".snakemake" / "locks"
    locks.mkdir(parents=True, exist_ok=True)
    (locks / f"{number}.input.lock").write_text("a\n")
    (locks / f"{number}.output.lock").write_text("b\n")


def add_process(folder: Path, number: int, words: list[str], place: Path) -> None:
    entry = folder / str(number)
    entry.mkdir(parents=True)
    (entry / "cmdline").write_text("".join(word + "\0" for word in words))
    (entry / "cwd").symlink_to(place)


def release(checkout: Path, processes: Path = Path("/proc")) -> str:
    return run_script(
        checkout / "tools" / "release_stale_lock.sh",
        os.environ | {"PROCESSES": str(processes)},
    )


def run_script(script: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(
        [script], env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout + done.stderr


def is_locked(checkout: Path) -> bool:
    return (checkout / ".snakemake" / "locks").exists()


def assert_left(checkout: Path, output: str, words: str) -> None:
    """Assert that the lock is still there, for one reason that names the cure."""
    assert words in output
    assert output.endswith(ADVICE) and output.count("\n") == 1
    assert is_locked(checkout)
    assert not (checkout / "unlocked").exists()


def test_the_lock_of_a_dead_owner_is_released(checkout, processes):
    add_process(processes, 7, RUN, processes)
    assert release(checkout, processes) == (
        "An earlier run was killed; releasing its lock.\n"
    )
    assert not is_locked(checkout)
    assert "--unlock" in (checkout / "unlocked").read_text()


def test_nothing_is_said_without_a_lock(checkout, processes):
    shutil.rmtree(checkout / ".snakemake")
    assert release(checkout, processes) == ""


@pytest.mark.parametrize("started_in", ["checkout", "link", "link/../link"])
@pytest.mark.parametrize("asked_in", ["checkout", "link"])
def test_a_living_run_keeps_its_lock_under_every_name_of_its_folder(
    checkout, tmp_path, started_in, asked_in
):
    (tmp_path / "link").symlink_to(checkout)
    (tmp_path / "snakemake").symlink_to(shutil.which("sleep"))
    run = subprocess.Popen([tmp_path / "snakemake", "60"], cwd=tmp_path / started_in)
    try:
        words = f"Another run works in this folder (process {run.pid})"
        assert_left(checkout, release(tmp_path / asked_in), words)
    finally:
        run.kill()
        run.wait()


@pytest.mark.parametrize(
    "words",
    [
        RUN,
        ["python", "-m", "snakemake", "--mode", "subprocess"],
        ["/usr/bin/python3", "/a/.snakemake/scripts/tmp1.train_cnn.py"],
    ],
)
def test_a_run_and_its_jobs_are_recognised(checkout, processes, words):
    add_process(processes, 7, words, checkout)
    assert_left(checkout, release(checkout, processes), "(process 7)")


@pytest.mark.parametrize("words", [["tail", "-f", ".snakemake/log/a"], ["python"], []])
def test_other_programs_in_the_folder_do_not_count(checkout, processes, words):
    add_process(processes, 7, words, checkout)
    release(checkout, processes)
    assert not is_locked(checkout)


def test_a_run_whose_folder_cannot_be_read_may_be_the_owner(checkout, processes):
    add_process(processes, 7, RUN, UNREADABLE)
    assert_left(checkout, release(checkout, processes), "Process 7 may be a run in")


def test_a_process_whose_command_cannot_be_read_may_be_the_owner(checkout, processes):
    (processes / "7" / "cmdline").mkdir(parents=True)
    assert_left(checkout, release(checkout, processes), "Process 7 may be a run in")


def test_where_processes_are_hidden_nothing_is_proved(checkout, tmp_path):
    (tmp_path / "empty").mkdir()
    output = release(checkout, tmp_path / "empty")
    assert_left(checkout, output, "The processes of other users are hidden")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda host, boot, space: "another\n", "The last run was started on another"),
        (lambda host, boot, space: f"another {boot} {space}\n", "started on another"),
        (lambda host, boot, space: f"{host} 0 {space}\n", "before a restart"),
        (lambda host, boot, space: f"{host} {boot} pid:[1]\n", "in another container"),
        (lambda host, boot, space: f"{host}\n", "with jobs on a cluster"),
        (lambda host, boot, space: "", "It is not recorded"),
    ],
)
def test_a_run_that_was_started_elsewhere_keeps_its_lock(
    checkout, processes, change, words
):
    record = checkout / ".snakemake" / "host"
    record.write_text(change(*record.read_text().split()))
    assert_left(checkout, release(checkout, processes), words)


def test_a_lock_that_is_newer_than_the_record_is_that_of_an_unknown_run(
    checkout, processes
):
    record = checkout / ".snakemake" / "host"
    os.utime(record, (1, 1))
    assert_left(checkout, release(checkout, processes), "It is not recorded")
    record.unlink()
    assert_left(checkout, release(checkout, processes), "It is not recorded")


def test_the_second_of_two_runs_does_not_hide_where_the_first_one_was_started(
    checkout, processes
):
    """Runs with different files may work side by side; the second one has ended."""
    (checkout / ".snakemake" / "host").write_text("another\n")
    take_lock(checkout, 1)
    record_run(checkout / ".snakemake", local=True)
    for lock in checkout.glob(".snakemake/locks/1.*"):
        lock.unlink()
    assert_left(checkout, release(checkout, processes), "started on another")


def test_a_run_alone_forgets_where_earlier_ones_were_started(checkout, processes):
    (checkout / ".snakemake" / "host").write_text("another\n")
    record_run(checkout / ".snakemake", local=True)
    release(checkout, processes)
    assert not is_locked(checkout)


def test_jobs_on_a_cluster_may_outlive_their_run(checkout, processes):
    record_run(checkout / ".snakemake", local=False)
    assert_left(checkout, release(checkout, processes), "with jobs on a cluster")


@pytest.mark.workflow
def test_a_killed_run_is_released_and_a_second_one_goes_on(tmp_path):
    folder = copy_repository(tmp_path / "repository")
    (tmp_path / "link").symlink_to(folder)
    run = subprocess.Popen(
        [*SNAKEMAKE, *TESTS, "--cores", "1", "--until", "draw_cohort"],
        cwd=tmp_path / "link",
        env=ENVIRONMENT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        while not (folder / ".snakemake" / "host").exists() and run.poll() is None:
            time.sleep(0.05)
        environment = ENVIRONMENT | {"SNAKEMAKE": " ".join([*SNAKEMAKE, *TESTS])}
        script = folder / "tools" / "release_stale_lock.sh"
        living = run_script(script, environment)
        assert_left(folder, living, "Another run works in this folder")
    finally:
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
    assert "releasing its lock" in run_script(script, environment)
    done = snakemake(folder, "--cores", "1", "--until", "draw_cohort")
    assert done.returncode == 0, done.stderr[-3000:]
