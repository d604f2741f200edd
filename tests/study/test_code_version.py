"""A version changes with the code that counts, and with nothing else."""

import os
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from nodal_staging.study import code_version as code_versions
from nodal_staging.study.code_version import code_version
from nodal_staging.study.source_code import read_sources

ROOT = Path(__file__).parents[2]

SOURCES = {
    "__init__": '"""Package."""\n',
    "tables": "def column(kind):\n    return kind\n\n"
    "NODES = [column(int)]\nROC = [column(float)]\n",
    "inner": "LIMIT = 3\nOTHER = 4\n\n"
    "def within(value):\n    return value < LIMIT\n\n"
    "def beyond(value):\n    return value > OTHER\n",
    "outer": "from nodal_staging import tables\n"
    "from nodal_staging.inner import beyond, within as inside\n\n"
    "class Shape:\n    def fits(self, value):\n        return inside(value)\n\n"
    "def write(value):\n    return Shape().fits(value), tables.NODES\n\n"
    "def draw(value):\n    return beyond(value), tables.ROC\n",
    "late": "RATE = 1\n",
    "settings": "import os\n\nos.environ['THREADS'] = '1'\nUNUSED = 1\n",
    "quiet": "import nodal_staging.settings\n\n"
    "def act(table):\n    from nodal_staging.late import RATE\n    return RATE\n",
    "study/jobs": "def job_log():\n    return 1\n\ndef in_groups():\n    return 2\n",
    "alien": "OTHER = 1\n",
    "whole": "ANY = 1\n",
    "room/__init__": '"""Room."""\n',
    "room/near": "from . import deep\nfrom .far import A\n\n"
    "def reach():\n    return A, deep.C\n",
    "room/far": "from ..above import B\n\nA = [B]\nUNUSED = 1\n",
    "room/deep": "C = 1\nD = 1\n",
    "above": "B = 1\n",
}
SCRIPT = (
    "from nodal_staging.study.jobs import in_groups, job_log\n"
    "from nodal_staging.outer import write\n"
    "from nodal_staging.quiet import act\n"
    "from nodal_staging import whole\n"
    "from nodal_staging.room.near import reach\n"
    "job_log(in_groups(write(act(whole), reach())))\n"
)


@pytest.fixture
def source(tmp_path):
    package = tmp_path / "src" / "nodal_staging"
    package.mkdir(parents=True)
    (package / "room").mkdir()
    (package / "study").mkdir()
    for name, text in SOURCES.items():
        (package / f"{name}.py").write_text(text)
    (tmp_path / "script.py").write_text(SCRIPT)
    return tmp_path


def version(source, memory=None):
    return code_version(source / "script.py", source / "src", memory)


@pytest.fixture
def copy(source, tmp_path):
    """Return the same code in another place, which no process has read before."""
    shutil.copytree(source / "src", tmp_path / "copy" / "src")
    shutil.copy(source / "script.py", tmp_path / "copy")
    return tmp_path / "copy"


@pytest.mark.parametrize(
    ("name", "old", "new", "counts"),
    [
        ("inner", "LIMIT = 3", "LIMIT = 5", True),
        ("inner", "value < LIMIT", "value <= LIMIT", True),
        ("inner", "LIMIT = 3", '"""Say more."""\nLIMIT = 3  # why\n', False),
        ("inner", "OTHER = 4", "OTHER = 5", False),
        ("inner", "value > OTHER", "value >= OTHER", False),
        ("tables", "column(int)", "column(str)", True),
        ("tables", "column(float)", "column(str)", False),
        ("tables", "return kind", "return [kind]", True),
        ("outer", "return inside", "return not inside", True),
        ("outer", "return beyond", "return not beyond", False),
        ("late", "RATE = 1", "RATE = 2", True),
        ("settings", "= '1'", "= '2'", True),
        ("settings", "UNUSED = 1", "UNUSED = 2", False),
        ("whole", "ANY = 1", "ANY = 2", True),
        ("study/jobs", "return 1", "return 3", False),
        ("study/jobs", "return 2", "return 3", True),
        ("room/far", "UNUSED = 1", "UNUSED = 2", False),
        ("room/far", "A = [B]", "A = (B,)", True),
        ("room/deep", "C = 1", "C = 2", True),
        ("room/deep", "D = 1", "D = 2", False),
        ("above", "B = 1", "B = 2", True),
        ("alien", "OTHER = 1", "OTHER = 2", False),
        ("__init__", "Package", "The package", False),
    ],
)
def test_what_counts(source, copy, tmp_path, name, old, new, counts):
    memory = tmp_path / "memory"
    before = version(source, memory)
    path = copy / "src" / "nodal_staging" / f"{name}.py"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    assert (version(copy) != before) == counts
    assert version(copy, memory) == version(copy)


def test_what_has_no_influence_exists():
    """A name that moved away would make every result depend on its log."""
    for module, name in code_versions.WITHOUT_INFLUENCE:
        assert hasattr(import_module(module), name)


@pytest.mark.workflow
def test_no_order_of_sets_counts():
    """Each process hashes strings in its own way, and walks sets in its own order."""
    body = "from pathlib import Path"
    body += "\nfrom nodal_staging.study.code_version import code_version"
    body += "\nfor path in sorted(Path('workflow/scripts').glob('*/*.py')):"
    body += "\n    print(path.name, code_version(path, 'src'))"
    said = [
        subprocess.run(
            [sys.executable, "-c", body],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": "src", "PYTHONHASHSEED": str(seed)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in range(6)
    ]
    assert said[0].count("\n") > 30
    assert set(said) == {said[0]}


def test_a_touch_does_not_count(source, copy):
    os.utime(copy / "src" / "nodal_staging" / "inner.py", (0, 0))
    assert version(copy) == version(source)


def test_the_script_itself_counts(source, copy, tmp_path):
    memory = tmp_path / "memory"
    before = version(source, memory)
    (copy / "script.py").write_text(SCRIPT + "print(1)\n")
    assert version(copy, memory) == version(copy) != before


def test_what_is_remembered_is_not_read_again(source, copy, tmp_path, monkeypatch):
    before = version(source, tmp_path / "memory")
    monkeypatch.delattr(code_versions, "_version")
    assert version(copy, tmp_path / "memory") == before


def package(root):
    return root / "src" / "nodal_staging"


@pytest.mark.parametrize("name", SOURCES)
def test_any_byte_changes_the_sum_of_the_sources(source, copy, name):
    before = read_sources(source / "src").digest
    with (package(copy) / f"{name}.py").open("a") as file:
        file.write("#")
    assert read_sources(copy / "src").digest != before


def test_names_change_the_sum_of_the_sources(source, copy):
    (package(copy) / "alien.py").rename(package(copy) / "stranger.py")
    assert read_sources(copy / "src").digest != read_sources(source / "src").digest


def test_other_files_next_to_the_sources_do_not(source, copy):
    (package(copy) / "__pycache__").mkdir()
    (package(copy) / "__pycache__" / "inner.pyc").write_bytes(b"1")
    (package(copy) / ".#inner.py").symlink_to("nowhere")
    assert read_sources(copy / "src") == read_sources(source / "src")


def test_of_a_package_and_a_module_of_its_name_python_takes_the_package(source, copy):
    (copy / "src/nodal_staging/room.py").write_text("LEFT_BEHIND = 1\n")
    before, after = (read_sources(folder / "src").modules for folder in (source, copy))
    assert after["nodal_staging.room"] == before["nodal_staging.room"]
