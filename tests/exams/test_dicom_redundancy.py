"""A series whose slices are damaged or differ is described as a whole."""

import numpy as np
import pydicom
import pytest
from dicom_files import write_series

from nodal_staging.exams.dicom import index_ct
from nodal_staging.study.errors import DicomSeriesError


@pytest.fixture
def folder(tmp_path):
    """Write a series of 12 slices."""
    values = np.arange(12 * 20, dtype="<i2").reshape(12, 4, 5)
    write_series(tmp_path / "ct", values)
    return tmp_path / "ct"


def refusal(folder):
    with pytest.raises(DicomSeriesError) as caught:
        index_ct(folder)
    return caught.value.reason, str(caught.value)


def test_all_damaged_files_are_listed_and_none_is_to_be_removed(folder):
    for number in (10, 11):
        (folder / f"{number:03}.dcm").write_bytes(bytes(2000))
    reason, words = refusal(folder)
    assert reason == "unreadable_file"
    assert "files 11, 12 in the order of names" in words
    assert "(2 of 12); restore" in words
    assert "remove" not in words


def test_of_many_damaged_files_the_first_few_are_listed(folder):
    for number in range(4, 12):
        (folder / f"{number:03}.dcm").write_bytes(bytes(2000))
    assert "files 5, 6, 7, 8, 9 and 3 more" in refusal(folder)[1]


def test_all_truncated_files_are_listed(folder):
    for number in (10, 11):
        path = folder / f"{number:03}.dcm"
        path.write_bytes(path.read_bytes()[:-20])
    reason, words = refusal(folder)
    assert reason == "truncated_pixels"
    assert "files 11, 12: the pixels of 2 files are absent or truncated" in words


def test_another_intercept_of_one_slice_is_remarked(folder):
    path = folder / "005.dcm"
    dataset = pydicom.dcmread(path)
    dataset.RescaleIntercept = 0
    dataset.save_as(path)
    (note,) = index_ct(folder).notes
    assert "RescaleIntercept differs between slices (-1000 in 11, 0 in 1)" in note
