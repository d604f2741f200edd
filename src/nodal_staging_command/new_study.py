"""A folder for a new study, from the templates in ``config/template``."""

import re
from pathlib import Path

from nodal_staging_command.arguments import CommandError
from nodal_staging_command.study import ROOT

TEMPLATES = ROOT / "config" / "template"
FILES = ("study.yaml", "exams.tsv", "nodes.tsv", "readings.tsv", "README.md")
LONGEST_NAME = 64


def write_study(folder: Path) -> list[Path]:
    """Write configuration, example sheets and the next steps; return their paths.

    Parameters
    ----------
    folder
        Created if it does not exist. Its name becomes that of the study.

    Raises
    ------
    CommandError
        If it contains one of the files already.
    """
    paths = [folder / name for name in FILES]
    if there := [path for path in paths if path.exists()]:
        raise CommandError(
            f"{there[0]} exists already; name another folder, or go there and run "
            "nodal-staging check"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CommandError(
            f"{folder} cannot be created ({error.strerror}); name another folder"
        ) from None
    for path in paths:
        text = (TEMPLATES / path.name).read_text(encoding="utf-8")
        text = text.replace("STUDY_NAME", study_name(folder))
        path.write_text(text.replace("CHECKOUT", str(ROOT)), encoding="utf-8")
    return paths


def study_name(folder: Path) -> str:
    """Return the name of a study: that of its folder, in lower case.

    Examples
    --------
    >>> study_name(Path("data/My cohort-2"))
    'my_cohort_2'
    """
    name = re.sub("[^a-z0-9_]+", "_", folder.resolve().name.lower()).strip("_")
    return name[:LONGEST_NAME] or "my_study"
