"""A version changes with the code that counts, and with nothing else."""

import os
import shutil

import pytest

from nodal_staging.provenance import code_version


@pytest.fixture
def source(tmp_path):
    package = tmp_path / "src" / "nodal_staging"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text('"""Package."""\n')
    (package / "inner.py").write_text("LIMIT = 3\n")
    (package / "outer.py").write_text("from nodal_staging.inner import LIMIT\n")
    (package / "jobs.py").write_text("LEVEL = 1\n")
    room = package / "room"
    room.mkdir()
    (room / "__init__.py").write_text('"""Room."""\n')
    (room / "near.py").write_text("from .far import A\nfrom . import deep\n")
    (room / "far.py").write_text("A = 1\nfrom ..above import B\n")
    (room / "deep.py").write_text("C = 1\n")
    (package / "above.py").write_text("B = 1\n")
    (package / "alien.py").write_text("OTHER = 1\n")
    (tmp_path / "script.py").write_text(
        "from nodal_staging.jobs import LEVEL\nfrom nodal_staging import outer\n"
        "from nodal_staging.room.near import A\n"
    )
    return tmp_path


def version(source):
    return code_version(source / "script.py", source / "src")


@pytest.mark.parametrize(
    ("name", "text", "counts"),
    [
        ("inner.py", "LIMIT = 4\n", True),
        ("inner.py", '"""Say more."""\nLIMIT = 3  # why\n\n', False),
        ("jobs.py", "LEVEL = 2\n", False),
        ("alien.py", "OTHER = 2\n", False),
        ("room/far.py", "A = 2\nfrom ..above import B\n", True),
        ("room/deep.py", "C = 2\n", True),
        ("above.py", "B = 2\n", True),
    ],
)
def test_what_counts(source, tmp_path, name, text, counts):
    before = version(source)
    copy = tmp_path / "copy"
    shutil.copytree(source / "src", copy / "src")
    shutil.copy(source / "script.py", copy / "script.py")
    (copy / "src" / "nodal_staging" / name).write_text(text)
    assert (version(copy) != before) == counts


def test_a_touch_does_not_count(source):
    before = version(source)
    os.utime(source / "src" / "nodal_staging" / "inner.py", (0, 0))
    assert version(source) == before
