"""What has happened in a run so far, and the lines that it puts on the screen."""

import contextlib
import os
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from snakemake_logger_plugin_nodal_staging.closing import to_open
from snakemake_logger_plugin_nodal_staging.durations import remember, remembered
from snakemake_logger_plugin_nodal_staging.findings import finding
from snakemake_logger_plugin_nodal_staging.job_logs import reason_of, warnings_of
from snakemake_logger_plugin_nodal_staging.network_cost import (
    expected_seconds,
    network_name,
)
from snakemake_logger_plugin_nodal_staging.progress import Progress, about, duration
from snakemake_logger_plugin_nodal_staging.screen import Screen
from snakemake_logger_plugin_nodal_staging.words import EXPECTED_SECONDS, in_words

PLAIN_EVERY_S = 60.0
"""Pause between two lines on what is running where there is no live line, at least."""
NO_REASON = "it ended without a message; the lines above may contain the reason"
KILLED = "it was ended by the signal {}"
OUT_OF_MEMORY = ", most often because the machine ran out of memory"


@dataclass
class Job:
    """A job that has started."""

    rule: str
    words: str
    logs: list[str]
    outputs: list[str]
    since: float
    """Seconds since the epoch."""


class Run:
    """The lines of one run of Snakemake.

    Parameters
    ----------
    screen
        Where they are written.
    each_job
        Whether each finished job gets a line.
    config
        The configuration, for the seconds that its network takes.
    clock
        Seconds since the epoch.
    """

    def __init__(
        self,
        screen: Screen,
        *,
        each_job: bool = True,
        config: Mapping[str, Any] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._screen = screen
        self._each_job = each_job
        self._config = dict(config or {})
        self._clock = clock
        self._began = self._last_status = clock()
        self._jobs: dict[int, Job] = {}
        self._running: dict[int, Job] = {}
        self._counts: dict[str, int] = {}
        self._edges: list[tuple[str, str]] = []
        self._limits: dict[str, float] = {}
        self._progress: Progress | None = None
        self._study = ""
        self._outputs: dict[str, list[str]] = {}
        self._finished = 0
        self._failed: set[int] = set()
        self._group: set[int] = set()
        self._warnings: Counter[str] = Counter()
        self._ended = False
        self._told = ""
        self.log_file = ""
        self.signal = ""
        screen.show("Planning the jobs")

    def limit(self, name: str, amount: float) -> None:
        """Note how much there is of a resource: cores, GPUs."""
        self._limits[name] = amount

    def plan(self, counts: Mapping[str, int]) -> None:
        """Note how many jobs each rule has."""
        self._counts = {rule: n for rule, n in counts.items() if rule != "total"}

    def connect(self, edges: Sequence[tuple[str, str]]) -> None:
        """Note which rule needs which."""
        self._edges = list(edges)

    def start(self, job_id: int, job: Mapping[str, Any]) -> None:
        """Note that a job has started."""
        rule, outputs = str(job["rule_name"]), [str(path) for path in job["output"]]
        words = in_words(rule, job["wildcards"])
        now = self._clock()
        if self._progress is None and outputs:
            self._announce(outputs[0])
        self._jobs[job_id] = Job(rule, words, list(map(str, job["log"])), outputs, now)
        if self._progress and outputs:
            self._running[job_id] = self._jobs[job_id]
            usage = {
                name: float(amount)
                for name, amount in dict(job["resources"]).items()
                if name in self._limits and isinstance(amount, int | float)
            }
            self._progress.start(job_id, rule, now, usage)
        self.show_status()

    def finish(self, job_id: int) -> None:
        """Print the line of a job that has ended well, and its warnings."""
        job = self._running.pop(job_id, None)
        if job is None or self._progress is None:
            return
        seconds = self._progress.finish(job_id, self._clock())
        self._finished += 1
        self._outputs.setdefault(job.rule, []).extend(job.outputs)
        found = finding(job.rule, job.outputs)
        for text in warnings_of(job.logs, job.since):
            self.warn(f"{job.words}: {text}")
        if self._each_job:
            parts = [part for part in (found, duration(seconds)) if part]
            done = self._progress.fraction(self._clock())
            self._screen.write(f"[{done:4.0%}] {job.words}: {', '.join(parts)}")
        self.show_status()

    def fail(self, job_id: int, job: Mapping[str, Any]) -> None:
        """Print one sentence for a job that has failed, and where its log is."""
        known = self._running.pop(job_id, None) or self._jobs.get(job_id)
        if self._progress:
            self._progress.fail(job_id)
        logs = [str(path) for path in job["log"]]
        since = known.since if known else self._began
        for text in warnings_of(logs, since):
            self.warn(f"{known.words if known else job['rule_name']}: {text}")
        reason = reason_of(logs, since) or _of_scheduler(job.get("rule_msg"))
        self._failed.add(job_id)
        self._tell_failure(
            known.words if known else str(job["rule_name"]), reason, logs
        )

    def fail_group(self, group: Mapping[str, Any]) -> None:
        """Print one sentence for the jobs that shared a job of a cluster."""
        infos = list(group["job_error_info"])
        self._group = {info["jobid"] for info in infos}
        self._failed |= self._group
        known = [self._jobs[one] for one in sorted(self._group) if one in self._jobs]
        logs = [path for info in infos for path in info["log"]] + group["aux_logs"]
        since = min((job.since for job in known), default=self._began)
        for job_id in self._group:
            self._running.pop(job_id, None)
            if self._progress:
                self._progress.fail(job_id)
        words = "; ".join(job.words for job in known)
        if len(infos) > 1:
            words = f"{len(infos)} jobs in a group ({words})"
        self._tell_failure(words, reason_of(logs, since), group["aux_logs"] or logs)

    def _tell_failure(self, words: str, reason: str, logs: Sequence[str]) -> None:
        """Print why something failed, and where its log is."""
        if not reason:
            reason = _death(self.signal) if self.signal else NO_REASON
        self.signal = ""
        written = [str(path) for path in logs if _has_text(Path(path))]
        where = f"\n  Log: {', '.join(written)}" if written else ""
        self._screen.write(f"Failed: {words}: {reason}{where}", "red")
        self.show_status()

    def restart(self, job: str) -> None:
        """Note that a failed job, or the last group that failed, is tried again."""
        again = {int(job)} if job.isdigit() else self._group
        self._failed -= again
        words = [self._jobs[one].words for one in sorted(again) if one in self._jobs]
        self._screen.write(f"Trying again: {'; '.join(words) or job}", "yellow")

    def warn(self, text: str) -> None:
        """Print a warning in full; the same one only once."""
        self._warnings[text] += 1
        if self._warnings[text] == 1:
            self._screen.write(text, "yellow")

    def tell(self, text: str, colour: str = "") -> None:
        """Print a message as it is, but not several times in a row."""
        if text != self._told:
            self._screen.write(text, colour)
        self._told = text

    def show_status(self) -> None:
        """Show what is running, how much is done, and the time left."""
        if self._progress is None or self._ended or not self._running:
            return
        now = self._clock()
        if not self._screen.is_live:
            pause = max(PLAIN_EVERY_S, (now - self._began) / 10)
            if now - self._last_status < pause:
                return
        self._last_status = now
        done = self._progress.fraction(now)
        left = about(self._progress.seconds_left(now))
        running = "; ".join(job.words for job in self._running.values())
        text = f"[{done:4.0%}] about {left} left, running: {running}"
        if self._screen.is_live:
            self._screen.show(text)
        elif self._each_job:
            self._screen.write(text)

    def end(self) -> None:
        """Print the summary, and keep the durations for the next run."""
        self._screen.clear()
        if self._ended or self._progress is None:
            return
        self._ended = True
        if not self._each_job:
            self._settle()
        lasted = duration(self._clock() - self._began)
        planned = sum(self._counts.values()) or self._finished
        whole = not self._failed and not self._running and self._finished >= planned
        lines = [
            f"{'Finished' if whole else 'Stopped'} after {lasted}: "
            f"{self._finished} of {planned} job{'' if planned == 1 else 's'}"
            + (f" finished, {len(self._failed)} failed." if self._failed else ".")
        ]
        if self._warnings:
            number = len(self._warnings)
            lines.append(f"{number} warning{'' if number == 1 else 's'}, see above.")
        if found := to_open(self._outputs):
            lines += ["Open:", *found]
        if self.log_file:
            lines.append(f"Log of Snakemake: {self.log_file}")
        self._screen.write("\n".join(lines), "green" if whole else "red")
        # The folder may be read-only, or full.
        with contextlib.suppress(OSError):
            if self._each_job:
                measured = self._progress.measured()
                remember(self._study, network_name(self._config), measured)

    def _settle(self) -> None:
        """Take as finished what must have ended: ``--quiet progress`` leaves that out.

        Only as many jobs as there are cores can still have been running; of these the
        ones whose files exist have ended, too.
        """
        latest = list(self._running)[-int(self._limits.get("_cores", 1)) :]
        for job_id, job in list(self._running.items()):
            if job_id not in latest or all(map(os.path.exists, job.outputs)):
                self.finish(job_id)

    def _announce(self, output: str) -> None:
        """Print how many jobs there are and how long they are expected to take.

        The first file of the run names the study, hence its earlier durations. Targets
        such as ``all``, which no rule needs and which make nothing, do not count.
        """
        parts = Path(output).parts
        self._study = "/".join(parts[:2])
        known = remembered(self._study, network_name(self._config))
        self._progress = Progress(expected_seconds(self._config) | known)
        self._progress.limits |= self._limits
        needed = {rule for rule, _ in self._edges}
        self._counts = {
            rule: count
            for rule, count in self._counts.items()
            if rule in EXPECTED_SECONDS or rule in needed or not self._edges
        }
        self._progress.plan(self._counts)
        self._progress.follow(self._edges)
        jobs = sum(self._counts.values())
        cores = self._limits.get("_cores")
        where = f" on {cores:.0f} core{'' if cores == 1 else 's'}" if cores else ""
        left = about(self._progress.seconds_left(self._clock()))
        self._screen.write(f"{jobs} jobs{where}, about {left}")


def _death(name: str) -> str:
    """Say by which signal a job was ended."""
    return KILLED.format(name) + (OUT_OF_MEMORY if name == "SIGKILL" else "")


def _has_text(path: Path) -> bool:
    """Tell whether a file exists and is not empty."""
    try:
        return path.stat().st_size > 0
    except OSError:
        return False


def _of_scheduler(message: str | None) -> str:
    """Return what the executor says of a failed job, without its advice."""
    return (message or "").partition("For further error details")[0].strip()
