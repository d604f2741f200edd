"""A child may die in any way; the parent lives and says so."""

import os
import signal
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from nodal_staging.cohort.missing_parts import MissingPartError
from nodal_staging.exams.isolation import (
    DefectError,
    IsolatedCalls,
    ReaderDiedError,
    isolated,
)
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
    values = isolated(np.arange, 5_000_000)
    assert values[-1] == 4_999_999


def test_a_refusal_keeps_its_sentence_and_its_type():
    with pytest.raises(InputError, match="exam E1: no"):
        isolated(refuses)


@pytest.mark.parametrize(
    "error",
    [
        VolumeError("no; do"),
        SegmentationError("no; do"),
        SUVError("no; do"),
        RawFileError("no; do"),
        DicomSeriesError("no; do", "gap"),
        MissingPartError("no; do", "missing_ct"),
    ],
)
def test_a_refusal_names_its_file_once(error):
    """The file is named where it is opened; the exam's name does not come on top."""
    with pytest.raises(type(error)) as caught, naming("exam E1"):
        isolated(refuses_a_file, error)
    assert str(caught.value) == "exam E1, column ct: no; do"
    assert caught.value.reason == error.reason


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGKILL])
def test_death_is_an_error_and_no_more(number):
    with (
        pytest.raises(ReaderDiedError, match=r"exam E1: .*restore it"),
        naming("exam E1"),
    ):
        isolated(dies, number)


def test_memory_is_bounded():
    with pytest.raises(ReaderDiedError, match="more memory than is allowed"):
        isolated(swallows_memory, memory_mb=200)


def test_time_is_bounded():
    start = time.monotonic()
    with pytest.raises(ReaderDiedError, match=r"within 0\.3 seconds"):
        isolated(time.sleep, 60, seconds=0.3)
    assert time.monotonic() - start < 20


def test_a_defect_is_told_from_a_bad_file():
    with pytest.raises(DefectError, match="KeyError: 'lost'"):
        isolated(has_a_defect)


def divide(dividend: int, divisor: int) -> tuple[int, float]:
    """Return the process and the quotient; division by zero kills the process."""
    if divisor == 0:
        os.kill(os.getpid(), signal.SIGFPE)
    if divisor < 0:
        raise InputError("no; do")
    return os.getpid(), dividend / divisor


def is_alive(process: int) -> bool:
    """Tell whether a process runs; one that nobody has waited for yet does not."""
    try:
        status = Path(f"/proc/{process}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def test_several_calls_share_a_child_which_ends_with_them():
    with closing(IsolatedCalls(divide, memory_mb=100, seconds=10)) as call:
        answers = [call(number, 2) for number in range(9)]
        with pytest.raises(InputError, match="no; do"):
            call(1, -1)
        answers.append(call(9, 2))
        (child,) = {process for process, _ in answers}
        assert is_alive(child)
    assert not is_alive(child)
    assert child != os.getpid()
    assert [quotient for _, quotient in answers] == [n / 2 for n in range(10)]


def test_a_call_after_a_death_has_a_new_child():
    with closing(IsolatedCalls(divide, memory_mb=100, seconds=10)) as call:
        first, _ = call(1, 1)
        with pytest.raises(ReaderDiedError, match="SIGFPE"):
            call(1, 0)
        second, quotient = call(1, 2)
    assert first != second
    assert quotient == 0.5


def test_a_child_that_refused_an_exam_reads_no_other():
    call = IsolatedCalls(divide, memory_mb=100, seconds=10, trusted_after_error=False)
    with closing(call):
        (first, _), (same, _) = call(1, 1), call(2, 1)
        with pytest.raises(InputError, match="no; do"):
            call(1, -1)
        assert not is_alive(first)
        second, quotient = call(1, 2)
    assert first == same != second
    assert quotient == 0.5


def test_the_child_of_a_killed_child_ends_too(tmp_path):
    """Else an exam that took too long would leave its decoder behind."""
    path = tmp_path / "grandchild"

    def is_killed() -> None:
        with closing(IsolatedCalls(os.getpid, memory_mb=100, seconds=10)) as call:
            path.write_text(str(call()))
            time.sleep(60)

    with pytest.raises(ReaderDiedError, match=r"within 0\.3 seconds"):
        isolated(is_killed, seconds=0.3)
    grandchild = int(path.read_text())
    for _ in range(100):
        if not is_alive(grandchild):
            return
        time.sleep(0.1)
    raise AssertionError("the decoder lives on")


def test_a_child_within_a_child_is_bounded_by_both():
    def reads_on() -> int:
        return isolated(swallows_memory, memory_mb=2000)

    with pytest.raises(ReaderDiedError, match="more memory than is allowed"):
        isolated(reads_on, memory_mb=200)
