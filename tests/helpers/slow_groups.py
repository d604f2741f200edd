"""A pytest plugin: slow groups have markers, and all other cases have a CPU budget.

``--fast`` leaves out the cases that have the marker of a slow group. ``--cpu-budget
SECONDS`` fails a case without one that takes more CPU time, in its own code and in the
programs that it waits for; other work on the machine does not count. A fixture that
several cases share may take four times as much. What a process pays once, the import
of TensorFlow and the start of R, is paid before the first case. On a machine slower
than the reference the budget grows in proportion: a loop of known cost is timed when a
budget is exceeded.
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
SHARED = 4
"""Budgets of a case that a shared fixture may take."""
NOT_SLOW = {"parametrize", "skip", "skipif", "usefixtures", "xfail", "filterwarnings"}
"""Markers of pytest itself; any other names a slow group."""


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
    parser.addoption(
        "--fast", action="store_true", help="leave out cases of slow groups"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Watch the cases where they have a budget."""
    if config.option.cpu_budget:
        config.pluginmanager.register(Budget(config.option.cpu_budget))


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Leave out slow groups where only fast cases were asked for."""
    if config.option.fast:
        config.hook.pytest_deselected(items=[i for i in items if slow_groups(i)])
        items[:] = [item for item in items if not slow_groups(item)]


class Budget:
    """Compare the CPU time of each case, and of each shared fixture, with a budget.

    Parameters
    ----------
    budget_s
        CPU time of a case on the reference machine, in s.
    """

    def __init__(self, budget_s: float) -> None:
        self.budget_s = budget_s
        self.start_s = 0.0
        self.shared_s: dict[str, float] = {}

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Pay once what the collected modules need on their first use."""
        if session.config.option.collectonly:
            return
        if "keras" in sys.modules:
            import keras

            layers = [keras.Input((1,)), keras.layers.Dense(1)]
            keras.Sequential(layers).compile(loss="mse")
        if "nodal_staging.statistics.proc" in sys.modules:
            from nodal_staging.statistics import proc

            proc.engine()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self) -> None:
        self.start_s = cpu_s()
        self.shared_s = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[object]
    ) -> Iterator[None]:
        start_s = cpu_s()
        try:
            return (yield)
        finally:
            if fixturedef.scope != "function":
                self.shared_s[fixturedef.argname] = cpu_s() - start_s

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Iterator[None]:
        report = yield
        if call.when == "teardown" and not slow_groups(item):
            own_s = cpu_s() - self.start_s - sum(self.shared_s.values())
            taken = [(item.nodeid, own_s, self.budget_s)]
            taken += [
                (
                    f"the fixture {name} of {item.path.name}",
                    shared_s,
                    SHARED * self.budget_s,
                )
                for name, shared_s in self.shared_s.items()
            ]
            if too_long := _too_long(taken):
                report.outcome, report.longrepr = "failed", too_long
        return report


def _too_long(taken: list[tuple[str, float, float]]) -> str:
    """Return what took longer than its budget on a machine of this speed."""
    over = [(name, s, budget_s) for name, s, budget_s in taken if s > budget_s]
    slower = slowdown() if over else 1
    return "\n".join(
        f"{name} took {s:.1f} s of CPU time on a machine {slower:.1f} times slower "
        f"than the reference, where it may take {budget_s:g} s. Make it faster, or "
        "mark it with its slow group (CONTRIBUTING.md)."
        for name, s, budget_s in over
        if s > budget_s * slower
    )
