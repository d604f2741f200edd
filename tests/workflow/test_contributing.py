"""The recipes of CONTRIBUTING.md work; what it and the forge files name exists."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pandas as pd
import pytest
import yaml
from repositories import ENVIRONMENT, ROOT, copy_repository, planned_jobs, snakemake
from studies import measured_nodes

from nodal_staging import tables

PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
RECIPES = PAGE.partition("\n## Recipes\n")[2].partition("\n## Style")[0]
BLOCK = re.compile(
    r"^(?:`([\w./]+)`\n\n)?```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL
)
NEW_RULES = {"summarise_volumes", "draw_volumes"}
CONTRACTS = [
    "tests/workflow/test_rules_contract.py",
    "tests/test_architecture.py",
    "tests/study/test_configuration.py",
]
DOCUMENTED = [
    "tests/workflow/test_site.py",
    "tests/workflow/test_docs.py",
    "tests/test_dead_code.py",
    "tests/test_signatures.py",
]
SCHEMA_TEST = "test_every_schema_of_the_package_belongs_to_a_file"
CHECKS = {
    "contracts": CONTRACTS,
    "documents": [*DOCUMENTED, "-m", "not site and not workflow"],
    "schemas": [f"tests/workflow/test_site.py::{SCHEMA_TEST}"],
}
"""What is run on the recipes; site and documents without their slow tests."""
COPIED = ["README.md", "CHANGELOG.md", "CITATION.cff", "LICENSE", "Makefile"]
COPIED += ["CONTRIBUTING.md", "mkdocs.yml", "pyproject.toml", "requirements.lock"]
MAKE_SETS = {"MAKEFLAGS", "MAKELEVEL", "MFLAGS", "SLURM"}
"""What a ``make`` that runs the tests leaves in their environment."""
HOOKS = ROOT / ".pre-commit-config.yaml"
TEXTS = [
    ROOT / "CONTRIBUTING.md",
    HOOKS,
    *sorted(p for p in (ROOT / ".github").rglob("*") if p.is_file()),
]
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
FIELDS = {"markdown", "textarea", "input", "dropdown", "checkboxes"}


def edited(text: str, change: str) -> str:
    """Return a text after a change in the form of a diff without line numbers."""
    lines = change.splitlines(keepends=True)
    old = "".join(line[1:] for line in lines if line[0] in " -")
    new = "".join(line[1:] for line in lines if line[0] in " +")
    assert text.count(old) == 1, f"found {text.count(old)} times:\n{old}"
    return text.replace(old, new)


def apply_recipes(folder: Path) -> None:
    """Apply every block of the recipes, in order."""
    path = folder
    for name, kind, content in BLOCK.findall(RECIPES):
        if kind == "bash":
            continue
        path = folder / name if name else path
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        after = edited(before, content) if kind == "diff" else before + content
        path.write_text(after, encoding="utf-8")


def shown_targets() -> list[str]:
    """Return what the recipes ask Snakemake for: their commands name it first."""
    blocks = [content for _, kind, content in BLOCK.findall(RECIPES) if kind == "bash"]
    return [shlex.split(command)[1] for command in blocks]


@pytest.fixture(scope="module")
def repository(tmp_path_factory) -> Path:
    """Return a repository to which all recipes were applied, with its tests."""
    folder = copy_repository(tmp_path_factory.mktemp("recipes") / "repository")
    for name in COPIED:
        shutil.copy(ROOT / name, folder)
    ignored = shutil.ignore_patterns("__pycache__")
    for name in ("tests", "docs", "benchmarks"):
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    apply_recipes(folder)
    return folder


def run_module(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a module of Python in a folder, without the package of another one."""
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=folder,
        env={k: v for k, v in ENVIRONMENT.items() if k != "PYTHONPATH"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.workflow
def test_what_the_recipes_add_is_planned(repository):
    jobs = planned_jobs(repository, "all", "volumes", *shown_targets())
    assert {rule: jobs[rule] for rule in NEW_RULES} == dict.fromkeys(NEW_RULES, 1)
    together = {"score_baselines", "compute_simple_statistics"}
    assert {rule: jobs[rule] for rule in together} == dict.fromkeys(together, 1)


@pytest.mark.workflow
def test_the_rules_of_the_recipes_run(repository):
    """On nodes of known volume, so that nothing before them has to run."""
    nodes = measured_nodes(60)
    nodes["volume_mm3"] = nodes["location"].map(tables.LOCATIONS.index) + 1.0
    results = repository / "results" / "tests"
    results.mkdir(parents=True)
    tables.write(nodes, results / "nodes.tsv", tables.NODES)
    allowed = ("--allowed-rules", "volumes", *NEW_RULES)
    done = snakemake(repository, "--cores", "1", *allowed, "--", "volumes")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    written = pd.read_csv(results / "cohort" / "volumes.tsv", sep="\t")
    assert written["nodes"].sum() == 60
    expected = [tables.LOCATIONS.index(name) + 1 for name in written["location"]]
    assert written["volume_mm3"].tolist() == expected
    assert (results / "figures" / "volumes.pdf").stat().st_size > 1000


@pytest.mark.workflow
@pytest.mark.parametrize("arguments", CHECKS.values(), ids=CHECKS)
def test_contracts_hold_after_the_recipes(repository, arguments):
    done = run_module(repository, "pytest", "-p", "no:cacheprovider", *arguments)
    assert done.returncode == 0, done.stdout[-3000:]


def test_the_recipes_are_linted_and_formatted(repository):
    for command in (("check",), ("format", "--check")):
        done = run_module(repository, "ruff", *command, "src", "workflow/scripts")
        assert done.returncode == 0, done.stdout
    rules = repository / "workflow" / "rules"
    done = run_module(repository, "snakefmt", "--check", str(rules / "nodes.smk"))
    assert done.returncode == 0, done.stderr


def test_a_recipe_that_does_not_fit_is_found():
    with pytest.raises(AssertionError, match="found 0 times"):
        edited("a\nb\n", " a\n+c\n d\n")
    assert edited("a\nb\n", " a\n+c\n") == "a\nc\nb\n"


def makefile_targets() -> dict[str, str]:
    """Return the targets of the Makefile that have a description."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z]+):.*?## (.+)$", text, re.MULTILINE))


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_every_make_target_that_is_named_exists(path):
    named = re.findall(r"\bmake ([a-z]+)", path.read_text(encoding="utf-8"))
    named = [word for word in named if word not in {"and", "python"}]
    assert set(named) <= makefile_targets().keys()


def test_every_pytest_command_names_what_exists():
    commands = re.findall(r"^pytest (.+)$", PAGE, re.MULTILINE)
    commands += re.findall(r"`pytest (.+?)`", PAGE)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    listed = project["tool"]["pytest"]["ini_options"]["markers"]
    markers = {line.partition(":")[0] for line in listed}
    own = (ROOT / "tests/helpers/slow_groups.py").read_text(encoding="utf-8")
    assert len(commands) >= 4
    for command in commands:
        words = shlex.split(command)
        if "-m" in words:
            assert words.pop(words.index("-m") + 1) in markers
            words.remove("-m")
        for word in words:
            known = f'"{word}"' in own if word[0] == "-" else (ROOT / word).exists()
            assert known, command


def test_every_program_of_the_commands_is_in_the_environment_or_the_system():
    """Also those that are typed once, before there is an environment."""
    lines = [b for _, kind, b in BLOCK.findall(PAGE) if kind == "bash"]
    programs = {line.split()[0] for block in lines for line in block.splitlines()}
    assert programs == {"make", "source", "export", "pytest", "snakemake"}


def test_make_lists_its_targets():
    done = subprocess.run(
        ["make", "-s"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    lines = dict(line.split(maxsplit=2)[1:] for line in done.stdout.splitlines())
    assert lines == makefile_targets()
    assert {"demo", "check", "test"} <= lines.keys()


@pytest.mark.parametrize(
    ("asked", "installs"),
    [([], False), (["SLURM="], False), (["SLURM=0"], False), (["SLURM=1"], True)],
)
def test_slurm_is_installed_only_where_that_was_asked_for(asked, installs):
    call = ["make", "--dry-run", "test", *asked]
    environment = {k: v for k, v in os.environ.items() if k not in MAKE_SETS}
    done = subprocess.run(
        call, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert ("slurm/install.sh" in done.stdout) == installs


def test_ci_asks_for_slurm_and_a_browser():
    assert "make test SLURM=1 BROWSER=1" in (ROOT / ".ci" / "run").read_text()


def test_the_hooks_use_the_locked_environment():
    (repository,) = yaml.safe_load(HOOKS.read_text())["repos"]
    assert repository["repo"] == "local"
    for hook in repository["hooks"]:
        program = hook["entry"].split()[0]
        assert program.startswith(".venv/bin/")
        assert (Path(sys.executable).parent / Path(program).name).exists()
        if "files" in hook:
            assert any(
                re.search(hook["files"], name)
                for name in ("workflow/rules/cnn.smk", "src/nodal_staging/geometry.py")
            )


def test_ci_checks_pushes_and_tests_every_night():
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yaml").read_text())
    # YAML reads the key "on" as a truth value.
    assert {"push", "schedule", "workflow_dispatch"} <= workflow[True].keys()
    runs = {
        name: job["steps"][-1]["run"] + job["if"]
        for name, job in workflow["jobs"].items()
    }
    assert "make check" in runs["check"] and "'push'" in runs["check"]
    assert "make test" in runs["test"] and "'schedule'" in runs["test"]


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.name)
def test_an_issue_form_is_well_formed(path):
    form = yaml.safe_load(path.read_text(encoding="utf-8"))
    if path.stem == "config":
        assert form == {"blank_issues_enabled": False}
        return
    assert form["name"] and form["description"]
    names = [field["id"] for field in form["body"] if field["type"] != "markdown"]
    assert len(set(names)) == len(names) > 3
    for field in form["body"]:
        assert field["type"] in FIELDS
        attributes = field["attributes"]
        assert attributes.get("label") or field["type"] == "markdown"
        options = attributes.get("options", [])
        assert bool(options) == (field["type"] in {"dropdown", "checkboxes"})
        # A bare yes or no would be a truth value.
        assert all(isinstance(option, str | dict) for option in options)


def test_every_marker_is_described():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    declared = dict(
        marker.split(": ", 1)
        for marker in project["tool"]["pytest"]["ini_options"]["markers"]
    )
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \|", PAGE, re.MULTILINE)
    assert dict(rows) == declared
