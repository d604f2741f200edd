"""Runs that are killed while statistics, tables, figures and the report are written.

A copy of the finished study loses the files of one job. The run that makes them again
is killed with all its processes, when the job has begun or has written half of a file.
No file of the results may then be incomplete, and the next run ends in the same bytes.
"""

import hashlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import product
from pathlib import Path

import pytest
from repositories import (
    ENVIRONMENT,
    SNAKEMAKE,
    TESTS,
    planned_jobs,
    release_stale_lock,
    snakemake,
)

pytestmark = pytest.mark.workflow

STATISTICS = [
    "statistics/cnn_status_balanced.json",
    *(
        f"statistics/{kind}/cnn_status_balanced.tsv"
        for kind in ("roc", "band", "calibration", "decision_curve")
    ),
]
TABLES = [
    f"tables/{name}.{suffix}"
    for name, suffix in product(
        ("table_1", "mcnemar", "auc_differences"), ("tsv", "md", "tex", "html")
    )
]


def figure(name: str) -> list[str]:
    return [f"figures/{name}.{suffix}" for suffix in ("pdf", "svg", "png")]


STAGES = {
    "compute_statistics": (STATISTICS, 3),
    "tabulate_results": (TABLES, 7),
    "draw_training": (figure("training"), 0),
    "write_report": (["report.html"], 1),
}
"""Files of a job, and which of those that it writes is half-written when it is killed.

0 kills the job as soon as its log exists.
"""

HOLD = '''
"""Hold a job when it has written its n-th file under a temporary name, and halve it."""

import os
import sys
import time
from pathlib import Path

written = []


def hold(event, arguments):
    if event != "os.rename" or not Path(arguments[0]).name.startswith(".part."):
        return
    written.append(arguments[0])
    if len(written) == int(os.environ["HELD_FILE"]):
        os.truncate(arguments[0], os.path.getsize(arguments[0]) // 2)
        Path(os.environ["HOLDING"]).touch()
        time.sleep(600)


if "/.snakemake/scripts/" in sys.orig_argv[-1]:
    sys.addaudithook(hold)
'''


@pytest.fixture
def copied(study, tmp_path) -> Iterator[Path]:
    """Return a copy of the finished study; its 100 MB are removed at the end."""
    folder = tmp_path / "repository"
    shutil.copytree(study, folder, symlinks=True)
    yield folder
    shutil.rmtree(folder)


def contents(folder: Path) -> dict[str, str]:
    """Return the sum of every result, also of files that are not whole."""
    results = folder / "results" / "tests"
    paths = {str(path.relative_to(results)): path for path in results.rglob("*")}
    return {
        name: hashlib.sha256(path.read_bytes()).hexdigest()
        for name, path in paths.items()
        if path.is_file() and not name.startswith(("logs/", "benchmarks/"))
    }


def wait_for(condition: Callable[[], bool], seconds: float = 300) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)


def is_gone(group: int) -> bool:
    """Tell whether no process of a group is left."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


def run_until_killed(
    folder: Path, targets: list[str], moment: Path, variables: dict[str, str]
) -> None:
    """Run Snakemake; kill it and its jobs once the file ``moment`` exists."""
    run = subprocess.Popen(
        [*SNAKEMAKE, *TESTS, "--cores", "1", "--", *targets],
        cwd=folder,
        env=ENVIRONMENT | variables,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        wait_for(lambda: moment.exists() or run.poll() is not None)
        assert run.poll() is None
    finally:
        with suppress(ProcessLookupError):
            os.killpg(run.pid, signal.SIGKILL)
        run.wait()
    wait_for(lambda: is_gone(run.pid))


@pytest.mark.parametrize("rule", STAGES)
def test_a_stage_that_is_killed_ends_in_the_same_bytes(copied, tmp_path, rule):
    files, held = STAGES[rule]
    known = contents(copied)
    for name in files:
        (copied / "results" / "tests" / name).unlink()
    log = copied / "results" / "tests" / "logs" / f"{rule}.log"
    log.unlink(missing_ok=True)
    (tmp_path / "sitecustomize.py").write_text(HOLD)
    variables = {
        "PYTHONPATH": str(tmp_path),
        "HELD_FILE": str(held),
        "HOLDING": str(tmp_path / "holding"),
    }
    targets = [f"results/tests/{name}" for name in files]
    run_until_killed(copied, targets, tmp_path / "holding" if held else log, variables)

    left = contents(copied)
    parts = {name for name in left if Path(name).name.startswith(".part.")}
    whole = {name: content for name, content in left.items() if name not in parts}
    assert whole.items() <= known.items()
    assert known.keys() - whole.keys() <= set(files)
    if held:
        assert len(parts) == 1
        assert len(known) - len(whole) == len(files) - held + 1

    release_stale_lock(copied)
    done = snakemake(copied, "--cores", "1", "--", *targets)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert contents(copied) == known
    assert planned_jobs(copied) == {}
