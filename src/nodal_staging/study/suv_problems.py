"""The one way in which an SUV is refused."""

from nodal_staging.study.errors import InputError


class SUVError(InputError):
    """The headers do not tell how to compute an SUV."""

    reason = "unusable_suv"
