"""The subcommand ``import``: a study from files as they are, without sheets."""

import filecmp
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from nodal_staging.study.configuration_file import read_configuration_file
from nodal_staging_command.arguments import CommandError, Given, Option
from nodal_staging_command.new_study import FILES, TEMPLATES, write_study
from nodal_staging_command.study import DEFAULTS

if TYPE_CHECKING:  # pandas takes a while to import
    from nodal_staging.cohort.imported.drafted_sheets import Drafted

SHEETS = ("exams.tsv", "nodes.tsv")
KINDS = ("dicom", "folders", "autopet", "tcia", "deep-psma", "lnq", "tcia-lymph")
PATTERNS = ("ct", "pet", "segmentation", "organs", "nodes")
OPTIONS = {
    "--salt": Option("FILE", "private/salt.txt of a study with the same pseudonyms"),
    "--pattern": Option(
        "REGEX", "of label names, with the groups location and status (unknown)"
    ),
    "--ct": Option("PATTERN", "of the files of folders, such as ct/{patient}.nii.gz"),
    "--pet": Option("PATTERN", "the same of the PET"),
    "--segmentation": Option("PATTERN", "the same of the segmentation"),
    "--organs": Option("PATTERN", "the same of masks of organs"),
    "--organ-names": Option("FILE", "value and name of each organ, one a line"),
    "--nodes": Option("PATTERN", "the same of masks of all nodes, also negative ones"),
    "--split": Option("", "make each component of a mask a node (public collections)"),
    "--least-ml": Option("NUMBER", "smallest volume of a component (0.1)"),
    "--least-voxels": Option("NUMBER", "smallest number of its voxels (2)"),
    "--tracer": Option("NAME", "of a collection of several tracers (psma)"),
    "--contrast": Option("YES/NO", "of all exams, where no header states it"),
    "--low-dose": Option("YES/NO", "of all exams, where no header states it"),
}
INCOMPLETE = 3
"""Exit status if a person has to look at left_out.tsv."""


def import_study(given: Given) -> int:
    """Draft the sheets of a study, print what is missing, return the exit status."""
    kind, source, study = _places(given)
    _check_pattern(given.last("--pattern"))
    words = {name: _yes_or_no(given, name) for name in ("--contrast", "--low-dose")}
    patterns = {x: p for x in PATTERNS if (p := given.last(f"--{x}")) is not None}
    if kind == "folders" and "ct" not in patterns:
        raise CommandError(
            "folders needs the pattern of the CT; write --ct 'ct/{patient}.nii.gz'"
        )
    least_voxels = _number(given, "--least-voxels", 2)
    least_ml = _number(given, "--least-ml", 0.1)
    from nodal_staging.cohort.imported.collection import (  # noqa: PLC0415 (pandas)
        Request,
        import_collection,
    )
    from nodal_staging.cohort.imported.lesions import Smallest  # noqa: PLC0415
    from nodal_staging.cohort.imported.organ_masks import (  # noqa: PLC0415
        Organs,
        read_organ_names,
    )

    names, salt = given.last("--organ-names"), given.last("--salt")
    request = Request(
        source=source,
        study=study,
        salt=None if salt is None else Path(salt),
        cohort=read_configuration_file(DEFAULTS)["cohort"],
        pattern=given.last("--pattern"),
        patterns=patterns,
        tracer=(given.last("--tracer") or "psma").lower(),
        split="--split" in given.options,
        smallest=Smallest(int(least_voxels), least_ml),
        organs=None if names is None else Organs(read_organ_names(_file(names))),
        contrast=words["--contrast"],
        low_dose=words["--low-dose"],
    )
    _prepare(study)
    drafted, remarks = import_collection(kind, request)
    sys.stdout.write("".join(f"{line}\n" for line in _lines(drafted, remarks, study)))
    return INCOMPLETE if drafted.problems else 0


def _lines(drafted: "Drafted", remarks: list[str], study: Path) -> Iterator[str]:
    """Yield what was written, and the next step."""
    from nodal_staging.tables.rounding import counted  # noqa: PLC0415 (pandas)

    yield (
        f"{study / 'exams.tsv'}: {counted(drafted.exams, 'exam', 'exams')} of "
        f"{counted(drafted.patients, 'patient', 'patients')}, {drafted.with_pet} with "
        f"PET, {drafted.with_segmentation} with segmentation"
    )
    yield (
        f"{study / 'nodes.tsv'}: {counted(drafted.nodes, 'node', 'nodes')}, "
        f"{drafted.unknown} with unknown location or status"
    )
    rows = counted(drafted.problems, "row", "rows")
    yield f"{study / 'left_out.tsv'}: {rows} to look at"
    yield f"{study / 'choices.tsv'}: the files that were considered"
    if drafted.components:
        left = "".join(f", {n} {why}" for why, n in sorted(drafted.no_nodes.items()))
        parts = counted(drafted.components, "component", "components")
        yield f"{study / 'lesions.tsv'}: {parts}{left}"
    yield f"{study / 'private'}: pseudonyms and links to the files; never pass it on"
    yield from (f"Remark: {remark}" for remark in remarks)
    yield f"Next: cd {study}, look at left_out.tsv, and run"
    yield "  nodal-staging check"


def _yes_or_no(given: Given, option: str) -> str | None:
    word = given.last(option)
    if word not in {None, "yes", "no"}:
        raise CommandError(f"{option} {word}: expected yes or no")
    return word


def _number(given: Given, option: str, usual: float) -> float:
    """Return the number of an option."""
    word = given.last(option)
    try:
        number = usual if word is None else float(word)
    except ValueError:
        number = -1.0
    if not 0 <= number < 1e6:
        raise CommandError(f"{option} {word}: expected a number from 0")
    return number


def _file(written: str) -> Path:
    path = Path(written)
    if not path.is_file():
        raise CommandError(f"{written} is not a file; correct the path")
    return path


def _places(given: Given) -> tuple[str, Path, Path]:
    """Return kind, folder of the collection and folder of the study."""
    if len(given.words) < 2:
        raise CommandError(
            "import needs a kind and a folder; write nodal-staging import dicom FOLDER "
            "STUDY"
        )
    kind, source = given.words[0], Path(given.words[1])
    if kind not in KINDS:
        raise CommandError(f"import knows no {kind}; known: {', '.join(KINDS)}")
    if not source.is_dir():
        raise CommandError(f"{source} is not a folder; correct the path")
    study = Path(given.words[2] if len(given.words) > 2 else ".")
    if study.resolve().is_relative_to(source.resolve()):
        raise CommandError(
            f"{study} lies in the folder that is imported; name another folder for the "
            "study"
        )
    return kind, source, study


def _check_pattern(pattern: str | None) -> None:
    if pattern is None:
        return
    try:
        groups = set(re.compile(pattern).groupindex)
    except re.error as error:
        raise CommandError(f"--pattern is no regular expression ({error})") from None
    if not {"location", "status"} <= groups:
        raise CommandError(
            "--pattern needs the groups (?P<location>...) and (?P<status>...)"
        )


def _prepare(study: Path) -> None:
    """Make the folder of the study, unless it is one without sheets of its own."""
    for name in SHEETS:
        path = study / name
        if path.exists() and not filecmp.cmp(path, TEMPLATES / name, shallow=False):
            raise CommandError(
                f"{path} exists already; name another folder, or remove the sheet to "
                "import again"
            )
    if not any((study / name).exists() for name in FILES):
        write_study(study)
    # The example rows name nodes that the study does not have.
    for name in (*SHEETS, "readings.tsv"):
        path = study / name
        if path.exists() and filecmp.cmp(path, TEMPLATES / name, shallow=False):
            path.unlink()
