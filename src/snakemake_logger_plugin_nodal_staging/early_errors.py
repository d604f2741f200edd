"""One sentence on a mistake that ends Snakemake before any job."""

import re
from pathlib import Path

from nodal_staging.study.errors import InputError

MISSING = re.compile(r"No rule to produce (\S+) \(if you use input")
RAISED = re.compile(
    r"WorkflowError in file .*, line \d+:\n(?P<sentence>.+)\n"
    r"(?:  File .*, line \d+, in .*\n?)+"
)
"""An error that the workflow raises itself, with lines of its code."""
CONFIGURATIONS = (".yaml", ".yml")


def fault_of_target(text: str) -> str:
    """Return one sentence on a target that is misspelt, or is no target.

    Parameters
    ----------
    text
        An error of Snakemake.

    Returns
    -------
    Empty if the error is another one, or if the target is a path that may need files.
    """
    from nodal_staging_command.targets import (  # noqa: PLC0415 (for an error alone)
        check_targets,
    )

    found = MISSING.search(text)
    if not found:
        return ""
    name = found[1]
    if Path(name).suffix in CONFIGURATIONS:
        return (
            f"{name} is a configuration file and not a target; write --configfile "
            f"{name}, after the targets"
        )
    try:
        check_targets([name])
    except InputError as error:
        return str(error)
    return ""


def sentence_of_workflow(text: str) -> str:
    """Return the sentence of an error that the workflow raises, without its code."""
    found = RAISED.fullmatch(text.strip())
    return found["sentence"] if found else ""
