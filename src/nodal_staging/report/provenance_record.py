"""How a study came about: configuration, code, versions, seeds, sums."""

import hashlib
import platform
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from nodal_staging.statistics import proc
from nodal_staging.study.files import read_json, write_json

PACKAGES = [
    "snakemake",
    "keras",
    "tensorflow",
    "numpy",
    "scipy",
    "pandas",
    "pandera",
    "scikit-learn",
    "matplotlib",
    "SimpleITK",
    "pydicom",
    "h5py",
    "rpy2-rinterface",
    "rpy2-robjects",
]
DISTRIBUTIONS = {"tensorflow": ("tensorflow", "tensorflow-cpu")}
"""Names under which a package may be installed."""

PACKAGE_ROOT = Path(__file__).parents[1]
ABSENT = "not in the environment of this record"


def record_provenance(
    *,
    config: Mapping[str, Any],
    sheets: str | Path,
    artefacts: Iterable[str | Path],
    output: str | Path,
) -> None:
    """Write ``provenance.json``; equal studies on equal machines give equal bytes.

    Parameters
    ----------
    config
        The whole configuration.
    sheets
        What the check of the input sheets recorded.
    artefacts
        Files whose SHA-256 sums are recorded, by their place in the study.
    output
        The record. It names no person, host or absolute path.
    """
    root = Path(output).parent
    write_json(
        output,
        {
            "config": _public(config),
            "code_sha256": _code_sum(),
            "python": platform.python_version(),
            "packages": {name: _version(name) for name in PACKAGES},
            "statistics_engine": proc.engine(),
            "machine": f"{platform.system()} {platform.machine()}",
            "input_sheets": read_json(sheets),
            "artefacts_sha256": {
                Path(path).relative_to(root).as_posix(): _sum(path)
                for path in artefacts
            },
        },
    )


PLACES = {"cohort": {"exams", "nodes", "readings"}, "prediction": {"exams", "nodes"}}
"""Where a configuration names files of a user."""


def _public(config: Mapping[str, Any]) -> dict[str, Any]:
    """Copy the configuration without the places of a user's own files."""
    without = {
        section: {key: v for key, v in config[section].items() if key not in places}
        for section, places in PLACES.items()
        if section in config
    }
    external = {
        name: {} if isinstance(one, str) else {k: one[k] for k in one if k != "scores"}
        for name, one in config.get("external_scores", {}).items()
    }
    return dict(config) | without | {"external_scores": external}


def _version(package: str) -> str:
    """Return the version of a package; with conda a rule may do without it."""
    for name in DISTRIBUTIONS.get(package, (package,)):
        try:
            return version(name)
        except PackageNotFoundError:
            continue
    return ABSENT


def source_files() -> list[Path]:
    """List every source file of the package, in the order they are hashed."""
    return sorted(PACKAGE_ROOT.rglob("*.py"))


def _code_sum() -> str:
    """Hash every source file of the package."""
    digest = hashlib.sha256()
    for path in source_files():
        digest.update(path.relative_to(PACKAGE_ROOT).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _sum(path: str | Path) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()
