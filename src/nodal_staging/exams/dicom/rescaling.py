"""From stored values to Hounsfield units or activity: slope, intercept and padding."""

from collections.abc import Sequence

from pydicom.dataset import Dataset

from nodal_staging.exams.dicom.elements import integer, number, text
from nodal_staging.exams.dicom.pixel_format import PixelFormat
from nodal_staging.study.errors import DicomSeriesError

LEAST_SLOPE, LARGEST_RESCALE = 1e-9, 1e9
"""Beyond these a rescaled value is no measurement, and leaves single precision."""

HOUNSFIELD_TYPES = frozenset({"", "HU", "US"})
"""Rescale types of a CT in HU; US, unspecified, is what converters write."""

DARKEST_HU = -1000
"""A padding value at or below this stands for air outside the scanner's field."""

BRIGHTEST_HU = 3000
"""A padding value at or above this is no tissue either."""

LEAST_STORED = -(2**31)


def rescaling(sources: Sequence[Dataset], *, hounsfield: bool) -> tuple[float, float]:
    """Read slope and intercept; a stored value v means ``v * slope + intercept``.

    Parameters
    ----------
    sources
        The header and, where the file is enhanced, its functional groups; later ones
        go before earlier ones.
    hounsfield
        Whether the values must be HU: a CT without a rescaling has none.

    Raises
    ------
    DicomSeriesError
        If they are missing in a CT, lead to another unit, or are no real scale.
    """
    slope = _innermost(sources, "RescaleSlope")
    intercept = _innermost(sources, "RescaleIntercept")
    if hounsfield:
        _check_hounsfield(sources, slope, intercept)
    slope = 1.0 if slope is None else slope
    intercept = 0.0 if intercept is None else intercept
    if not (LEAST_SLOPE < slope < LARGEST_RESCALE > abs(intercept)):
        raise DicomSeriesError(
            "RescaleSlope must be positive, and neither it nor RescaleIntercept huge; "
            "export the series again",
            "damaged_header",
        )
    return slope, intercept


def _innermost(sources: Sequence[Dataset], keyword: str) -> float | None:
    """Return the number of the last source that has it."""
    found = (number(source, keyword) for source in reversed(sources))
    return next((value for value in found if value is not None), None)


def _check_hounsfield(
    sources: Sequence[Dataset], slope: float | None, intercept: float | None
) -> None:
    if slope is None or intercept is None:
        raise DicomSeriesError(
            "RescaleSlope or RescaleIntercept is missing, so that the values are not "
            "in HU; export the series again",
            "no_rescale",
        )
    if not {text(source, "RescaleType").upper() for source in sources} <= (
        HOUNSFIELD_TYPES
    ):
        raise DicomSeriesError(
            "RescaleType says that the values are not HU; "
            "take the series of the ordinary CT",
            "not_hounsfield",
        )


def padding(
    header: Dataset, pixel_format: PixelFormat, slope: float, intercept: float
) -> tuple[int, int] | None:
    """Return the range of stored values that stand for no measurement.

    Real files state a padding value and have pixels below it, so everything at or
    under a dark value is padding; a bright one is padding itself. A value among
    those of tissue is not believed: it would punch holes into the patient. A damaged
    value counts as none.
    """
    value = _stored(header, "PixelPaddingValue", pixel_format)
    if value is None:
        return None
    limit = _stored(header, "PixelPaddingRangeLimit", pixel_format)
    low, high = sorted((value, value if limit is None else limit))
    if high * slope + intercept <= DARKEST_HU:
        return LEAST_STORED, high
    if low * slope + intercept >= BRIGHTEST_HU:
        return low, high
    return None


def _stored(header: Dataset, keyword: str, pixel_format: PixelFormat) -> int | None:
    try:
        value = integer(header, keyword)
    except DicomSeriesError:
        return None
    return None if value is None else pixel_format.as_stored(value)
