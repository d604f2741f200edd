"""Which versions of code and packages made a result; the log of its job says so."""

import platform
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from nodal_staging.study.instruction_sets import used_instructions
from nodal_staging.study.memory import OWN_ROOT

PACKAGES: Mapping[str, tuple[str, ...]] = {
    "PIL": ("pillow",),
    "SimpleITK": ("SimpleITK",),
    "defusedxml": ("defusedxml",),
    "h5py": ("h5py",),
    "isal": ("isal",),
    "keras": ("keras",),
    "matplotlib": ("matplotlib",),
    "nibabel": ("nibabel",),
    "numpy": ("numpy",),
    "openpyxl": ("openpyxl",),
    "pandas": ("pandas",),
    "pandera": ("pandera",),
    "pydicom": ("pydicom",),
    "rpy2": ("rpy2-rinterface",),
    "scipy": ("scipy",),
    "sklearn": ("scikit-learn",),
    "tensorflow": ("tensorflow", "tensorflow-cpu"),
}
"""Modules that results may depend on, and the distributions that may bring them."""

MARK = "made with "
"""What the last line of a log begins with, behind level and name."""
LONGEST_LINE = 2000
NAME = "nodal-staging"
CODE = "code"
"""Stands before the version of the code."""

other_versions: dict[str, str] = {}
"""Versions that are not those of Python distributions, for example that of R."""


def note_version(name: str, found: str) -> None:
    """Remember the version of what is not a Python package."""
    other_versions[name] = found


def versions_in_use(code: str) -> str:
    """Name what this process has loaded: ``code 1a2b, numpy 2.4.6, python 3.11.7``."""
    found = {CODE: code, "python": platform.python_version(), **other_versions}
    found |= used_instructions(sys.modules.keys())
    for module in PACKAGES:
        if module in sys.modules and (number := installed_version(module)):
            found[module] = number
    return ", ".join(f"{name} {found[name]}" for name in sorted(found))


def own_software() -> str:
    """Name this software and its version: ``nodal-staging 0.1.0``.

    The project file counts where there is one: another version may be installed.
    """
    project = OWN_ROOT.parent / "pyproject.toml"
    if not project.is_file():
        return f"{NAME} {version(NAME)}"
    with project.open("rb") as file:
        return f"{NAME} {tomllib.load(file)['project']['version']}"


def installed_version(module: str) -> str:
    """Return the version of a module of :data:`PACKAGES`; empty where it is absent."""
    for name in PACKAGES[module]:
        try:
            return version(name)
        except PackageNotFoundError:
            continue
    return ""


def recorded_versions(logs: str | Path) -> dict[str, dict[str, list[str]]]:
    """Read from the logs of a study which versions made its results.

    Parameters
    ----------
    logs
        The folder of the logs.

    Returns
    -------
    Package to version to jobs, each named as its log (``train_cnn/xmask``); the code
    stands among them as ``code``. A job that failed, or whose log is gone, is not
    named.
    """
    found: defaultdict[str, dict[str, list[str]]] = defaultdict(dict)
    for log in sorted(Path(logs).rglob("*.log")):
        job = log.relative_to(logs).with_suffix("").as_posix()
        for name, number in _last_line(log):
            found[name].setdefault(number, []).append(job)
    return dict(found)


def versions_of(log: str | Path) -> dict[str, str]:
    """Read from the log of a job what made its result: package or code to version.

    Empty where the log is gone or the job failed.
    """
    return dict(_last_line(Path(log))) if Path(log).is_file() else {}


def _last_line(log: Path) -> Iterator[tuple[str, str]]:
    """Yield package and version from the end of a log."""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - LONGEST_LINE))
        line = file.read().decode(errors="replace").rstrip("\n").rpartition("\n")[2]
    _, mark, versions = line.partition(f": {MARK}")
    if mark:
        for part in versions.split(", "):
            name, _, number = part.partition(" ")
            yield name, number


def mixed_versions(logs: str | Path) -> list[str]:
    """Say which results were made by other versions than those in the environment.

    Code is left out: Snakemake plans the jobs whose code has changed.
    Of R and pROC, which take seconds to ask, and of the instruction sets of the CPU,
    results are compared with one another.

    Parameters
    ----------
    logs
        The folder of the logs.

    Returns
    -------
    One sentence for each version, empty where all agree.
    """
    sentences = []
    for name, jobs in sorted(recorded_versions(logs).items()):
        installed = _now(name)
        if name == CODE or (not installed and len(jobs) == 1):
            continue
        for number in sorted(jobs):
            if number != installed:
                now = f"; installed is {installed}" if installed else ""
                sentences.append(f"{by_rule(jobs[number])}: {name} {number}{now}")
    return sentences


def _now(name: str) -> str:
    if name == "python":
        return platform.python_version()
    return installed_version(name) if name in PACKAGES else ""


def by_rule(jobs: list[str]) -> str:
    """Name jobs by their rules: ``train_cnn (3 jobs), score_forest (2 jobs)``."""
    counts: defaultdict[str, int] = defaultdict(int)
    for job in jobs:
        counts[job.partition("/")[0]] += 1
    return ", ".join(
        f"{rule} ({count} job{'s' * (count > 1)})" for rule, count in counts.items()
    )
