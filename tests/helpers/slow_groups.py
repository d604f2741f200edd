"""A pytest plugin: a case without the marker of a slow group has a CPU budget.

``--cpu-budget SECONDS`` turns it on. A case is charged the CPU time of its own code, of
the fixtures that it is the first to use, and of the programs that it waits for; other
work on the machine does not count. What a process pays once, the import of TensorFlow
and the start of R, is paid before the first case. On a machine slower than the
reference the budget grows in proportion: a loop of known cost is timed when a case
takes longer than its budget.
"""

import math
import os
import sys
import time
from collections.abc import Iterator

import pytest

REFERENCE_S = 0.0185
"""CPU time of ``calibrate`` on the machine for which budgets are given in seconds."""
STEPS = 400_000
NOT_SLOW = {"parametrize", "skip", "skipif", "usefixtures", "xfail", "filterwarnings"}
"""Markers of pytest itself; any other names a slow group."""
START = pytest.StashKey[float]()


def cpu_s() -> float:
    """Return the CPU time of this process and of those that it has waited for."""
    return sum(os.times()[:4])


def calibrate() -> float:
    """Return the CPU time of a loop of known cost, in s: the best of three."""

    def once() -> float:
        start, total = time.process_time(), 0.0
        for step in range(STEPS):
            total += math.sqrt(step)
        return time.process_time() - start

    return min(once() for _ in range(3))


def slowdown() -> float:
    """Return how many times slower this machine is than the reference, at least 1."""
    return max(1.0, calibrate() / REFERENCE_S)


def warm_up() -> None:
    """Pay once what the modules that were collected need on their first use."""
    if "keras" in sys.modules:
        import keras

        keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)]).predict(
            [[0.0]], verbose=0
        )
    if "nodal_staging.statistics.proc" in sys.modules:
        from nodal_staging.statistics import proc

        proc.engine()


def slow_groups(item: pytest.Item) -> set[str]:
    """Return the slow groups whose markers a case has."""
    return {marker.name for marker in item.iter_markers()} - NOT_SLOW


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--cpu-budget",
        type=float,
        metavar="SECONDS",
        help="fail cases without a marker that take more CPU time than this",
    )


def pytest_collection_finish(session: pytest.Session) -> None:
    if session.config.option.cpu_budget and not session.config.option.collectonly:
        warm_up()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    item.stash[START] = cpu_s()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Iterator[None]:
    report = yield
    budget_s = item.config.option.cpu_budget
    if not budget_s or call.when != "teardown" or slow_groups(item):
        return report
    taken_s = cpu_s() - item.stash[START]
    if taken_s > budget_s and taken_s > budget_s * (slower := slowdown()):
        report.outcome = "failed"
        report.longrepr = (
            f"{item.nodeid} took {taken_s:.1f} s of CPU time on a machine {slower:.1f} "
            f"times slower than the reference; a case without the marker of a slow "
            f"group may take {budget_s:g} s. Make it faster, or mark it with its group "
            "(CONTRIBUTING.md)."
        )
    return report
