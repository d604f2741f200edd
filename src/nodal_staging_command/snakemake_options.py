"""Options that Snakemake does not know, named before Snakemake prints all it knows."""

from collections.abc import Sequence
from difflib import get_close_matches

from nodal_staging_command.arguments import CommandError

FAMILIAR = frozenset(
    {
        "--config",
        "--cores",
        "--dry-run",
        "--dryrun",
        "--executor",
        "--forceall",
        "--forcerun",
        "--jobs",
        "--keep-going",
        "--printshellcmds",
        "--profile",
        "--quiet",
        "--report",
        "--rerun-incomplete",
        "--resources",
        "--touch",
        "--unlock",
        "--workflow-profile",
    }
)
"""Options that need no look at Snakemake's own list, which takes a second to load."""


def require_known_options(passed: Sequence[str]) -> None:
    """Refuse long options that Snakemake does not have.

    Parameters
    ----------
    passed
        Options for Snakemake and their values; what follows ``--`` is no option.

    Raises
    ------
    CommandError
        Naming the first one, and a similar one that exists.
    """
    ends = [*passed, "--"].index("--")
    names = [word.partition("=")[0] for word in passed[:ends] if word.startswith("--")]
    rare = [name for name in names if name not in FAMILIAR]
    if not rare:
        return
    # Snakemake and its plugins take a second to import.
    from snakemake.cli import get_argument_parser  # noqa: PLC0415

    known = [
        option
        for action in get_argument_parser()._actions
        for option in action.option_strings
    ]
    for name in rare:
        if not any(option.startswith(name) for option in known):
            near = get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}?" if near else "remove it"
            raise CommandError(
                f"neither nodal-staging nor Snakemake knows the option {name}; {hint}"
            )
