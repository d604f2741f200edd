"""Plausibility of CT values: whether they are Hounsfield units.

Air, fat and soft tissue have known values in every CT, whatever it shows: a cropped
one has fat, one without lungs soft tissue. Padding lies at -1024 HU here and counts
nowhere.
"""

from collections.abc import Iterator

import numpy as np
from scipy import ndimage

from nodal_staging.exams.content.content_limits import Bounds, CtLimits
from nodal_staging.exams.content.remarks import ContentError, Remark, beyond, key
from nodal_staging.exams.content.whole_numbers import is_label_map
from nodal_staging.exams.dicom.series import OUTSIDE
from nodal_staging.study.arrays import BoolArray, Float32Array

TISSUE_HU = -400
"""Above it lies tissue other than lung."""

FAT_HU = (-150, -60)
AIR_HU = (OUTSIDE["HU"] + 4, -300)
"""Air and lung, but no padding."""

EMPTY_HU = (-650, -250)
"""Between lung and fat, where voxels lie that hold some of both."""

DENSE_HU = 900
"""Above it lie cortical bone and metal."""

BRIGHT_HU = 3071
"""Largest value of 12 bits."""

DARKEST_CLIPPED_HU, BRIGHTEST_CLIPPED_HU = -900, 1000
"""A CT that ends before these may have been clipped to a window."""

BIN_HU, MOST_HU = 10, 20_000
"""Of the histogram, whose last bin holds everything above."""

LEAST_AIR_SHARE = 0.05
LARGEST_SIGNED = 32767
LARGEST_BYTE = 255

AIR_BELOW_HU = -700
WIDE_MM = 250

HOT_PERCENT, HOT_FACTOR = 99.9, 6
"""In a PET this percentile exceeds the median of the body so many times; no scaled CT
reaches that."""

LEAST_PART = -0.1
"""Lowest value of a PET, by that percentile: noise."""

CHECK = "check slope and intercept of the CT"
WAY_OUT = "write the CT again in HU"


def check_hounsfield(values: Float32Array, limits: CtLimits) -> Iterator[Remark]:
    """Compare the values of a CT with those that every CT has.

    Parameters
    ----------
    values
        A sample of its values in HU, any shape.
    limits
        Of plausible values.

    Yields
    ------
    Remarks on values that a CT rarely has.

    Raises
    ------
    ContentError
        For values that no CT has.
    """
    _refuse_impossible(values, limits)
    tissue = values[values > TISSUE_HU]
    yield from _peak(
        tissue, limits.soft_tissue_peak_hu, "ct_tissue_peak", "soft tissue"
    )
    air = values[(values > AIR_HU[0]) & (values < AIR_HU[1])]
    if air.size >= LEAST_AIR_SHARE * values.size:
        yield from _peak(air, limits.air_peak_hu, "ct_air_peak", "air and lung")
    yield from _shares(values, tissue, limits)
    yield from _clipped(values, limits)


def _refuse_impossible(values: Float32Array, limits: CtLimits) -> None:
    low, high = float(values.min()), float(values.max())
    if limits.least_range_hu is not None and high - low < limits.least_range_hu:
        found = "all values are equal" if low == high else f"values {_range(low, high)}"
        raise ContentError(
            f"{found}, expected a range of at least {limits.least_range_hu:g} HU; "
            f"{_way_out(values, 'least_range_hu')}",
            "constant_ct" if low == high else "not_hounsfield",
        )
    if limits.lowest_hu is not None and low >= limits.lowest_hu:
        raise ContentError(
            f"values {_range(low, high)}, expected fat and air below "
            f"{limits.lowest_hu:g} HU{_cause(values)}; "
            f"{_way_out(values, 'lowest_hu')}",
            "not_hounsfield",
        )
    share = float(np.mean(values > BRIGHT_HU))
    if limits.most_bright_share is not None and share > limits.most_bright_share:
        raise ContentError(
            f"{share:.0%} of the voxels are above {BRIGHT_HU:,} HU, expected at most "
            f"{limits.most_bright_share:.0%}: the scale or the sign of the values is "
            f"wrong; {_way_out(values, 'most_bright_share')}",
            "not_hounsfield",
        )


def _other_kind(values: Float32Array) -> str | None:
    """Return what a file without Hounsfield units looks like, None for a CT."""
    if is_label_map(values):
        return "segmentation"
    hot = float(np.percentile(values, HOT_PERCENT))
    body = float(np.median(values[values >= values.mean()]))
    noise = float(values.min()) >= LEAST_PART * hot
    return "PET" if noise and hot > HOT_FACTOR * body > 0 else None


def _way_out(values: Float32Array, limit: str) -> str:
    """Say what to do; a file of another kind is not let in."""
    kind = _other_kind(values)
    if kind is None:
        return f"{WAY_OUT}, or set {key('ct', limit)} to null"
    column = "pet" if kind == "PET" else "segmentation"
    return (
        f"the file looks like a {kind}: give the CT in column ct (check that columns "
        f"ct and {column} are not exchanged)"
    )


def _range(low: float, high: float) -> str:
    return f"from {low:,.6g} to {high:,.6g} HU"


def _cause(values: Float32Array) -> str:
    """Say what most often leads to a CT without negative values."""
    if _other_kind(values) is not None:
        return ""
    high = float(values.max())
    if high > LARGEST_SIGNED:
        return " (negative values were written as unsigned numbers)"
    if high <= LARGEST_BYTE:
        return " (the CT was windowed to 8 bits)"
    return " (the intercept of -1024 HU was not added)"


def _peak(
    values: Float32Array, bounds: Bounds | None, code: str, name: str
) -> Iterator[Remark]:
    """Remark on the most frequent value of a tissue."""
    if not values.size:
        if bounds is not None:
            yield Remark(code, f"the CT has no {name}: {CHECK}")
        return
    start = np.floor(values.min() / BIN_HU) * BIN_HU
    # Not ``//``, which takes ten times as long.
    places = ((np.minimum(values, MOST_HU) - start) / BIN_HU).astype(np.int64)
    counts = ndimage.uniform_filter1d(
        np.bincount(places).astype(float), 3, mode="constant"
    )
    peak = float(start + (int(counts.argmax()) + 0.5) * BIN_HU)
    if bounds is not None and beyond(peak, bounds):
        yield Remark(
            code,
            f"the most frequent value of {name} is {peak:,.0f} HU, expected "
            f"{bounds[0]:g} to {bounds[1]:g}: {CHECK}",
        )


def _shares(
    values: Float32Array, tissue: Float32Array, limits: CtLimits
) -> Iterator[Remark]:
    """Remark on a share of fat, of dense or of in-between values that no CT has."""
    fat = _share((tissue > FAT_HU[0]) & (tissue < FAT_HU[1]))
    if limits.least_fat_share is not None and fat < limits.least_fat_share:
        yield Remark(
            "ct_no_fat",
            f"{fat:.1%} of the tissue lies between {FAT_HU[0]} and {FAT_HU[1]} HU as "
            f"fat does, expected at least {limits.least_fat_share:.1%}: {CHECK}",
        )
    dense = _share(tissue > DENSE_HU)
    if limits.most_dense_share is not None and dense > limits.most_dense_share:
        yield Remark(
            "ct_dense",
            f"{dense:.0%} of the tissue lies above {DENSE_HU} HU as dense bone does, "
            f"expected at most {limits.most_dense_share:.0%}: {CHECK}",
        )
    solid = values[values > EMPTY_HU[0]]
    empty = _share(solid < EMPTY_HU[1])
    if limits.most_between_share is not None and empty > limits.most_between_share:
        yield Remark(
            "ct_between",
            f"{empty:.0%} of what is denser than {EMPTY_HU[0]} HU lies below "
            f"{EMPTY_HU[1]} HU, where no tissue has its values, expected at most "
            f"{limits.most_between_share:.0%}: {CHECK}",
        )


def check_air(
    values: Float32Array, width_mm: float, limits: CtLimits
) -> Iterator[Remark]:
    """Remark on a wide CT without air, as in bowel, lung or around the patient.

    Parameters
    ----------
    values
        A sample of its values in HU, any shape.
    width_mm
        Its extent along the second longest axis; a cropped CT may have no air.
    limits
        Of plausible values.
    """
    air = _share(values < AIR_BELOW_HU)
    least = limits.least_air_share
    if least is not None and width_mm >= WIDE_MM and air < least:
        yield Remark(
            "ct_no_air",
            f"{air:.2%} of a CT of {width_mm:,.0f} mm lies below {AIR_BELOW_HU} HU as "
            f"air does, expected at least {least:.2%}: {CHECK}",
        )


def _share(chosen: BoolArray) -> float:
    return float(np.mean(chosen)) if chosen.size else 0.0


def _clipped(values: Float32Array, limits: CtLimits) -> Iterator[Remark]:
    """Remark on values that were cut at the ends of a window."""
    if limits.most_clipped_share is None:
        return
    low, high = float(values.min()), float(values.max())
    ends = [low] * (low > DARKEST_CLIPPED_HU) + [high] * (high < BRIGHTEST_CLIPPED_HU)
    for end in ends:
        share = float(np.mean(values == end))
        if share > limits.most_clipped_share:
            yield Remark(
                "ct_clipped",
                f"{share:.0%} of the voxels hold the same {end:,.6g} HU at the end of "
                "the range: use the CT before it was windowed",
            )
