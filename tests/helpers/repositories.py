"""Copies of the repository in which the tests study runs, as a user runs it."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from warm_snakemake import plan

ROOT = Path(__file__).parents[2]
PARTS = ["Snakefile", "workflow", "src", "config", "profiles", "envs", "tools"]
SNAKEMAKE = [sys.executable, "-m", "snakemake"]
TESTS = ["--configfile", "config/config.yaml", "config/tests.yaml"]
A_FEW = [
    "results/tests/scores/cnn_status_balanced.csv",
    "results/tests/statistics/rf_status_balanced.json",
]
"""From raw files to a CNN and the statistics of a forest: jobs of every kind."""
ENVIRONMENT = os.environ | {"RPY2_CFFI_MODE": "ABI", "TF_CPP_MIN_LOG_LEVEL": "3"}
# Each job is a process of its own, which would compile the package anew.
ENVIRONMENT.pop("PYTHONDONTWRITEBYTECODE", None)
SAME = [
    "scores",
    "tables",
    "patches",
    "models",
    "datasets",
    "cohort",
    "statistics",
    "attribution",
    "examples",
    "figures",
]
"""Folders of the results that hold the same bytes after every run."""


def copy_repository(folder: Path) -> Path:
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, folder / part)
        else:
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, folder / part)
    return folder


def snakemake(
    folder: Path,
    *arguments: str,
    configuration: list[str] = TESTS,
    calls: Path | None = None,
    variables: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run Snakemake; ``calls`` is a folder for the functions that its jobs execute.

    ``variables`` are added to the environment.
    """
    if {"-n", "--dry-run"} & set(arguments) and not (calls or variables):
        return plan(folder, [*configuration, *arguments], ENVIRONMENT)
    return subprocess.run(
        [*SNAKEMAKE, *configuration, *arguments],
        cwd=folder,
        env=ENVIRONMENT | traced_into(calls) | dict(variables or {}),
        capture_output=True,
        text=True,
        check=False,
    )


def traced_into(calls: Path | None) -> dict[str, str]:
    """Return the environment in which jobs write down the functions they execute."""
    if calls is None:
        return {}
    calls.mkdir(parents=True, exist_ok=True)
    return {"PYTHONPATH": str(Path(__file__).with_name("tracing"))} | {
        "TRACED_CALLS": str(calls)
    }


def release_stale_lock(folder: Path) -> None:
    """Do what `make demo` does before it runs."""
    subprocess.run(
        [folder / "tools" / "release_stale_lock.sh"],
        env=ENVIRONMENT | {"SNAKEMAKE": " ".join(SNAKEMAKE)},
        check=True,
    )
    assert not any((folder / ".snakemake" / "locks").glob("*"))


def planned_jobs(
    folder: Path, *targets: str, configuration: list[str] = TESTS
) -> dict[str, int]:
    """Return how many jobs of each rule a run would run now."""
    arguments = ("--cores", "2", "--dry-run", "--quiet", "host", "--", *targets)
    done = snakemake(folder, *arguments, configuration=configuration)
    assert done.returncode == 0, done.stdout + done.stderr
    jobs: dict[str, int] = {}
    for line in (done.stdout + done.stderr).splitlines():
        if line.startswith(("rule ", "localrule ")):
            rule = line.split()[-1].rstrip(":")
            jobs[rule] = jobs.get(rule, 0) + 1
    return {rule: count for rule, count in jobs.items() if rule not in TARGETS}


FIGURES = [f"figure_{number}" for number in range(1, 8)]
ILLUSTRATED = [
    *FIGURES,
    "uptake",
    "training",
    "subgroups",
    "calibration",
    "decision_curves",
    "faithfulness",
    "counterfactual",
    "mixes",
    "robustness",
    "readers",
]
"""What the report shows."""
TARGETS = {"all", *ILLUSTRATED}
"""Rules that make nothing."""


def sums(results: Path) -> dict[str, str]:
    return {
        str(path.relative_to(results)): hashlib.sha256(path.read_bytes()).hexdigest()
        for name in SAME
        for path in sorted((results / name).rglob("*"))
        if path.is_file()
    }
