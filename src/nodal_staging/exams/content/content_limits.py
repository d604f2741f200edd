"""Limits of what a CT, a PET and masks may contain; section ``cohort.content``."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

Bounds = tuple[float, float]
"""Lowest and highest value that are accepted."""


@dataclass(frozen=True, slots=True)
class CtLimits:
    """Limits of a CT; None leaves a check out. Shares are between 0 and 1.

    Attributes
    ----------
    least_range_hu
        Highest less lowest value; a CT below it is refused.
    lowest_hu
        At least one value lies below; else the CT is refused.
    most_bright_share
        Share of voxels above 3071 HU, the range of 12 bits; a CT above it is refused.
    soft_tissue_peak_hu, air_peak_hu
        Between them lies the most frequent value of soft tissue, and of air.
    least_fat_share, most_dense_share
        Of fat, and of dense bone and metal, among voxels above -400 HU.
    most_between_share
        Of voxels from -650 to -250 HU among all denser than -650 HU.
    least_air_share
        Of air, in a CT of at least 250 mm width.
    most_clipped_share
        Of voxels that hold the lowest or the highest value.
    voxel_mm, least_width_mm, most_width_mm, most_length_mm
        Spacing along each axis; extent of the second longest and the longest axis.
    """

    least_range_hu: float | None
    lowest_hu: float | None
    most_bright_share: float | None
    soft_tissue_peak_hu: Bounds | None
    air_peak_hu: Bounds | None
    least_fat_share: float | None
    most_dense_share: float | None
    most_between_share: float | None
    least_air_share: float | None
    most_clipped_share: float | None
    voxel_mm: Bounds | None
    least_width_mm: float | None
    most_width_mm: float | None
    most_length_mm: float | None


@dataclass(frozen=True, slots=True)
class PetLimits:
    """Limits of a PET; None leaves a check out. Shares are between 0 and 1.

    Attributes
    ----------
    most_hounsfield_share
        Share of values below -100; a PET above it is refused.
    least_values
        Number of different values of a PET of whole numbers that is mostly 0; a PET
        below it is refused.
    most_median_suv, least_mean_suv
        Of the body; a PET beyond them is refused.
    most_negative_share
        Share of negative voxels of the body.
    least_slice_spread
        Relative difference of the highest and the lowest maximum of a slice.
    voxel_mm
        Spacing along each axis.
    least_overlap
        Share of the smaller box, of CT or PET, that lies in the other.
    least_width_ratio
        Of the PET's extent along its second longest axis to the CT's.
    least_length_share
        Of the CT's slices that lie in the PET.
    least_outline_auc
        Probability that a voxel of the body takes up more than one of the air.
    least_outline_dice
        Of the CT's body and the PET above a threshold, the best of all thresholds.
    """

    most_hounsfield_share: float | None
    least_values: int | None
    most_median_suv: float | None
    least_mean_suv: float | None
    most_negative_share: float | None
    least_slice_spread: float | None
    voxel_mm: Bounds | None
    least_overlap: float | None
    least_width_ratio: float | None
    least_length_share: float | None
    least_outline_auc: float | None
    least_outline_dice: float | None


@dataclass(frozen=True, slots=True)
class MaskLimits:
    """Limits of the labels of an exam, as shares of the CT; None leaves a check out.

    Attributes
    ----------
    most_box_share
        Of the box around a label.
    most_share
        Of the voxels of all labels.
    refused_share
        Of the voxels of all labels; beyond it the segmentation is refused.
    most_slices_apart
        Distance of the slices of a segmentation, in slices of the CT.
    """

    most_box_share: float | None
    most_share: float | None
    refused_share: float | None
    most_slices_apart: float | None


@dataclass(frozen=True, slots=True)
class ContentLimits:
    """All limits of the content of an exam."""

    ct: CtLimits
    pet: PetLimits
    mask: MaskLimits

    @classmethod
    def of(cls, section: Mapping[str, Mapping[str, Any]]) -> Self:
        """Build the limits from section ``cohort.content`` of the configuration."""
        return cls(
            ct=CtLimits(**_plain(section["ct"])),
            pet=PetLimits(**_plain(section["pet"])),
            mask=MaskLimits(**_plain(section["mask"])),
        )


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Turn lists of two bounds to pairs."""
    return {
        name: tuple(value) if isinstance(value, list | tuple) else value
        for name, value in values.items()
    }
