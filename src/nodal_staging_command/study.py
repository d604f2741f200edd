"""Which study a command concerns, and the configuration files that describe it."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from nodal_staging.study.configuration_file import read_configuration_file
from nodal_staging_command.arguments import CommandError, Given

ROOT = Path(__file__).resolve().parents[2]
"""The checkout, which contains the Snakefile."""
DEFAULTS = ROOT / "config" / "config.yaml"
DEMONSTRATION = "demo"
USUAL = "study.yaml"
"""The configuration of a study in its folder."""
OVERLAYS = "paper_*.yaml"
"""Those for studies of one's own; the others are for tests."""
SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Study:
    """A study that a command runs.

    Attributes
    ----------
    folder
        Where Snakemake runs: paths of the configuration are relative to it, and
        results lie below it.
    files
        Configuration files, later ones overrule earlier ones; the default
        configuration, which comes first, is not among them.
    name
        The key ``study``.
    """

    folder: Path
    files: tuple[Path, ...]
    name: str

    @property
    def results(self) -> Path:
        """Return the folder of the results."""
        return self.folder / "results" / self.name

    def setting(self, section: str, key: str) -> Any:
        """Return the value of a key, None where the study's own files do not set it."""
        value = None
        for content in map(read_configuration_file, self.files):
            value = (content.get(section) or {}).get(key, value)
        return value


def find_study(given: Given, here: Path) -> Study:
    """Find the study of a command.

    Parameters
    ----------
    given
        Its arguments: ``--study``, a folder, a configuration file or ``demo``, and
        ``--overlay``, configuration files that come before that of the study.
    here
        The current folder, where a study is looked for without ``--study``.

    Raises
    ------
    CommandError
        If there is no configuration, or several.
    ConfigurationError
        If a file cannot be read.
    """
    named = given.last("--study")
    overlays = [_overlay(name, here) for name in given.options.get("--overlay", ())]
    if named == DEMONSTRATION and not (here / named).exists():
        # A checkout that may not be written, as in a container, keeps no results.
        return _study(ROOT if os.access(ROOT, os.W_OK) else here, overlays)
    place = here / (named or ".")
    file = place if place.is_file() else _only_configuration(place, named)
    if "study" not in read_configuration_file(file):
        raise CommandError(
            f"{file}: the name of the study is missing; add the line study: my_study"
        )
    return _study(file.parent, [*overlays, file])


def _study(folder: Path, files: Sequence[Path]) -> Study:
    names = [
        content["study"]
        for content in map(read_configuration_file, [DEFAULTS, *files])
        if "study" in content
    ]
    paths = tuple(file.resolve() for file in files)
    return Study(folder.resolve(), paths, str(names[-1]))


def _only_configuration(folder: Path, named: str | None) -> Path:
    """Return the configuration of the study in a folder."""
    if not folder.is_dir():
        raise CommandError(
            f"--study {named}: there is no such file or folder; correct the path"
        )
    if (folder / USUAL).is_file():
        return folder / USUAL
    found = sorted(
        path for path in folder.iterdir() if path.suffix in SUFFIXES and _is_own(path)
    )
    where = "this folder" if named is None else named
    if not found:
        raise CommandError(
            f"{where} contains no {USUAL}; go to the folder of your study or name it "
            "with --study, or create one: nodal-staging init FOLDER (the synthetic "
            "demonstration is --study demo)"
        )
    if len(found) > 1:
        names = ", ".join(path.name for path in found)
        raise CommandError(
            f"{where} contains several studies ({names}); name one: --study "
            f"{found[0].name}"
        )
    return found[0]


def _is_own(path: Path) -> bool:
    """Tell whether a file is the configuration of a study; overlays have no cohort."""
    content: Any = {}
    try:
        content = read_configuration_file(path)
    except ValueError:
        return False
    return "study" in content and "cohort" in content


def _overlay(name: str, here: Path) -> Path:
    """Return an overlay: a file, or the name of one in config/."""
    for path in (here / name, ROOT / "config" / f"{name}.yaml"):
        if path.is_file():
            return path
    known = sorted(path.stem for path in (ROOT / "config").glob(OVERLAYS))
    near = get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    raise CommandError(
        f"--overlay {name}: there is no such file; {hint}Give its path, or one of "
        f"{', '.join(known)}"
    )
