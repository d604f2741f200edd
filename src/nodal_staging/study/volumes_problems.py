"""The one way in which a volume file is refused."""

from nodal_staging.study.errors import InputError


class VolumeError(InputError):
    """A file does not hold one volume with a place in space."""

    reason = "unusable_volume"
