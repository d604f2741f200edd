"""Bytes are on the disk before a name stands for them, whatever writes them."""

import ast
import errno
import os
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nodal_staging import tables
from nodal_staging.figures import style
from nodal_staging.figures.legend import Legend
from nodal_staging.nodes.patch_files import write_patches
from nodal_staging.study.files import replacing_folder, write_json, write_text

PACKAGE = Path(tables.__file__).parents[1]


def weights(path):
    from nodal_staging.classifiers.cnn.backend import keras
    from nodal_staging.classifiers.cnn.weight_files import save_weights

    inputs = keras.Input((2,))
    save_weights(keras.Model(inputs, keras.layers.Dense(1)(inputs)), path)


def figure(path):
    drawn = style.new_figure(style.DOUBLE_COLUMN_MM, 20)
    style.save(drawn, [path], legend=Legend("A", "B."))


def patches(path):
    cube = np.zeros((2, 2, 2))
    one = (cube.astype(np.int16), cube.astype(np.uint8))
    write_patches(path, {"N1": one}, size=2, spacing_mm=1.0)


def table(path):
    frame = pd.DataFrame({"epoch": [1], "loss": [0.5], "accuracy": [1.0]})
    columns = ["held_out_loss", "held_out_auc"]
    tables.write(frame.assign(**dict.fromkeys(columns)), path, tables.HISTORY)


def folder(path):
    with replacing_folder(path) as part:
        (part / "inner").mkdir()
        (part / "inner" / "a").write_text("a")
        (part / "b").write_text("b")


WRITERS = {
    "a.json": lambda path: write_json(path, {"a": 1}),
    "a.txt": lambda path: write_text(path, "a"),
    "a.tsv": table,
    "a.h5": patches,
    "folder": folder,
    "a.svg": figure,
    "a.png": figure,
    "weights.h5": weights,
}
SLOW = {"a.svg": pytest.mark.figures, "a.png": pytest.mark.figures}
SLOW |= {"weights.h5": pytest.mark.training}


@pytest.fixture
def events(monkeypatch):
    """Return what was stored and renamed, in order, as inodes."""
    seen = []
    stored, replaced, renamed = os.fsync, os.replace, os.rename

    def store(descriptor):
        seen.append(("stored", os.fstat(descriptor).st_ino))
        stored(descriptor)

    def rename(of, source, target, **options):
        of(source, target, **options)
        seen.append(("renamed", os.stat(target).st_ino))

    monkeypatch.setattr(os, "fsync", store)
    monkeypatch.setattr(os, "replace", lambda *a, **k: rename(replaced, *a, **k))
    monkeypatch.setattr(os, "rename", lambda *a, **k: rename(renamed, *a, **k))
    return seen


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=SLOW.get(name, ())) for name in WRITERS]
)
def test_what_is_renamed_is_on_the_disk(tmp_path, events, name):
    path = tmp_path / name
    WRITERS[name](path)
    last = max(n for n, (kind, _) in enumerate(events) if kind == "renamed")
    assert events[last] == ("renamed", path.stat().st_ino)
    inside = [path, *path.rglob("*")] if path.is_dir() else [path]
    before = {inode for kind, inode in events[:last] if kind == "stored"}
    assert {one.stat().st_ino for one in inside} <= before
    assert ("stored", tmp_path.stat().st_ino) in events[last:]


@pytest.mark.parametrize("name", ["a.json", "a.txt", "a.tsv", "a.h5"])
def test_a_disk_that_fails_leaves_the_old_file(tmp_path, monkeypatch, name):
    path = tmp_path / name
    path.write_bytes(b"old")

    def fail(_):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match=os.strerror(errno.EIO)):
        WRITERS[name](path)
    assert path.read_bytes() == b"old"
    assert [one.name for one in tmp_path.iterdir()] == [name]


def test_a_folder_that_cannot_be_stored_is_no_failure(tmp_path, monkeypatch):
    """Some network disks store names by themselves and refuse to be told to."""
    stored = os.fsync

    def only_files(descriptor):
        if os.fstat(descriptor).st_ino == tmp_path.stat().st_ino:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        stored(descriptor)

    monkeypatch.setattr(os, "fsync", only_files)
    write_text(tmp_path / "a.txt", "a")
    assert (tmp_path / "a.txt").read_text() == "a"


RENAMING = {"study/files.py": 2, "classifiers/cnn/weight_files.py": 1}
"""Files that rename, and how often; the second one within ``replacing``."""


def test_nothing_else_renames_files():
    found = {}
    for path in PACKAGE.rglob("*.py"):
        if not re.search(r"\.(replace|renames?|move|\w*link_to)\(", path.read_text()):
            continue
        renames = [
            node
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and (
                (node.func.attr in {"replace", "rename"} and len(node.args) == 1)
                or node.func.attr in {"renames", "move", "link_to", "hardlink_to"}
            )
            and not node.keywords
        ]
        if renames:
            found[path.relative_to(PACKAGE).as_posix()] = len(renames)
    assert found == RENAMING
