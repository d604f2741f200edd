"""Plausibility of PET values: whether they are SUV and show the body of the CT.

An SUV is about 1 where a tracer spreads evenly. Medians and ranks are compared, which
neither a bladder with an SUV of 300 nor the noise of few counts changes much. A factor
below about 20 leads to values that another tracer has, and shows nowhere: kBq/ml of a
usual injection are among them.
"""

from collections.abc import Iterator

import numpy as np
from scipy import ndimage

from nodal_staging.estimates.auc import empirical_auc
from nodal_staging.exams.content.content_limits import PetLimits
from nodal_staging.exams.content.outlines import filled_planes
from nodal_staging.exams.content.remarks import ContentError, Remark, key
from nodal_staging.exams.content.sampled_planes import Sample
from nodal_staging.exams.content.whole_numbers import is_label_map
from nodal_staging.study.arrays import BoolArray, Float32Array

BODY_HU = -300
HOUNSFIELD = -100
"""Below it lie fat, lung and air of a CT, and no SUV."""

LEAST_REACH_MM = 10
"""How far a plane of the CT may lie from one of the PET that is compared with it."""

LOW_PERCENT, LOW_PART = 10, 0.1
"""Where the median of the body is too high, this percentile exceeds this part of it."""

HIGH_PART = 50
"""Where the mean of the body is too low, the highest SUV is below so many times it."""

SMOOTH_MM = 24
LEAST_VOXELS = 500
LEAST_SHARE = 0.05
LEAST_PLANES = 5
WAY_OUT = "write the PET again in SUV"


def check_uptake(pet: Sample, ct: Sample, limits: PetLimits) -> Iterator[Remark]:
    """Compare the values of a PET with those that every PET has.

    Parameters
    ----------
    pet, ct
        Samples of both, in SUV and HU.
    limits
        Of plausible values.

    Yields
    ------
    Remarks on values that a PET rarely has.

    Raises
    ------
    ContentError
        For values that no PET in SUV has.
    """
    low, high = float(pet.values.min()), float(pet.values.max())
    if low == high:
        raise ContentError(
            f"all values are {low:g}; restore the PET from the archive",
            "constant_pet",
        )
    _refuse_other_kind(pet.values, limits)
    yield from _slopes(pet, limits)
    if -low > high:
        yield Remark(
            "pet_negative",
            f"the lowest SUV is {low:,.3g}, the highest {high:,.3g}: check how the PET "
            "was converted",
        )
    seen, inside = _compared(pet, ct)
    body = pet.values.reshape(-1)[seen][inside]
    if body.size < LEAST_VOXELS:
        return
    _refuse_scale(body, high, limits)
    yield from _negative(body, limits)
    yield from _outline(_smooth(pet).reshape(-1)[seen], inside, limits)


def _refuse_other_kind(values: Float32Array, limits: PetLimits) -> None:
    """Refuse a CT and a segmentation."""
    low = float(values.min())
    # Padding, as of a resampled PET, holds one value.
    share = float(np.mean((values < HOUNSFIELD) & (values > low)))
    most = limits.most_hounsfield_share
    if most is not None and share > most:
        raise ContentError(
            f"{share:.0%} of the values are below {HOUNSFIELD}, the lowest is "
            f"{low:,.4g}: they are Hounsfield units of a CT; give the PET in column "
            "pet, or leave the cell empty",
            "not_suv",
        )
    least = limits.least_values
    if least is not None and is_label_map(values, least):
        raise ContentError(
            f"the file holds {np.unique(values).size} different values, all whole "
            f"numbers, expected at least {least}: it is a segmentation; give the PET "
            "in column pet, or leave the cell empty",
            "not_suv",
        )


def _compared(pet: Sample, ct: Sample) -> tuple[BoolArray, BoolArray]:
    """Return which values of a PET lie next to one of the CT, and on the body."""
    points = pet.points_mm().reshape(-1, 3)
    reach = max(LEAST_REACH_MM, pet.lattice.spacing_mm[2])
    places = ct.nearest(points, reach_mm=reach)
    seen = places >= 0
    return seen, _body(ct).reshape(-1)[places[seen]]


def _body(ct: Sample) -> BoolArray:
    """Return what lies within the skin, lungs included, plane by plane."""
    return filled_planes(np.array([_solid(plane) for plane in ct.values]))


def _solid(plane: Float32Array) -> BoolArray:
    """Return what is no air; the corner of a round field may be filled with 0."""
    corner = plane[0, 0]
    solid: BoolArray = plane > BODY_HU
    return solid & (plane != corner) if corner > BODY_HU else solid


def _smooth(pet: Sample) -> Float32Array:
    """Return the mean uptake around each value in its plane: less noise."""
    rows_mm, columns_mm = np.multiply(pet.lattice.spacing_mm[1::-1], pet.steps)
    size = [1, *(max(1, round(SMOOTH_MM / mm)) for mm in (rows_mm, columns_mm))]
    smooth: Float32Array = ndimage.uniform_filter(pet.values, size)
    return smooth


def _refuse_scale(body: Float32Array, highest: float, limits: PetLimits) -> None:
    median, mean = float(np.median(body)), float(np.mean(body, dtype=np.float64))
    most = limits.most_median_suv
    # A CT cropped around a node may show the bladder and little else.
    low = float(np.percentile(body, LOW_PERCENT))
    if most is not None and median > most and low > LOW_PART * most:
        raise ContentError(
            f"the median SUV of the body is {median:,.3g}, expected at most "
            f"{most:g}: the values are Bq/ml or scaled; {WAY_OUT}, "
            f"or set {key('pet', 'most_median_suv')} to null",
            "not_suv",
        )
    least = limits.least_mean_suv
    # A PET of another place shows the air around the patient, and organs elsewhere.
    if least is not None and mean < least and highest < HIGH_PART * least:
        raise ContentError(
            f"the mean SUV of the body is {mean:.3g}, expected at least "
            f"{least:g}: the values are scaled, or are no uptake; "
            f"{WAY_OUT}, or set {key('pet', 'least_mean_suv')} to null",
            "not_suv",
        )


def _negative(body: Float32Array, limits: PetLimits) -> Iterator[Remark]:
    share = float(np.mean(body < 0))
    if limits.most_negative_share is not None and share > limits.most_negative_share:
        yield Remark(
            "pet_negative",
            f"{share:.0%} of the body has a negative SUV, expected at most "
            f"{limits.most_negative_share:.0%}: check how the PET was converted",
        )


def _slopes(pet: Sample, limits: PetLimits) -> Iterator[Remark]:
    """Remark on slices that all reach the same value, as stored ones do."""
    highest = pet.values.max(axis=(1, 2))
    highest = highest[highest > 0]
    if limits.least_slice_spread is None or len(highest) < LEAST_PLANES:
        return
    spread = float(highest.max() / highest.min() - 1)
    if spread < limits.least_slice_spread:
        yield Remark(
            "pet_slice_scale",
            "all slices have the same maximum: check that the slope of each slice of "
            "the PET was applied",
        )


def _outline(
    values: Float32Array, inside: BoolArray, limits: PetLimits
) -> Iterator[Remark]:
    """Remark on uptake that does not follow the outline of the CT's body."""
    body = int(inside.sum())
    if min(body, inside.size - body) < max(LEAST_VOXELS, LEAST_SHARE * inside.size):
        return
    found = (
        ("AUC of body against air", _auc(values, inside), limits.least_outline_auc),
        ("Dice of the bodies", _dice(values, inside), limits.least_outline_dice),
    )
    for name, value, least in found:
        if least is not None and value < least:
            yield Remark(
                "pet_outline",
                f"the PET shows another outline than the CT ({name} {value:.2f}, "
                f"expected at least {least:g}): check that both are of one exam and in "
                "one position",
            )
            return


def _auc(values: Float32Array, inside: BoolArray) -> float:
    """Return the probability that a voxel of the body takes up more than the air."""
    return empirical_auc(values.astype(np.float64), inside)


def _dice(values: Float32Array, inside: BoolArray) -> float:
    """Return the Dice coefficient of the body and the PET above its best threshold.

    A threshold of any height is tried, so that weak uptake of fat and few counts are
    no difference. Uptake in air and a body without uptake both lower it.
    """
    ranked = inside[np.argsort(-values, kind="stable")]
    common = np.cumsum(ranked)
    above = np.arange(1, ranked.size + 1)
    return float((2 * common / (above + common[-1])).max())
