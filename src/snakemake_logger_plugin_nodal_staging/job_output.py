"""What jobs print on standard error themselves, kept apart from the live line."""

import os
import re
import sys
from typing import TextIO

NOISE = re.compile(
    r"WARNING: All log messages before absl::InitializeLog|I\d{4} \d\d:\d\d|"
    r"I0000 00:00:\d+"
)
"""Lines in which TensorFlow describes its start; they are no warnings."""


class JobOutput:
    """Standard error of this process and its jobs, from now until :meth:`restore`.

    It goes to memory, which never blocks a job and needs no disk, and is shown from
    there line by line. ``stream`` is the screen.
    """

    def __init__(self) -> None:
        self._read = 0
        self._rest = ""
        self._memory = os.memfd_create("job_output")
        sys.stderr.flush()
        self._screen = os.dup(2)
        self.stream: TextIO = os.fdopen(
            self._screen,
            "w",
            encoding=sys.stderr.encoding,
            errors="backslashreplace",
            closefd=False,
        )
        os.dup2(self._memory, 2)

    def lines(self, *, whole: bool = True) -> list[str]:
        """Return what has been printed since the last call, without noise.

        Parameters
        ----------
        whole
            Keep a line that has no end yet for the next call.
        """
        sys.stderr.flush()
        found = self._rest
        while part := os.pread(self._memory, 1 << 16, self._read):
            self._read += len(part)
            found += part.decode("utf-8", "replace")
        *lines, self._rest = found.split("\n")
        if not whole and self._rest:
            lines, self._rest = [*lines, self._rest], ""
        return [line for line in lines if not NOISE.match(line)]

    def restore(self) -> None:
        """Give standard error back to the screen, for this process and later jobs."""
        sys.stderr.flush()
        os.dup2(self._screen, 2)


def job_output() -> JobOutput | None:
    """Take over standard error; None where that is not possible."""
    try:
        return JobOutput() if sys.stderr.fileno() == 2 else None
    except (AttributeError, OSError, ValueError):
        return None
