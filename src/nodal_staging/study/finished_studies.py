"""Folders of finished studies, by name or by path."""

import hashlib
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

from nodal_staging.study.errors import InputError

LAST_FILES = ("provenance.json", "report.html")
"""What a study writes last."""


class ComparisonError(InputError):
    """Two studies cannot be compared."""

    reason = "unusable_comparison"


def find_studies(wanted: Sequence[str], root: str | Path) -> dict[str, Path]:
    """Find the results of two finished studies.

    Parameters
    ----------
    wanted
        Two names of folders below ``root``, or paths of folders with results.
    root
        Folder with the results of all studies.

    Returns
    -------
    Folders by the names under which the studies are compared: those of the folders, or
    the paths where both folders have one name.

    Raises
    ------
    ComparisonError
        If there are not two, or one is unknown, unfinished or the same as the other.
    """
    if len(wanted) != 2:
        raise ComparisonError(
            f"config: compare lists {len(wanted)} studies, expected two; give names of "
            "folders with results, or their paths: --config compare='[a, b]'"
        )
    first, second = (_finished(one, Path(root)) for one in wanted)
    if first.resolve() == second.resolve():
        raise ComparisonError(
            f"config: compare: {wanted[0]} and {wanted[1]} are the same study; name "
            "another one"
        )
    if first.name == second.name:
        return {str(first): first, str(second): second}
    return {first.name: first, second.name: second}


def state_of(folder: Path) -> str:
    """Return a sum that changes when the study in a folder is finished again."""
    content = b"".join((folder / name).read_bytes() for name in LAST_FILES)
    return hashlib.sha256(content).hexdigest()


def _finished(name: str, root: Path) -> Path:
    """Return the folder of a study that is whole."""
    folder = next(
        (place for place in (root / name, Path(name)) if name and place.is_dir()), None
    )
    if folder is None:
        known = sorted(path.parent.name for path in root.glob(f"*/{LAST_FILES[0]}"))
        close = get_close_matches(name, known, 1)
        hint = f"did you mean {close[0]}?" if close else f"found {_listed(known)}"
        raise ComparisonError(
            f"config: compare: there is no study {name} below {root.name}/; {hint}; "
            "give the name of its folder or its path"
        )
    for last in LAST_FILES:
        if not (folder / last).is_file():
            raise ComparisonError(
                f"config: compare: the study {name} is not finished, it has no {last}; "
                "run it to its end, or give the folder that contains its report.html"
            )
    return folder


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) if names else "no finished study"
