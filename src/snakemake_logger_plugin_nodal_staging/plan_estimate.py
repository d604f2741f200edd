"""How long a plan would take, from the seconds that jobs are expected to take."""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from snakemake_logger_plugin_nodal_staging.durations import remembered
from snakemake_logger_plugin_nodal_staging.network_cost import (
    TRAININGS,
    expected_seconds,
    network_name,
    read_configuration,
)
from snakemake_logger_plugin_nodal_staging.progress import Progress, about
from snakemake_logger_plugin_nodal_staging.words import EXPECTED_SECONDS

CORES = re.compile(r" (?:-c|--cores)[ =]?([0-9]+)(?= |$)")


class PlanEstimate:
    """The jobs of a dry run, and the time that they would take.

    Parameters
    ----------
    arguments
        Of the process: Snakemake reports no cores in a dry run. Without a number, all
        of this machine count.
    """

    def __init__(self, arguments: Sequence[str]) -> None:
        self._counts: dict[str, int] = {}
        found = CORES.search(" ".join(arguments))
        self._cores = int(found[1]) if found else len(os.sched_getaffinity(0))
        self._config = read_configuration(arguments)
        self._study = ""

    def plan(self, counts: Mapping[str, int]) -> None:
        """Note how many jobs each rule has; targets make nothing."""
        self._counts = {r: n for r, n in counts.items() if r in EXPECTED_SECONDS}

    def note_outputs(self, outputs: Sequence[str]) -> None:
        """Take the study from the first file."""
        if outputs and not self._study:
            self._study = "/".join(Path(outputs[0]).parts[:2])

    def sentence(self) -> str:
        """Return the time in words; empty without jobs.

        Times are those of earlier runs of the study with this network in this folder,
        else those of the demonstration, with trainings as the network is configured.
        """
        if not self._counts:
            return ""
        name = network_name(self._config)
        known = remembered(self._study, name)
        cores = f"{self._cores} core{'' if self._cores == 1 else 's'}"
        jobs = sum(self._counts.values())
        first = f"{jobs} jobs, about {self._about(known)} on {cores}"
        trained = [rule for rule in TRAININGS if rule in self._counts]
        if known.keys() >= set(trained) and known:
            return f"{first}, as in earlier runs of this study."
        if not trained:
            return f"{first} for a cohort of the size of the demonstration."
        return (
            f"{first} without a GPU, for 684 training nodes and the configured network "
            f"(about {name}). Times on a GPU have not been measured."
        )

    def _about(self, known: Mapping[str, float]) -> str:
        progress = Progress(expected_seconds(self._config) | dict(known))
        progress.limits["_cores"] = self._cores
        progress.plan(self._counts)
        return about(progress.seconds_left(0.0))
