"""Percentage and time left, from the seconds that jobs are expected to take."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

TRUST_S = 20.0
"""So many expected seconds must have been measured to count as much as the table."""
NEARLY = 0.95
"""A running job is at most this part done, however long it takes."""


@dataclass
class RuleTimes:
    """The jobs of one rule in this run."""

    expected: float
    planned: int = 0
    finished: int = 0
    measured: float = 0.0
    usage: dict[str, float] = field(default_factory=lambda: {"_cores": 1.0})
    """What one job uses of each limited resource."""


class Progress:
    """Expected, measured and remaining seconds of a run.

    Parameters
    ----------
    expected
        Seconds of a job of each rule.
    default
        Seconds of a job of a rule that is not listed.
    """

    def __init__(self, expected: Mapping[str, float], default: float = 3.0) -> None:
        self._expected = expected
        self._default = default
        self._rules: dict[str, RuleTimes] = {}
        self._running: dict[int, tuple[str, float]] = {}
        self._follows: dict[str, set[str]] = defaultdict(set)
        self.limits: dict[str, float] = {"_cores": 1.0}
        self._shown = 0.0
        # Seconds of the jobs that have ended, and what was expected of them.
        self._measured = self._foreseen = 0.0

    def plan(self, counts: Mapping[str, int]) -> None:
        """Note how many jobs of each rule the run has."""
        for rule, count in counts.items():
            self._times(rule).planned = count

    def follow(self, edges: Iterable[tuple[str, str]]) -> None:
        """Note which rule needs which: ``(needed, needing)``."""
        for needed, needing in edges:
            if needed != needing:
                self._follows[needed].add(needing)

    def start(
        self, job: int, rule: str, now: float, usage: Mapping[str, float]
    ) -> None:
        """Note that a job runs, and what it uses of the limited resources."""
        self._times(rule).usage = {"_cores": 1.0, **usage}
        self._running[job] = (rule, now)

    def finish(self, job: int, now: float) -> float:
        """Note that a job has ended well, and return its seconds."""
        rule, began = self._running.pop(job)
        times = self._times(rule)
        times.finished += 1
        times.measured += now - began
        self._measured += now - began
        self._foreseen += times.expected
        return now - began

    def fail(self, job: int) -> None:
        """Note that a job has failed."""
        self._running.pop(job, None)

    def is_running(self, job: int) -> bool:
        """Tell whether a job has started and not ended."""
        return job in self._running

    def seconds_of(self, rule: str) -> float:
        """Return the seconds that a job of a rule takes.

        The mean of this run, else what was expected, scaled by what the other rules of
        this run took against their expectation.
        """
        times = self._times(rule)
        if times.finished:
            return times.measured / times.finished
        return times.expected * (self._measured + TRUST_S) / (self._foreseen + TRUST_S)

    def fraction(self, now: float) -> float:
        """Return the part of the expected seconds that is done; it never falls."""
        done = sum(times.measured for times in self._rules.values())
        for rule, began in self._running.values():
            done += min(now - began, NEARLY * self.seconds_of(rule))
        left = sum(self._left_of(rule, now) for rule in self._rules)
        if left > 0:
            self._shown = max(self._shown, min(done / (done + left), 0.99))
        elif self._rules:
            self._shown = 1.0
        return self._shown

    def seconds_left(self, now: float) -> float:
        """Return the least time in which the rest can be done.

        The longest chain of rules, or the work that shares a resource (cores, GPUs)
        divided by its amount, whichever takes longer.
        """
        left = {rule: self._left_of(rule, now) for rule in self._rules}
        shared = (
            sum(left[rule] * self._rules[rule].usage.get(name, 0) for rule in left)
            / limit
            for name, limit in self.limits.items()
            if limit > 0
        )
        chains: dict[str, float] = {}
        longest = (self._chain(rule, left, chains) for rule in left)
        return max([0.0, *shared, *longest])

    def measured(self) -> dict[str, float]:
        """Return the mean seconds of the rules whose jobs have ended."""
        return {
            rule: round(times.measured / times.finished, 2)
            for rule, times in self._rules.items()
            if times.finished
        }

    def _times(self, rule: str) -> RuleTimes:
        if rule not in self._rules:
            expected = self._expected.get(rule, self._default)
            self._rules[rule] = RuleTimes(expected)
        return self._rules[rule]

    def _left_of(self, rule: str, now: float) -> float:
        """Return the seconds of work that the jobs of a rule still have."""
        times, each = self._rules[rule], self.seconds_of(rule)
        begun = [start for other, start in self._running.values() if other == rule]
        waiting = max(times.planned - times.finished - len(begun), 0)
        return waiting * each + sum(
            max(each - (now - start), (1 - NEARLY) * each) for start in begun
        )

    def _chain(
        self, rule: str, left: Mapping[str, float], known: dict[str, float]
    ) -> float:
        """Return the seconds of the longest chain from a rule on, one job of each."""
        if rule not in known:
            known[rule] = (
                0.0  # A circle, which rules with wildcards may form, ends here.
            )
            after = [
                self._chain(other, left, known)
                for other in self._follows.get(rule, ())
                if other in left
            ]
            own = min(left[rule], self.seconds_of(rule))
            known[rule] = own + max(after, default=0.0)
        return known[rule]


def duration(seconds: float) -> str:
    """Print a duration.

    Examples
    --------
    >>> duration(0.4), duration(54.2), duration(250), duration(7500)
    ('1 s', '54 s', '4 min 10 s', '2 h 5 min')
    """
    whole = max(round(seconds), 1)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def about(seconds: float) -> str:
    """Print an estimate, in steps that it can be trusted to.

    Examples
    --------
    >>> about(3), about(47), about(250), about(7500)
    ('10 s', '50 s', '4 min', '2 h 5 min')
    """
    if seconds < 55:
        return f"{max(round(seconds / 10), 1) * 10} s"
    if seconds < 3570:
        return f"{max(round(seconds / 60), 1)} min"
    minutes = round(seconds / 300) * 5
    return f"{minutes // 60} h {minutes % 60} min"
