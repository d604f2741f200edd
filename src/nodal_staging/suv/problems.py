"""The one way in which an SUV is refused."""

from nodal_staging.problems import InputError


class SUVError(InputError):
    """The headers do not tell how to compute an SUV."""

    reason = "unusable_suv"
