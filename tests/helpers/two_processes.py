"""A pytest plugin: a second process runs part of the cases, and one pytest reports all.

``--processes 2`` starts a second pytest with the same arguments. The two share the
cases by module: each takes the next one that is left. The second hands its reports to
the first, so there is one summary, one closing line and one exit status. Modules that
use the same study stay together, so that it runs once. What takes minutes comes first,
so that neither process is left with it at the end.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

import pytest

SHARED_FIXTURE = "study"
"""A fixture of the session that takes minutes."""
MINUTES = {"workflow", "slurm"}
"""Markers of cases that may take minutes."""
POLL_S = 0.5
SECOND = pytest.StashKey["Second"]()
GOOD_ENDS = {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}
LONGEST_LOG = 5000
"""Characters of the second process's output that are shown when it dies."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--processes", type=int, choices=[1, 2], default=1, help="run in two processes"
    )
    # The folder that the second process shares with the first.
    parser.addoption("--second-of", type=Path, help=argparse.SUPPRESS)


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Start the second process, which collects the same cases meanwhile."""
    option = session.config.option
    if option.processes == 2 and not option.collectonly:
        session.stash[SECOND] = Second(session.config)


def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """Share the cases where two processes were asked for."""
    if session.testsfailed:
        return None
    if folder := session.config.option.second_of:
        _run_second(session, folder)
        return True
    if second := session.stash.get(SECOND, None):
        _run_first(session, second)
        return True
    return None


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Leave no process behind."""
    if second := session.stash.get(SECOND, None):
        second.close()


def groups(items: list[pytest.Item]) -> list[list[pytest.Item]]:
    """Return the cases by module, those that share a study as one, longest first."""
    modules = defaultdict(list)
    for item in items:
        modules[item.path].append(item)
    joined, alone = [], []
    for own in modules.values():
        if any(SHARED_FIXTURE in item.fixturenames for item in own):
            joined += own
        else:
            alone.append(own)
    alone.sort(key=lambda own: not any(map(_may_take_minutes, own)))
    return [joined, *alone] if joined else alone


def _may_take_minutes(item: pytest.Item) -> bool:
    return any(marker.name in MINUTES for marker in item.iter_markers())


def _run_shared(
    session: pytest.Session, folder: Path, after_case: Callable[[], None]
) -> None:
    """Run the groups of cases that the other process has not taken."""
    for number, items in enumerate(groups(session.items)):
        try:
            (folder / f"taken_{number}").touch(exist_ok=False)
        except FileExistsError:
            continue
        for item, following in zip(items, [*items[1:], None], strict=True):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            after_case()
            _stop_if_requested(session)


def _stop_if_requested(session: pytest.Session) -> None:
    if session.shouldfail:
        raise session.Failed(session.shouldfail)
    if session.shouldstop:
        raise session.Interrupted(session.shouldstop)


class Writer:
    """Write the report of each phase of each case as a line of JSON."""

    def __init__(self, config: pytest.Config, file: TextIO) -> None:
        self.config = config
        self.file = file

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        data = self.config.hook.pytest_report_to_serializable(
            config=self.config, report=report
        )
        self.file.write(json.dumps(data) + "\n")
        self.file.flush()


class Second:
    """The second process, and what it has reported."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.home = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.folder = Path(self.home.name)
        (self.folder / "reports").touch()
        self.reports = (self.folder / "reports").open(encoding="utf-8")
        self.begun_line = ""
        own = [
            "--processes=1",
            f"--second-of={self.folder}",
            f"--basetemp={self.folder}/tmp",
            "-pno:cacheprovider",
        ]
        call = [sys.executable, "-m", "pytest", *config.invocation_params.args, *own]
        with (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                call,
                cwd=config.invocation_params.dir,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def report(self) -> None:
        """Report what the process has written since the last call."""
        text = self.begun_line + self.reports.read()
        *lines, self.begun_line = text.split("\n")
        hook = self.config.hook
        for line in lines:
            report = hook.pytest_report_from_serializable(
                config=self.config, data=json.loads(line)
            )
            # The place and the reason of a skipped case; JSON has no tuples.
            if isinstance(report.longrepr, list):
                report.longrepr = tuple(report.longrepr)
            hook.pytest_runtest_logreport(report=report)

    def has_ended(self) -> bool:
        """Tell whether the process has ended, after waiting for it a little."""
        try:
            self.process.wait(timeout=POLL_S)
        except subprocess.TimeoutExpired:
            return False
        return True

    def close(self) -> None:
        """End the process, and remove its files."""
        self.process.terminate()
        self.process.wait()
        self.reports.close()
        self.home.cleanup()


def _run_second(session: pytest.Session, folder: Path) -> None:
    """Run what is left, and stop when the first process is no more."""
    first = os.getppid()

    def check() -> None:
        if os.getppid() != first:
            session.shouldstop = "the first process has ended"

    with (folder / "reports").open("a", encoding="utf-8") as file:
        session.config.pluginmanager.register(Writer(session.config, file))
        _run_shared(session, folder, check)


def _run_first(session: pytest.Session, second: Second) -> None:
    """Run what is left, and report what both have found."""
    _run_shared(session, second.folder, second.report)
    while not second.has_ended():
        second.report()
        _stop_if_requested(session)
    second.report()
    if second.process.returncode not in GOOD_ENDS:
        log = (second.folder / "log").read_text(errors="replace")
        sys.stderr.write(log[-LONGEST_LOG:])
        session.shouldfail = (
            f"the second process ended with {second.process.returncode}"
        )
        raise session.Failed(session.shouldfail)
