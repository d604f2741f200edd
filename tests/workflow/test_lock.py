"""Lock, project and conda environments name the same versions, and no host."""

import ast
import re
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PIN = re.compile(r"^([A-Za-z0-9_.\-]+(?:\[[^\]]*\])?)==([^\s;\\]+)", re.MULTILINE)
LOCKS = ["requirements.lock", "requirements-gpu.lock"]


def pins(path: Path) -> dict[str, str]:
    return {
        canonicalize_name(name.partition("[")[0]): version
        for name, version in PIN.findall(path.read_text())
    }


@pytest.mark.parametrize("lock", [*LOCKS, "tools/uv.lock", "tools/build.lock"])
def test_every_pin_has_a_hash_and_no_host_is_named(lock):
    text = (ROOT / lock).read_text()
    assert "://" not in text
    for block in re.split(r"\n(?=[A-Za-z])", text):
        if PIN.match(block):
            assert "--hash=sha256:" in block


@pytest.mark.parametrize(
    ("lock", "extra"), list(zip(LOCKS, ["cpu", "gpu"], strict=True))
)
def test_project_and_lock_agree(lock, extra):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = list(project["dependencies"])
    for chosen in (extra, "dev", "docs"):
        wanted += project["optional-dependencies"][chosen]
    locked = pins(ROOT / lock)
    for line in wanted:
        requirement = Requirement(line)
        version = locked[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(version)


def test_citation_image_and_changelog_have_the_version_of_the_project():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    changes = (ROOT / "CHANGELOG.md").read_text()
    released = re.findall(r"^## (\d\S+)(?: - (\S+))?$", changes, re.MULTILINE)
    assert released[0] == (version, str(citation["date-released"]))
    assert citation["version"] == version
    image = (ROOT / "profiles/kubernetes/profile.yaml").read_text()
    assert f"nodal-staging:{version}\n" in image


@pytest.mark.parametrize("lock", LOCKS)
def test_the_build_tools_are_locked(lock):
    """The package is installed without a network."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    locked = pins(ROOT / lock)
    for line in project["build-system"]["requires"]:
        requirement = Requirement(line)
        assert requirement.specifier.contains(locked[requirement.name])


def blocks(path: Path) -> dict[str, tuple[str, ...]]:
    """Return the pin and the hashes of each package."""
    found = re.split(r"\n(?=[A-Za-z])", path.read_text())
    entries = [tuple(re.findall(r"^\S+==[^\s;\\]+|sha256:\w+", one)) for one in found]
    return {entry[0].partition("==")[0]: entry for entry in entries}


@pytest.mark.parametrize("lock", LOCKS)
def test_source_packages_are_built_with_what_the_lock_holds(lock):
    build = blocks(ROOT / "tools" / "build.lock")
    # What rpy2-rinterface, connection-pool and this package need to be built.
    assert set(build) == {"cffi", "pycparser", "setuptools"}
    locked = blocks(ROOT / lock)
    for name, entry in build.items():
        assert len(entry) > 1
        assert locked[name] == entry


def test_nothing_is_built_in_an_environment_of_its_own():
    """Such an environment would install the newest build tools, unchecked."""
    script = (ROOT / "tools" / "install_python.sh").read_text().replace("\\\n", " ")
    installing = [line for line in script.splitlines() if "pip install" in line]
    assert len(installing) >= 4
    for line in installing:
        wheels_alone = "tools/uv.lock" in line or line.endswith("tools/build.lock")
        assert wheels_alone or "--no-build-isolation" in line
        assert "--require-hashes" in line or "--no-index" in line


def test_both_locks_hold_the_same_versions():
    cpu, gpu = (pins(ROOT / lock) for lock in LOCKS)
    different = {name for name in cpu.keys() & gpu.keys() if cpu[name] != gpu[name]}
    assert not different


CONDA_NAMES = {"snakemake-minimal": "snakemake", "python-isal": "isal"}
FROM_DEBIAN = {"python", "pip", "r-base", "r-proc"}


@pytest.mark.parametrize("name", ["core", "cnn", "stats"])
def test_conda_environments_hold_the_locks_versions(name):
    content = yaml.safe_load((ROOT / "envs" / f"{name}.yaml").read_text())
    locked = pins(ROOT / "requirements.lock")
    entries = [entry for entry in content["dependencies"] if isinstance(entry, str)]
    for nested in content["dependencies"]:
        if isinstance(nested, dict):
            entries += nested["pip"]
    for entry in entries:
        package, _, version = entry.replace("==", "=").partition("=")
        if package not in FROM_DEBIAN:
            package = CONDA_NAMES.get(package, package)
            assert locked[canonicalize_name(package)] == version


SRC = ROOT / "src"
SCRIPTS = ROOT / "workflow" / "scripts"
PACKAGE = "nodal_staging"
DISTRIBUTIONS = {
    "PIL": "pillow",
    "SimpleITK": "simpleitk",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
}
"""Distributions whose name is not that of what is imported."""


@cache
def imports_of(path: Path) -> list[str]:
    """Return the dotted names that a file imports, also those inside functions."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            home = ".".join(filter(None, [*above(path, node.level), node.module]))
            found += [f"{home}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Call) and is_import_module(node.func):
            found.append(ast.literal_eval(node.args[0]))
    return found


def is_import_module(function: ast.expr) -> bool:
    name = ast.unparse(function)
    return name.rpartition(".")[2] == "import_module"


def above(path: Path, level: int) -> tuple[str, ...]:
    """Return the package where a relative import of so many dots begins."""
    if not level:
        return ()
    home = path.relative_to(SRC).parts[:-1]
    return home[: len(home) + 1 - level]


def modules_of(name: str) -> Iterator[Path]:
    """Yield the files of the package that importing a dotted name executes."""
    parts = name.split(".")
    for end in range(1, len(parts) + 1):
        place = SRC.joinpath(*parts[:end])
        for path in (place / "__init__.py", place.with_suffix(".py")):
            if path.is_file():
                yield path


OWN = {path.name for path in SRC.iterdir()}
"""Packages of this repository."""


@cache
def third_parties(path: Path) -> frozenset[str]:
    """Return the distributions that a file imports, also through the package."""
    found, seen, waiting = set(), set(), [path]
    while waiting:
        place = waiting.pop()
        if place in seen:
            continue
        seen.add(place)
        for name in imports_of(place):
            top = name.partition(".")[0]
            if top == PACKAGE:
                waiting += modules_of(name)
            elif top not in sys.stdlib_module_names and top not in OWN:
                found.add(canonicalize_name(DISTRIBUTIONS.get(top, top)))
    return frozenset(found)


def scripts_by_environment() -> dict[str, set[Path]]:
    """Return the scripts of the rules that name each environment."""
    found = defaultdict(set)
    for path in (ROOT / "workflow" / "rules").glob("*.smk"):
        for rule in re.split(r"\n(?=rule )", path.read_text()):
            script = re.search(r'"\.\./scripts/([\w/]+\.py)"', rule)
            if script:
                name = re.search(r'"\.\./\.\./envs/(\w+)\.yaml"', rule)[1]
                found[name].add(SCRIPTS / script[1])
    return dict(found)


ENVIRONMENTS = scripts_by_environment()
BEHIND = {
    "rpy2": {"rpy2-rinterface", "rpy2-robjects"},
    "tensorflow": {"tensorflow-cpu"},
}
"""Distributions that give what is imported by another name."""
IMPORTED_ON_CALL = {"core": {"rpy2-rinterface", "rpy2-robjects"}}
"""The module that calls R imports rpy2 when it does; only rules of stats call R."""
NEVER_IMPORTED = {"pip", "python", "r-base", "r-proc"}


def provided(name: str) -> set[str]:
    """Return the distributions of a conda environment under their names in the lock."""
    content = yaml.safe_load((ROOT / "envs" / f"{name}.yaml").read_text())
    entries = []
    for entry in content["dependencies"]:
        entries += entry["pip"] if isinstance(entry, dict) else [entry]
    names = {re.split("=+", entry)[0] for entry in entries} - NEVER_IMPORTED
    return {CONDA_NAMES.get(package, package) for package in names}


def test_every_script_runs_in_one_environment():
    named = [script for scripts in ENVIRONMENTS.values() for script in scripts]
    assert set(named) == set(SCRIPTS.glob("*/*.py"))
    assert len(named) == len(set(named))


@pytest.mark.parametrize("name", sorted(ENVIRONMENTS))
def test_an_environment_holds_what_its_scripts_import(name):
    needed = set()
    for script in ENVIRONMENTS[name]:
        for package in third_parties(script):
            needed |= BEHIND.get(package, {package})
    # Snakemake's preamble of a script imports it.
    needed -= IMPORTED_ON_CALL.get(name, set())
    assert provided(name) == needed | {"snakemake"}


@pytest.mark.workflow
def test_the_project_depends_on_what_it_imports_and_on_nothing_else():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = {canonicalize_name(Requirement(r).name) for r in project["dependencies"]}
    imported = set()
    for path in [*(SRC / PACKAGE).rglob("*.py"), *SCRIPTS.rglob("*.py")]:
        for package in third_parties(path):
            imported |= BEHIND.get(package, {package})
    imported -= {"tensorflow-cpu"}  # an extra: for the CPU or for a GPU
    plugins = {name for name in named if name.startswith("snakemake-executor-plugin-")}
    assert named - plugins == imported | {"snakemake"}
