"""The Snakemake command of a subcommand: written down, printed and run."""

import os
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from nodal_staging.study.devices import has_gpu
from nodal_staging_command.arguments import CommandError
from nodal_staging_command.snakemake_options import require_known_options
from nodal_staging_command.study import ROOT, Study

PARALLEL = ("-c", "--cores", "-j", "--jobs", "--profile", "--workflow-profile")
"""Options that say how many jobs run at a time, and where."""
CONFIGURATION = ("--configfile", "--configfiles")
CONFIG = "--config"
DRY = ("-n", "--dry-run", "--dryrun")
LOUDNESS = ("-q", "--quiet", "-p", "--printshellcmds", "--verbose")
SHORT_PLAN = ("--quiet", "rules", "reason", "host")
"""Of a dry run, without its ten lines for each job."""


def snakemake_arguments(
    study: Study,
    targets: Sequence[str],
    passed: Sequence[str],
    *,
    config: Sequence[str] = (),
) -> list[str]:
    """Return the arguments of Snakemake, targets first.

    Parameters
    ----------
    study
        What is run.
    targets
        What to make; everything if empty.
    passed
        Options that were given for Snakemake.
    config
        Values of ``--config`` (``key=value``).

    Raises
    ------
    CommandError
        If the options name a configuration file of their own, or one is unknown.
    """
    names = {argument.partition("=")[0] for argument in passed}
    if names & set(CONFIGURATION):
        raise CommandError(
            "--configfile is set by this command; name the study with --study and "
            "further files with --overlay"
        )
    require_known_options(passed)
    arguments = [*targets]
    if not any(name.startswith(PARALLEL) for name in names):
        arguments += ["--cores", str(len(os.sched_getaffinity(0)))]
        if "--resources" not in names and has_gpu(os.environ):
            arguments += ["--resources", "gpu=1"]
    if not Path(study.folder, "Snakefile").is_file():
        arguments += ["--snakefile", str(ROOT / "Snakefile")]
    if study.files:
        arguments += ["--configfile", *(_near(f, study.folder) for f in study.files)]
    if names & set(DRY) and not names & set(LOUDNESS):
        arguments += SHORT_PLAN
    return arguments + _with_config(passed, config)


def run_snakemake(arguments: Sequence[str], folder: Path) -> int:
    """Print a Snakemake command and run it in a folder; return its exit status.

    On Ctrl-C, Snakemake ends its jobs first.
    """
    shown = shlex.join(["snakemake", *arguments])
    if folder != Path.cwd():
        shown = f"cd {shlex.quote(str(folder))} && {shown}"
    sys.stderr.write(f"{shown}\n")
    sys.stderr.flush()
    call = [sys.executable, "-m", "snakemake", *arguments]
    with subprocess.Popen(call, cwd=folder) as run:  # noqa: S603
        while True:
            try:
                return run.wait()
            except KeyboardInterrupt:
                continue


def _near(file: Path, folder: Path) -> str:
    """Return a path relative to a folder that contains the file, else as it is."""
    return str(file.relative_to(folder) if file.is_relative_to(folder) else file)


def _with_config(passed: Sequence[str], config: Sequence[str]) -> list[str]:
    """Add values to ``--config``, of which Snakemake takes only the last."""
    if not config:
        return list(passed)
    if CONFIG not in passed:
        return [CONFIG, *config, *passed]
    place = passed.index(CONFIG) + 1
    return [*passed[:place], *config, *passed[place:]]
