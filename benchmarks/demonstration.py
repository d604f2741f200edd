"""CPU time of a finished demonstration, by part, and the share of imports in it.

Each job writes to its log the CPU time of its process and its children, and how much of
it was used before its own work began, which is the start of Python and most imports.
The scheduler's own CPU time, and libraries and graphs that are loaded or traced later,
are not told apart: the share of imports is a lower limit.

    make demo
    python benchmarks/demonstration.py
"""

import argparse
import re
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from rows import Row, publish

ROOT = Path(__file__).parents[1]
LINE = re.compile(r"CPU time ([\d.]+) s, of which ([\d.]+) s before the work began")
VARIED = re.compile(r"^use rule (\w+) as (\w+) with:", re.MULTILINE)
LIMIT_S = 650
"""CPU time of the whole demonstration."""
LIMIT_SHARE = 0.1
"""Of imports in it."""


def main() -> None:
    """Publish the sums."""
    parser = argparse.ArgumentParser(description=__doc__)
    logs = ROOT / "results" / "demo" / "logs"
    parser.add_argument("logs", type=Path, nargs="?", default=logs)
    publish(rows_of(read_times(parser.parse_args().logs)))


def read_times(logs: Path) -> dict[str, tuple[float, float]]:
    """Return the CPU time of each rule in s: of all its jobs, and before their work.

    Raises
    ------
    SystemExit
        If there are no logs, or some contain no CPU time.
    """
    found: defaultdict[str, tuple[float, float]] = defaultdict(lambda: (0.0, 0.0))
    paths, without = sorted(logs.rglob("*.log")), []
    for path in paths:
        if not (times := LINE.findall(path.read_text(encoding="utf-8"))):
            without.append(path.relative_to(logs).as_posix())
            continue
        rule = path.relative_to(logs).with_suffix("").parts[0]
        whole, before = found[rule]
        found[rule] = (whole + float(times[-1][0]), before + float(times[-1][1]))
    if not paths or without:
        named = ", ".join(without[:3])
        raise SystemExit(
            f"{logs}: {len(without)} of {len(paths)} logs contain no CPU time "
            f"({named}); remove the results and run the demonstration again"
        )
    return dict(found)


def rows_of(times: Mapping[str, tuple[float, float]]) -> list[Row]:
    """Return a row for the whole, for imports, and for each part."""
    parts: defaultdict[str, float] = defaultdict(float)
    for rule, (whole, _) in times.items():
        parts[part_of(rule)] += whole
    total = sum(parts.values())
    before = sum(early for _, early in times.values())
    limit = f"limit, {LIMIT_SHARE:.0%} of all jobs"
    rows = [
        Row("all jobs, CPU time", total, "s", "limit", LIMIT_S, 1),
        Row("imports before the work", before, "s", limit, LIMIT_SHARE * total, 1),
    ]
    ordered = sorted(parts.items(), key=lambda part: -part[1])
    return rows + [Row(name, used, "s", "all jobs", total) for name, used in ordered]


def part_of(rule: str) -> str:
    """Return the folder of a rule's script, which may be that of another rule."""
    workflow = ROOT / "workflow"
    texts = [path.read_text(encoding="utf-8") for path in workflow.glob("rules/*.smk")]
    varied = {new: old for text in texts for old, new in VARIED.findall(text)}
    script = f"{varied.get(rule, rule)}.py"
    return next(path.parent.name for path in workflow.glob(f"scripts/*/{script}"))


if __name__ == "__main__":
    main()
