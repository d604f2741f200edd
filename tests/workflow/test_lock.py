"""Lock, project and conda environments name the same versions, and no host."""

import re
import tomllib
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


@pytest.mark.parametrize("lock", [*LOCKS, "tools/uv.lock"])
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
    wanted = project["dependencies"] + project["optional-dependencies"][extra]
    locked = pins(ROOT / lock)
    for line in wanted:
        requirement = Requirement(line)
        version = locked[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(version)


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
