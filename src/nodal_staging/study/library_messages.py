"""Silence of the libraries that read exams, whose messages quote headers."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

LIBRARIES = ("pydicom", "nibabel", "nibabel.global", "SimpleITK", "h5py")
"""Loggers of the libraries; one with a level of its own is named by itself."""

SILENT = logging.CRITICAL + 1


@contextmanager
def silent_libraries() -> Iterator[None]:
    """Keep warnings and log messages of libraries out of logs and off the screen.

    They quote values of headers, which may identify a patient. The package reports
    what is wrong with a file in sentences of its own.
    """
    loggers = [logging.getLogger(name) for name in LIBRARIES]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(SILENT)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
