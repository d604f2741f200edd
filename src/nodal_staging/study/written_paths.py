"""Paths that a person wrote in a sheet or the configuration, where nothing lies."""

import os
import re
import unicodedata

MOST_LETTERS = 4096
"""Of a path on Linux."""
MOST_SHOWN = 200
"""Letters of a value in a message."""

WINDOWS = re.compile(r"(?:^|/)(?:[A-Za-z]:[\\/]|\\\\)")
URL = re.compile(r"(?:^|/)(?:https?|ftp|s3|gs|file):/")
HOME = re.compile(r"(?:^|/)~[^/]*(?:/|$)")
PLACEHOLDER = re.compile(r"[{}]|<[a-z][a-z0-9_]*>")
"""What Snakemake replaces in a path, without a way to write it literally."""
VARIABLE = re.compile(r"\$\w+|\$\{\w+\}|%\w+%")


def path_fault(path: str | os.PathLike[str], start: str) -> str:
    r"""Say why nothing lies at a path, and the fix.

    Parameters
    ----------
    path
        As written, or after the folder to which it is relative.
    start
        What a relative path starts at, for example ``the folder of exams.tsv``.

    Examples
    --------
    >>> path_fault("scans\\ct", "the folder of exams.tsv")
    'the path contains backslashes; write it with slashes (/)'
    """
    return form_fault(path, start) or (
        "there is no such file or folder; correct the path, which is absolute or "
        f"relative to {start}"
    )


def form_fault(path: str | os.PathLike[str], start: str) -> str | None:
    """Say what is wrong with the form of a path; see :func:`path_fault`."""
    written = os.fspath(path)
    if len(written.encode(errors="replace")) > MOST_LETTERS:
        return (
            f"the path has {len(written)} letters, more than the system reads "
            f"({MOST_LETTERS}); shorten it"
        )
    if has_control(written):
        return "the path contains a line break or another control character; remove it"
    if URL.search(written):
        return (
            "a URL, which is not read; download the file or folder, and write its path "
            "on this system without file:// or https://"
        )
    if WINDOWS.search(written):
        return (
            "a Windows path, which this system does not read; write it with slashes "
            f"and relative to {start} (in WSL, C:\\data is /mnt/c/data)"
        )
    if "\\" in written:
        return "the path contains backslashes; write it with slashes (/)"
    if HOME.search(written):
        return "~ does not stand for your home folder here; write the path in full"
    if VARIABLE.search(written):
        return "environment variables are not replaced here; write the path in full"
    return None


def placeholder_fault(path: str | os.PathLike[str]) -> str | None:
    """Say that the workflow would replace a part of a path, and the fix.

    Examples
    --------
    >>> placeholder_fault("cohort <results>/exams.tsv")
    'Snakemake replaces <results> in a path; rename the file or folder without it'
    """
    found = PLACEHOLDER.search(os.fspath(path))
    if found is None:
        return None
    return (
        f"Snakemake replaces {found[0]} in a path; rename the file or folder without it"
    )


def has_control(written: str) -> bool:
    """Say whether a text has a line break or another control character."""
    return any(unicodedata.category(letter) == "Cc" for letter in written)


def shown(written: object) -> str:
    """Return a value for a message, on one line and of bounded length."""
    line = repr(written)
    return line if len(line) <= MOST_SHOWN else f"{line[:MOST_SHOWN]}..."
