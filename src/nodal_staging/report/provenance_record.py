"""How a study came about: configuration, code, versions, seeds, sums."""

import hashlib
import platform
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from nodal_staging.statistics import proc
from nodal_staging.study.code_version import code_version
from nodal_staging.study.files import read_json, write_json
from nodal_staging.study.memory import OWN_ROOT, sum_of
from nodal_staging.study.package_versions import (
    CODE,
    PACKAGES,
    by_rule,
    installed_version,
    recorded_versions,
)

WITHOUT_RECORD = ["snakemake", "rpy2-robjects"]
"""Packages that no log names; those of this job count."""

PACKAGE_ROOT = Path(__file__).parents[1]
NOT_LOGGED = "not in any log"
ABSENT = "not in the environment of this record"


def record_provenance(
    *,
    config: Mapping[str, Any],
    software: str,
    sheets: str | Path,
    artefacts: Iterable[str | Path],
    logs: str | Path,
    rules: Collection[str],
    scripts: str | Path,
    output: str | Path,
) -> None:
    """Write ``provenance.json``; equal studies on equal machines give equal bytes.

    Parameters
    ----------
    config
        The whole configuration.
    software
        Name and version of the software.
    sheets
        What the check of the input sheets recorded.
    artefacts
        Files whose SHA-256 sums are recorded, by their place in the study.
    logs
        The folder of the logs, which name the versions that made each result.
    rules
        Rules whose results come before this record, so that their logs are final.
    scripts
        The folder of the workflow's scripts, to compare the versions of the code.
    output
        The record. It names no person, host or absolute path.
    """
    root = Path(output).parent
    made_with = recorded_versions(logs)
    code = _code_versions(made_with, rules)
    write_json(
        output,
        {
            "config": _public(config),
            "software": software,
            "code_versions": code,
            "results_of_other_code": _of_other_code(code, scripts),
            "package_sha256_when_recorded": _package_sum(),
            "python": _made_with(made_with.get("python")) or platform.python_version(),
            "packages": _packages(made_with),
            "statistics_engine": _engine(made_with),
            "cpu_instructions": {
                library: _made_with(made_with.get(library)) or NOT_LOGGED
                for library in ("NumPy", "OpenBLAS", "oneDNN")
            },
            "machine": f"{platform.system()} {platform.machine()}",
            "input_sheets": read_json(sheets),
            "artefacts_sha256": {
                Path(path).relative_to(root).as_posix(): sum_of(path)
                for path in artefacts
            },
        },
    )


PLACES = {
    "cohort": {"exams", "nodes", "readings", "second_look"},
    "prediction": {"exams", "nodes"},
    "recover_counts": {"table"},
}
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


def _code_versions(
    made_with: Mapping[str, Mapping[str, list[str]]], rules: Collection[str]
) -> dict[str, dict[str, int]]:
    """Count the jobs of each rule by the version of the code that they executed."""
    found: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for number, jobs in made_with.get(CODE, {}).items():
        for rule, count in Counter(job.partition("/")[0] for job in jobs).items():
            if rule in rules:
                found[rule][number] = count
    return dict(found)


def _of_other_code(
    by_rule: Mapping[str, Mapping[str, int]], scripts: str | Path
) -> dict[str, dict[str, int]]:
    """Keep the versions that no script has at present."""
    present = {code_version(path, OWN_ROOT) for path in Path(scripts).glob("*/*.py")}
    other = {
        rule: {number: n for number, n in numbers.items() if number not in present}
        for rule, numbers in by_rule.items()
    }
    return {rule: numbers for rule, numbers in other.items() if numbers}


def _packages(made_with: Mapping[str, Mapping[str, list[str]]]) -> dict[str, str]:
    """Return the versions that made the results; of other packages those of this job.

    With conda a rule may do without a package.
    """
    found = {
        distributions[0]: _made_with(made_with.get(module))
        or installed_version(module)
        or ABSENT
        for module, distributions in PACKAGES.items()
    }
    for name in WITHOUT_RECORD:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = ABSENT
    return found


def _made_with(versions: Mapping[str, list[str]] | None) -> str:
    """Name the version; of several, each with the rules whose results it made."""
    if versions is None or len(versions) < 2:
        return next(iter(versions or ()), "")
    return "; ".join(f"{one}: {by_rule(versions[one])}" for one in sorted(versions))


def _engine(made_with: Mapping[str, Mapping[str, list[str]]]) -> str:
    """Name the versions that computed the statistics."""
    r, proc_version = (_made_with(made_with.get(name)) for name in ("R", "pROC"))
    return f"pROC {proc_version} on R {r}" if r and proc_version else proc.engine()


def source_files() -> list[Path]:
    """List every source file of the package, in the order they are hashed."""
    return sorted(PACKAGE_ROOT.rglob("*.py"))


def _package_sum() -> str:
    """Hash every source file of the package."""
    digest = hashlib.sha256()
    for path in source_files():
        digest.update(path.relative_to(PACKAGE_ROOT).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
