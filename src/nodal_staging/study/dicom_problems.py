"""The one way in which a series is refused."""

from nodal_staging.study.errors import InputError


class DicomSeriesError(InputError):
    """A folder does not hold one regular series.

    ``reason`` is the code under which the exam is listed.
    """

    reason = "unusable_series"

    def __init__(self, message: str, reason: str = "unusable_series") -> None:
        super().__init__(message)
        self.reason = reason

    def __reduce__(self) -> tuple[type, tuple[str, str]]:
        """Keep the reason on the way out of a child process."""
        return type(self), (str(self), self.reason)
