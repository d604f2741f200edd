"""A folder whose deletion was interrupted is deleted to its end, and no other one."""

import os

import pytest

from nodal_staging.study.temporary_folders import finish_deletions, seal


@pytest.fixture
def folder(tmp_path):
    """Return a sealed folder of three files."""
    folder = tmp_path / "1-of-2"
    for name in ("exam/ct/1.dcm", "exam/ct/2.dcm", "sheet.tsv"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"content")
    seal(folder)
    return folder


def test_a_whole_folder_is_kept(folder):
    # As Snakemake marks a folder, and as an editor leaves a file.
    (folder / ".snakemake_timestamp").touch()
    (folder / "sheet.tsv~").touch()
    assert finish_deletions([folder]) == []
    assert (folder / "exam" / "ct" / "2.dcm").exists()


@pytest.mark.parametrize("lost", ["exam/ct/1.dcm", "sheet.tsv", ".files"])
def test_a_folder_that_lost_a_file_is_deleted(folder, lost):
    (folder / ".snakemake_timestamp").touch()
    (folder / lost).unlink()
    assert finish_deletions([folder]) == [folder]
    assert not folder.exists()


def test_the_mark_of_snakemake_stands_for_no_lost_file(folder):
    (folder / "sheet.tsv").unlink()
    (folder / ".snakemake_timestamp").touch()
    assert finish_deletions([folder]) == [folder]


def test_an_empty_folder_may_be_whole(tmp_path):
    seal(tmp_path)
    assert finish_deletions([tmp_path]) == []


def test_an_absent_folder_is_deleted_already(tmp_path):
    assert finish_deletions([tmp_path / "1-of-2"]) == []
    assert os.listdir(tmp_path) == []
