"""A child may die in any way; the parent lives and says so."""

import os
import signal
import time

import numpy as np
import pytest

from nodal_staging.exams.isolation import DefectError, ReaderDiedError, isolated
from nodal_staging.exams.raw_files import RawFileError
from nodal_staging.study.errors import (
    DicomSeriesError,
    InputError,
    SegmentationError,
    SUVError,
    VolumeError,
    naming,
)


def dies(number: int) -> None:
    os.kill(os.getpid(), number)


def refuses() -> None:
    raise InputError("exam E1: no")


def refuses_a_file(error: InputError) -> None:
    with naming("exam E1, column ct"):
        raise error


def swallows_memory() -> int:
    return len(bytearray(800 * 1024 * 1024))


def has_a_defect() -> None:
    raise KeyError("lost")


def test_results_of_any_size_come_back():
    values = isolated(np.arange, 5_000_000, role="exam E1")
    assert values[-1] == 4_999_999


def test_a_refusal_keeps_its_sentence_and_its_type():
    with pytest.raises(InputError, match="exam E1: no"):
        isolated(refuses, role="exam E1")


@pytest.mark.parametrize(
    "error",
    [
        VolumeError("no; do"),
        SegmentationError("no; do"),
        SUVError("no; do"),
        RawFileError("no; do"),
        DicomSeriesError("no; do", "gap"),
    ],
)
def test_a_refusal_names_its_file_once(error):
    """The file is named where it is opened; the exam's name does not come on top."""
    with pytest.raises(type(error)) as caught, naming("exam E1"):
        isolated(refuses_a_file, error, role="exam E1")
    assert str(caught.value) == "exam E1, column ct: no; do"
    assert caught.value.reason == error.reason


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGKILL])
def test_death_is_an_error_and_no_more(number):
    with pytest.raises(ReaderDiedError, match=r"exam E1: .*restore it"):
        isolated(dies, number, role="exam E1")


def test_memory_is_bounded():
    with pytest.raises(ReaderDiedError, match="more memory than is allowed"):
        isolated(swallows_memory, role="exam E1", memory_mb=200)


def test_time_is_bounded():
    start = time.monotonic()
    with pytest.raises(ReaderDiedError, match=r"within 0\.3 seconds"):
        isolated(time.sleep, 60, role="exam E1", seconds=0.3)
    assert time.monotonic() - start < 20


def test_a_defect_is_told_from_a_bad_file():
    with pytest.raises(DefectError, match="KeyError: 'lost'"):
        isolated(has_a_defect, role="exam E1")
