"""R inside the Python process, through rpy2, with the package pROC loaded.

R starts ``--vanilla``, so a ``.Rprofile`` of the working directory changes nothing.
pROC shows no progress bar, and the output of R goes to the log.
"""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from nodal_staging.study.errors import InputError
from nodal_staging.study.package_versions import note_version

STARTUP_FILES = ("R_PROFILE", "R_PROFILE_USER", "R_ENVIRON", "R_ENVIRON_USER")
"""Variables that name files of R's start; where one is empty, no file is read."""

logger = logging.getLogger(__name__)


class ProcError(InputError):
    """R or pROC cannot do what it is needed for."""

    reason = "no_proc"


@contextmanager
def _libraries_for_children() -> Iterator[None]:
    """Keep the search path of libraries: with R's, children may load another Python."""
    before = os.environ.get("LD_LIBRARY_PATH")
    yield
    os.environ.pop("LD_LIBRARY_PATH", None)
    if before is not None:
        os.environ["LD_LIBRARY_PATH"] = before


@cache
def start_r() -> Any:
    """Start R once, load pROC, and return the function that evaluates R code."""
    # API mode needs a compiler when rpy2 is installed; ABI mode only R itself.
    os.environ.setdefault("RPY2_CFFI_MODE", "ABI")
    # rpy2 starts an Rscript of its own for paths, which --vanilla does not reach.
    os.environ.update(dict.fromkeys(STARTUP_FILES, ""))
    os.environ.pop("R_DEFAULT_PACKAGES", None)
    _prefer_own_r()
    try:
        # Importing rpy2 looks for R: a missing R must end in a sentence, in the log.
        embedded = import_module("rpy2.rinterface_lib.embedded")
        callbacks = import_module("rpy2.rinterface_lib.callbacks")
        embedded.set_initoptions(("rpy2", "--vanilla", "--quiet", "--no-save"))
        for stream in ("consolewrite_print", "consolewrite_warnerror"):
            setattr(callbacks, stream, _to_log)
        with _libraries_for_children():
            robjects = import_module("rpy2.robjects")
    except (ImportError, OSError, ValueError) as error:
        raise ProcError(
            f"R cannot be started ({error}); install R (Debian: r-base-core) and "
            "make sure that the command R is on the path"
        ) from error
    robjects.r('options(pROCProgress = list(name = "none"))')
    if not robjects.r("requireNamespace")("pROC", quietly=True)[0]:
        raise ProcError(
            "the R package pROC is not installed; install it "
            "(Debian: r-cran-proc, conda: r-proc)"
        )
    note_version("R", robjects.r("as.character(getRversion())")[0])
    proc = robjects.r('as.character(utils::packageVersion("pROC"))')[0]
    note_version("pROC", proc)
    return robjects.r


def _prefer_own_r() -> None:
    """Find the R of this Python's environment, also where it is not activated."""
    own = Path(sys.prefix, "bin")
    if (own / "R").exists():
        os.environ["PATH"] = f"{own}{os.pathsep}{os.environ.get('PATH', '')}"


def r_vector(kind: str, values: npt.ArrayLike) -> Any:
    """Make a plain R vector; R must already run."""
    return getattr(import_module("rpy2.robjects"), kind)(np.asarray(values).tolist())


def _to_log(text: str) -> None:
    """Write what R prints to the log of the job."""
    if text.strip():
        logger.info("R: %s", text.strip())
