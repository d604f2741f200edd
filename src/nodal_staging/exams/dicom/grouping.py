"""Which images of a folder are the series that is wanted.

A hospital hands over folders with scouts, dose reports, derived pictures and second
reconstructions. What cannot be a slice is left out; what could be is never guessed.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from pydicom.dataset import Dataset

from nodal_staging.exams.dicom.elements import integer, numbers, text, texts
from nodal_staging.exams.dicom.folder import listed_files, naming_file, series_files
from nodal_staging.exams.dicom.frames import Frame, frames_of
from nodal_staging.exams.dicom.headers import MOST_INFLATED_BYTES, FileHeader, inflate
from nodal_staging.exams.dicom.scanning import DEFLATED
from nodal_staging.exams.dicom.series_choice import chosen
from nodal_staging.study.errors import DicomSeriesError

COSINE_TOLERANCE = 1e-4
SAME_SPACING_MM = 1e-5
"""Digits of one scanner's text; across 8192 pixels it is less than a tenth of a mm."""

SAME_POSITION_MM = 0.01
MODALITIES = frozenset(
    "CT PT MR NM US CR DX OT SC SR SEG RTSTRUCT RTPLAN RTDOSE PR KO REG DOC XA".split()
)


def find_series(
    folder: Path,
    headers: Sequence[FileHeader],
    *,
    modality: str,
    choice: str | None = None,
) -> list[Frame]:
    """Return the frames of the one series of a modality.

    Parameters
    ----------
    folder, headers
        The folder, and the headers of its files.
    modality
        As DICOM calls it, for example ``CT``.
    choice
        Which of several series is meant, see ``series_choice.chosen``.

    Raises
    ------
    DicomSeriesError
        If there is no image of the modality, several series, or several images at
        one position.
    """
    frames = _all_frames(_images(headers, modality), hounsfield=modality == "CT")
    groups = grouped(without_copies(frames, lambda: series_files(folder)))
    by_file = {item.file: item.header for item in headers}
    return chosen(groups, [by_file[group[0].file] for group in groups], choice)


def _all_frames(images: Sequence[FileHeader], *, hounsfield: bool) -> list[Frame]:
    """Return the frames of all images; name all files with truncated pixels at once."""
    frames: list[Frame] = []
    truncated: dict[int, DicomSeriesError] = {}
    for item in images:
        try:
            frames += frames_of(item, hounsfield=hounsfield)
        except DicomSeriesError as error:
            if error.reason != "truncated_pixels":
                raise
            truncated[item.file] = error
    if len(truncated) == 1:
        raise next(iter(truncated.values()))
    if truncated:
        raise DicomSeriesError(
            f"{listed_files(list(truncated))}: the pixels of {len(truncated)} files "
            "are absent or truncated (PixelData); restore the files from the archive",
            "truncated_pixels",
        )
    return frames


def _images(headers: Sequence[FileHeader], modality: str) -> list[FileHeader]:
    """Leave out what cannot be a slice; complain if nothing remains."""
    left_out: Counter[str] = Counter()
    images = []
    for item in headers:
        with naming_file(item.file):
            reason = no_slice(item.header, modality)
        if reason is None:
            images.append(item)
        else:
            left_out[reason] += 1
    if not images:
        listed = ", ".join(f"{count} {reason}" for reason, count in left_out.items())
        raise DicomSeriesError(
            f"no {modality} slice in the folder (found {listed}); correct the path",
            "no_image",
        )
    return images


def no_slice(header: Dataset, modality: str) -> str | None:
    """Say why a file is no slice of the modality, or None.

    Raises
    ------
    DicomSeriesError
        If it is an original image without its place.
    """
    found = text(header, "Modality")
    if found != modality:
        return f"of modality {_known(found)}"
    if "LOCALIZER" in texts(header, "ImageType"):
        return "localizer"
    if integer(header, "SamplesPerPixel") not in {None, 1}:
        return "colour picture"
    if integer(header, "BitsAllocated") in {1, 8}:
        return "picture of 8 bits"
    if "PerFrameFunctionalGroupsSequence" in header:
        return None
    return None if _has_plane(header) else _without_plane(header)


def _has_plane(header: Dataset) -> bool:
    return all(
        numbers(header, name)
        for name in ("ImagePositionPatient", "ImageOrientationPatient")
    )


def _without_plane(header: Dataset) -> str:
    """Leave out a secondary capture; an original image without a place is damaged."""
    kinds = set(texts(header, "ImageType"))
    if kinds & {"DERIVED", "SECONDARY"}:
        return "secondary capture"
    raise DicomSeriesError(
        "an original image without ImagePositionPatient or ImageOrientationPatient; "
        "export the series again",
        "damaged_geometry",
    )


def _known(modality: str) -> str:
    """Quote a modality of the standard's list only."""
    return modality if modality in MODALITIES else "unknown"


def without_copies(
    frames: Sequence[Frame], listed: Callable[[], list[Path]]
) -> list[Frame]:
    """Keep one of the files that are copies of another; refuse contradicting ones.

    Parameters
    ----------
    frames
        In the order of files.
    listed
        Returns the files by the numbers that the frames have; called only if needed.

    Raises
    ------
    DicomSeriesError
        If two files claim to be the same image but differ.
    """
    first: dict[tuple[str, int], Frame] = {}
    kept = []
    files = None
    for frame in frames:
        other = first.setdefault((frame.instance, frame.frame), frame)
        if other is frame:
            kept.append(frame)
            continue
        files = files or listed()
        if not _equal_pixels(files, frame, other):
            raise DicomSeriesError(
                f"files {other.file + 1} and {frame.file + 1} claim to be the same "
                "image (SOPInstanceUID) but differ; keep the right one",
                "contradicting_copies",
            )
    return kept


def _equal_pixels(files: list[Path], one: Frame, other: Frame) -> bool:
    """Compare everything from the pixels on, and what places and scales them."""
    same_header = (one.plane, one.position_mm, one.slope, one.intercept) == (
        other.plane,
        other.position_mm,
        other.slope,
        other.intercept,
    )
    formats = [replace(frame.format, syntax="") for frame in (one, other)]
    return (
        same_header
        and formats[0] == formats[1]
        and _pixel_bytes(files, one) == _pixel_bytes(files, other)
    )


def _pixel_bytes(files: list[Path], frame: Frame) -> bytes:
    path = files[frame.file]
    deflated = frame.format.syntax == DEFLATED
    with inflate(path) if deflated else path.open("rb") as file:
        file.seek(frame.offset)
        return file.read(MOST_INFLATED_BYTES if deflated else frame.size)


def grouped(frames: Sequence[Frame]) -> list[list[Frame]]:
    """Split by series, orientation, shape and spacing; by acquisition if it must be."""
    groups: list[list[Frame]] = []
    for frame in frames:
        for group in groups:
            if _stackable(frame, group[0]):
                group.append(frame)
                break
        else:
            groups.append([frame])
    return [part for group in groups for part in _acquisitions(group)]


def _stackable(one: Frame, other: Frame) -> bool:
    """Tell whether two frames can be slices of one volume."""
    if one.key != other.key:
        return False
    first, second = one.plane, other.plane
    if first is second or first == second:
        return True
    return (
        (first.rows, first.columns) == (second.rows, second.columns)
        and _apart(first.spacing_mm, second.spacing_mm) <= SAME_SPACING_MM
        and _apart(first.cosines, second.cosines) <= COSINE_TOLERANCE
    )


def _apart(one: Sequence[float], other: Sequence[float]) -> float:
    return max(abs(a - b) for a, b in zip(one, other, strict=True))


def _acquisitions(group: list[Frame]) -> list[list[Frame]]:
    """Split a group whose positions repeat by acquisition, if that resolves it."""
    if not _repeats(group):
        return [group]
    parts: dict[str, list[Frame]] = {}
    for frame in group:
        parts.setdefault(frame.acquisition, []).append(frame)
    if all(len(part) > 1 and not _repeats(part) for part in parts.values()):
        return list(parts.values())
    return [group]


def _repeats(group: list[Frame]) -> bool:
    places = {
        tuple(round(value / SAME_POSITION_MM) for value in frame.position_mm)
        for frame in group
    }
    return len(places) < len(group)
