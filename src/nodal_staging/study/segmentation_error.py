"""The one error of a segmentation that cannot be used."""

from nodal_staging.study.errors import InputError


class SegmentationError(InputError):
    """A segmentation cannot be used for the exam it belongs to."""

    reason = "unusable_segmentation"
