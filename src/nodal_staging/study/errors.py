"""Errors of inputs, one class per kind, and the file that each concerns."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self


class InputError(ValueError):
    """An input cannot be used; the message is one sentence that a person can act on.

    The message names the patient and the exam by their pseudonyms, the file by its
    column (``the column ct of exams.tsv``), the field, what was expected, what was
    found, and the fix. It never quotes a path inside an exam or a DICOM attribute
    that may identify a patient.

    Attributes
    ----------
    reason
        Code under which a cohort lists an exam that failed this way.
    place
        The file that the message concerns, by its column; see ``naming``.
    part
        Where in it, for example the file of a folder; see ``naming_part``.
    """

    reason: str = "unusable_input"
    place: str = ""
    part: str = ""

    def __init__(self, message: str, reason: str | None = None) -> None:
        super().__init__(message)
        self.reason = reason or self.reason

    def __str__(self) -> str:
        """Return the message after the file that it concerns."""
        message = super().__str__()
        where = ", ".join(name for name in (self.place, self.part) if name)
        return f"{where}: {message}" if where else message

    def located_at(self, other: "InputError") -> Self:
        """Concern the same place as another error; return this one."""
        self.place, self.part = other.place, other.part
        return self


@contextmanager
def naming(place: str) -> Iterator[None]:
    """Name the file that errors raised inside concern.

    Open a file within ``naming``, and what reads it need not know its name. The
    innermost name stays: a file in an archive is named by its own place.

    Parameters
    ----------
    place
        The file by its column (``the column ct of exams.tsv``), never by its path.
    """
    try:
        yield
    except InputError as error:
        error.place = error.place or place
        raise


@contextmanager
def naming_part(part: str) -> Iterator[None]:
    """Name the part of the file that errors raised inside concern.

    It follows the name of the file: ``exam E0001, column ct, file 3``. The innermost
    part stays.

    Parameters
    ----------
    part
        The part by its number, never by its path.
    """
    try:
        yield
    except InputError as error:
        error.part = error.part or part
        raise


class DicomSeriesError(InputError):
    """A folder does not hold one regular series.

    ``reason`` is the code under which the exam is listed.
    """


class ChangedFileError(InputError):
    """A file is not the one that was inspected."""

    reason = "changed_since_inspection"


def changed_file(kind: str) -> ChangedFileError:
    """Return the error of a file that has changed since it was inspected.

    Parameters
    ----------
    kind
        What has changed: ``file``, ``folder`` or ``segmentation``.
    """
    return ChangedFileError(
        f"the {kind} has changed since it was inspected; inspect the exams again: add "
        "--forcerun inspect_exams at the end of the snakemake command "
        "(--forcerun inspect_new_exams if it predicts)"
    )


class SUVError(InputError):
    """The headers do not tell how to compute an SUV."""

    reason = "unusable_suv"


class VolumeError(InputError):
    """A file does not hold one volume with a place in space."""

    reason = "unusable_volume"


class SegmentationError(InputError):
    """A segmentation cannot be used for the exam it belongs to."""

    reason = "unusable_segmentation"


class ConfigurationError(InputError):
    """A key of the configuration is missing, unknown or out of range."""

    reason = "wrong_configuration"
