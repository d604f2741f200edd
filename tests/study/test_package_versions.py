"""Versions of packages are written down with results, and compared in the plan."""

import ast
import platform
import re
import sys
from pathlib import Path

import numpy as np
import pytest

from nodal_staging.study import package_versions
from nodal_staging.study.jobs import job_log
from nodal_staging.study.package_versions import (
    PACKAGES,
    by_rule,
    installed_version,
    mixed_versions,
    note_version,
    recorded_versions,
)
from nodal_staging.study.source_code import read_module, read_sources

ROOT = Path(__file__).parents[2]
NUMPY = np.__version__
WITHOUT_INFLUENCE = {"threadpoolctl"}
"""Names the libraries that compute, and computes nothing."""


@pytest.fixture
def logs(tmp_path):
    folder = tmp_path / "logs"
    (folder / "train_cnn").mkdir(parents=True)
    return folder


@pytest.fixture(autouse=True)
def nothing_noted(monkeypatch):
    monkeypatch.setattr(package_versions, "other_versions", {})


def write(log, versions):
    log.write_text(
        f"INFO nodal_staging.a: 3\nINFO nodal_staging: made with {versions}\n"
    )


def test_a_job_names_what_it_loaded(logs):
    note_version("R", "4.2.2")
    with job_log(logs / "train_cnn" / "xmask.log", code="1a2b"):
        pass
    line = (logs / "train_cnn" / "xmask.log").read_text().splitlines()[-1]
    assert f"numpy {NUMPY}, " in line
    assert recorded_versions(logs)["code"] == {"1a2b": ["train_cnn/xmask"]}
    assert recorded_versions(logs)["R"] == {"4.2.2": ["train_cnn/xmask"]}
    now = platform.python_version()
    assert recorded_versions(logs)["python"] == {now: ["train_cnn/xmask"]}


def test_a_job_that_failed_names_nothing(logs):
    with pytest.raises(SystemExit), job_log(logs / "train_cnn.log", code="1a2b"):
        raise MemoryError
    assert recorded_versions(logs) == {}


def test_results_of_other_versions_are_named(logs):
    write(logs / "train_cnn" / "xmask.log", "keras 3.15.1, numpy 1.0.0")
    write(logs / "train_cnn" / "status_balanced.log", "numpy 1.0.0")
    write(logs / "draw_uptake.log", f"numpy {NUMPY}")
    (logs / "failed.log").write_text("ERROR nodal_staging: no CT\n")
    (logs / "empty.log").write_text("")
    assert mixed_versions(logs) == [
        f"train_cnn (2 jobs): numpy 1.0.0; installed is {NUMPY}"
    ]


def test_what_cannot_be_asked_is_compared_with_one_another(logs):
    write(logs / "train_cnn" / "xmask.log", "R 4.2.2")
    assert mixed_versions(logs) == []
    write(logs / "compute_statistics.log", "R 4.5.0")
    assert mixed_versions(logs) == [
        "train_cnn (1 job): R 4.2.2",
        "compute_statistics (1 job): R 4.5.0",
    ]


def test_versions_of_code_are_left_to_the_plan(logs):
    write(logs / "train_cnn" / "xmask.log", "code 1a2b")
    write(logs / "draw_uptake.log", "code 3c4d")
    assert mixed_versions(logs) == []


def test_a_study_without_logs_has_no_versions(tmp_path):
    assert mixed_versions(tmp_path / "logs") == []


def test_what_the_environment_lacks_is_not_compared(logs, monkeypatch):
    monkeypatch.setitem(PACKAGES, "absent", ("absent-package",))
    write(logs / "train_cnn.log", "absent 1.0")
    assert mixed_versions(logs) == []


@pytest.mark.parametrize("module", PACKAGES)
def test_versions_are_numbers(module):
    assert re.fullmatch(r"\d+(\.\w+)*|", installed_version(module))


def third_party(content):
    """Yield the packages of others that a module imports when it runs."""
    for node in executed_nodes(ast.parse(content)):
        match node:
            case ast.Import(names=names):
                yield from (one.name.partition(".")[0] for one in names)
            case ast.ImportFrom(module=str(name), level=0):
                yield name.partition(".")[0]
            case ast.Call(
                func=ast.Name(id="import_module") | ast.Attribute(attr="import_module"),
                args=[ast.Constant(value=str(name)), *_],
            ):
                yield name.partition(".")[0]


def executed_nodes(tree):
    yield tree
    inner = ast.iter_child_nodes(tree)
    if isinstance(tree, ast.If) and getattr(tree.test, "id", "") == "TYPE_CHECKING":
        inner = tree.orelse
    for node in inner:
        yield from executed_nodes(node)


@pytest.mark.workflow
def test_every_package_that_a_script_can_import_is_recorded():
    modules = read_sources(ROOT / "src").modules
    imported = set()
    for script in (ROOT / "workflow" / "scripts").glob("*/*.py"):
        contents, seen = [(script.read_bytes(), "")], set()
        while contents:
            content, home = contents.pop()
            imported |= set(third_party(content))
            for name in read_module(content, home).imports - seen:
                seen.add(name)
                if source := modules.get(name):
                    contents.append((source.content, source.home))
    others = imported - set(sys.stdlib_module_names) - {"nodal_staging"}
    assert others - WITHOUT_INFLUENCE == set(PACKAGES)


def test_jobs_are_counted_by_rule():
    jobs = ["train_cnn/xmask", "train_cnn/status_balanced", "draw_uptake"]
    assert by_rule(jobs) == "train_cnn (2 jobs), draw_uptake (1 job)"
