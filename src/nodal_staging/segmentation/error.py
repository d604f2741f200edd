"""The one error of a segmentation that cannot be used."""

from nodal_staging.problems import InputError


class SegmentationError(InputError):
    """A segmentation cannot be used for the exam it belongs to."""

    reason = "unusable_segmentation"
