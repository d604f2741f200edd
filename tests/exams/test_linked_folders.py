"""Folders of symbolic links, and slices that are left out: read, or remarked."""

import os
from pathlib import Path

import numpy as np
import pytest
from dicom_files import header, read_whole, write_series, write_slice
from segmentation_files import nrrd

from nodal_staging.exams import raw_files
from nodal_staging.exams.dicom import index_ct
from nodal_staging.exams.raw_files import RawFileError, files_below
from nodal_staging.exams.segmentation.reading import read_segmentation
from nodal_staging.study.errors import DicomSeriesError

VOLUME = np.arange(6 * 4 * 5).reshape(6, 4, 5)


@pytest.fixture
def archive(tmp_path):
    """Write a series where the links of the tests lead to."""
    write_series(tmp_path / "archive" / "series", VOLUME)
    return tmp_path / "archive" / "series"


def linked(archive: Path, folder: Path) -> Path:
    """Return a folder with a link to each file."""
    folder.mkdir(parents=True)
    for path in archive.iterdir():
        (folder / path.name).symlink_to(path)
    return folder


def assert_read(folder, *, slices=6):
    indexed = index_ct(folder)
    values = read_whole(folder, indexed.series)
    np.testing.assert_array_equal(values, VOLUME[:slices] - 1000.0)
    return indexed.notes


def test_links_to_files_are_read(archive, tmp_path):
    assert assert_read(linked(archive, tmp_path / "exam")) == ()


def test_links_to_folders_are_read(archive, tmp_path):
    folder = tmp_path / "exam"
    folder.mkdir()
    (folder / "series").symlink_to(archive)
    assert assert_read(folder) == ()
    (tmp_path / "whole").symlink_to(archive)
    assert assert_read(tmp_path / "whole") == ()


def test_links_to_a_folder_of_links_are_read(archive, tmp_path):
    linked(archive, tmp_path / "between")
    (tmp_path / "exam").mkdir()
    (tmp_path / "exam" / "a").symlink_to(tmp_path / "between")
    assert assert_read(tmp_path / "exam") == ()


def annexed(archive, tmp_path) -> Path:
    """Return a folder as datalad makes it: links to .git/annex/objects, and notes."""
    folder = tmp_path / "data" / "exam"
    folder.mkdir(parents=True)
    for number, path in enumerate(sorted(archive.iterdir())):
        place = tmp_path / "data" / ".git" / "annex" / "objects" / f"K{number}"
        place.mkdir(parents=True)
        os.link(path, place / "key.dcm")
        (folder / path.name).symlink_to(os.path.relpath(place / "key.dcm", folder))
    (folder / "README").write_text("a note")
    return folder


def test_a_folder_of_datalad_is_read(archive, tmp_path):
    folder = annexed(archive, tmp_path)
    assert assert_read(folder) == ()
    first = min(folder.glob("*.dcm"))
    content = first.read_bytes()
    first.unlink()
    first.write_bytes(content)  # unlocked
    assert assert_read(folder) == ()


def test_files_that_were_not_fetched_are_counted(archive, tmp_path):
    folder = annexed(archive, tmp_path)
    paths = sorted(folder.glob("*.dcm"))
    for path in paths[4:]:
        path.resolve().unlink()
    (note,) = assert_read(folder, slices=4)
    assert note.startswith("2 links of the folder lead to no file and were left out")
    for path in paths[:4]:
        path.resolve().unlink()
    with pytest.raises(DicomSeriesError, match="6 links of the folder lead to no file"):
        index_ct(folder)


def test_loops_end(archive, tmp_path):
    folder = linked(archive, tmp_path / "exam")
    (folder / "self").symlink_to(folder)
    (folder / "above").symlink_to(tmp_path)
    (folder / "series").symlink_to(archive)
    (archive / "back").symlink_to(folder)
    assert {path.name for path in files_below(folder)} == {
        path.name for path in archive.glob("*.dcm")
    }
    np.testing.assert_array_equal(
        read_whole(folder, index_ct(folder).series), VOLUME - 1000.0
    )


def test_links_out_of_a_folder_with_files_are_remarked(archive, tmp_path):
    other = tmp_path / "other.dcm"
    write_slice(other, header((-10.0, -20.0, 118)), VOLUME[0])
    (archive / "z.dcm").symlink_to(other)
    (archive / "zz").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere").mkdir()
    (note,) = assert_read(archive)
    assert note.startswith("2 links lead out of the folder")


def test_links_to_devices_and_pipes_are_left_aside(archive, tmp_path):
    folder = linked(archive, tmp_path / "exam")
    os.mkfifo(tmp_path / "pipe")
    (folder / "zero.dcm").symlink_to("/dev/zero")
    (folder / "pipe.dcm").symlink_to(tmp_path / "pipe")
    assert assert_read(folder) == ()


def test_many_links_are_bounded(archive, tmp_path, monkeypatch):
    folder = linked(archive, tmp_path / "exam")
    monkeypatch.setattr(raw_files, "MOST_FILES", 5)
    with pytest.raises(RawFileError, match="more than 5 files"):
        files_below(folder)


def test_segmentations_may_be_links(tmp_path):
    (tmp_path / "archive").mkdir()
    (tmp_path / "archive" / "a.nrrd").write_bytes(nrrd())
    folder = linked(tmp_path / "archive", tmp_path / "exam")
    (folder / "b.nrrd").symlink_to(tmp_path / "absent")
    found = read_segmentation(folder)
    assert len(found.regions) == 2
    (note,) = found.notes
    assert note.startswith("1 links of the folder lead to no file")


@pytest.mark.parametrize(
    "damage",
    [
        {"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]},
        {"ImageType": ["DERIVED", "SECONDARY"], "ImagePositionPatient": None},
        {"Modality": "OT"},
    ],
)
def test_last_slices_that_are_no_slices_are_counted(tmp_path, damage):
    folder = tmp_path / "ct"
    write_series(folder, VOLUME)
    for place in (4, 5):
        own = header((-10.0, -20.0, 100 + 3.0 * place), **damage)
        write_slice(folder / f"{place:03}.dcm", own, VOLUME[place])
    (note,) = assert_read(folder, slices=4)
    assert note.startswith("2 files of this series are not slices")


def test_half_a_download_is_counted(tmp_path):
    write_series(tmp_path / "ct", VOLUME[:4])
    (tmp_path / "ct" / "004.dcm.part").write_bytes(b"\0" * 5000)
    (tmp_path / "ct" / "series1.json").write_text("{}")
    (note,) = assert_read(tmp_path / "ct", slices=4)
    assert note.startswith("1 files among the images are not DICOM")


def test_copies_and_scouts_of_other_series_raise_no_remark(tmp_path):
    folder = tmp_path / "ct"
    write_series(folder, VOLUME)
    (folder / "copy.dcm").write_bytes((folder / "003.dcm").read_bytes())
    scout = header(
        (0, 0, 0),
        SeriesInstanceUID="1.2.3.77",
        ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"],
    )
    write_slice(folder / "scout.dcm", scout, VOLUME[0])
    assert assert_read(folder) == ()
