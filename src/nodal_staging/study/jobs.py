"""The log file that every job of the workflow writes."""

import errno
import logging
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from nodal_staging.study.errors import InputError
from nodal_staging.study.package_versions import MARK, versions_in_use

logger = logging.getLogger("nodal_staging")

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
"""No room on the disk, in the quota, or for a file of this size."""
SCREEN = "NODAL_STAGING_SCREEN"
"""Environment variable; ``off`` where another program shows what logs warn of."""


@contextmanager
def job_log(path: str | Path, *, code: str) -> Iterator[None]:
    """Send the package's log, and the traceback of a failure, to one file.

    A wrong input ends the job with its sentence alone on standard error; any other
    failure is a defect, and its traceback goes to the log and to standard error.
    A full disk and missing memory are neither; they are named. Where :data:`SCREEN` is
    off, the file alone contains the messages. A job that has ended well writes its CPU
    time, and in the last line the version of its code and those of the packages that it
    loaded.

    Parameters
    ----------
    path
        The log file of the job; overwritten.
    code
        Version of the code, from the parameters of the rule.
    """
    to_file = logging.FileHandler(path, mode="w", encoding="utf-8")
    to_screen = logging.StreamHandler(sys.stderr)
    to_screen.setLevel(logging.WARNING)
    if os.environ.get(SCREEN) == "off":
        to_screen.setLevel(logging.CRITICAL + 1)
    for handler in (to_file, to_screen):
        handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
        logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    before = sum(os.times()[:4])
    try:
        yield
        used = "CPU time %.2f s, of which %.2f s before the work began"
        logger.info(used, sum(os.times()[:4]), before)
        logger.info("%s%s", MARK, versions_in_use(code))
    except InputError as error:
        logger.error("%s", error)
        sys.exit(1)
    except MemoryError:
        _end_without_memory()
    except OSError as error:
        if error.errno not in FULL:
            logger.exception("the job failed; this is a defect of the software")
            sys.exit(1)
        _end_on_full_disk(error)
    except Exception as error:
        # TensorFlow's own, of the GPU or of the machine.
        if type(error).__name__ == "ResourceExhaustedError":
            _end_without_memory()
        logger.exception("the job failed; this is a defect of the software")
        sys.exit(1)
    finally:
        for handler in (to_file, to_screen):
            logger.removeHandler(handler)
            handler.flush()
        to_file.close()


def _end_without_memory() -> NoReturn:
    """Say what to do and end."""
    logger.error(
        "not enough memory; give the job more and run again, for example with "
        "--set-resources RULE:mem_mb=8000, or, on a GPU, make training.batch_size or "
        "attribution.batch_size smaller; nothing is half-written"
    )
    sys.exit(1)


def _end_on_full_disk(error: OSError) -> None:
    """Say so and end at once: HDF5 would try to write again, and crash."""
    logger.error(
        "%s: free some space and run again; nothing is half-written",
        os.strerror(error.errno or errno.ENOSPC),
    )
    sys.stderr.flush()
    os._exit(1)


def in_groups(paths: Sequence[str], count: int) -> list[list[str]]:
    """Cut the list of a rule's files into ``count`` parts of the same length."""
    size = len(paths) // count
    return [list(paths[k * size : (k + 1) * size]) for k in range(count)]
