"""Run the benchmarks and write their table into docs/performance.md.

python benchmarks/collect.py             # make bench
python benchmarks/collect.py job_graph   # one of them; the others' rows stay
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rows import PLACE, Row

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "performance.md"
START, END = "<!-- measured: make bench -->", "<!-- /measured -->"
HEADER = """\
| Benchmark | What | Ours | Peer or floor | Theirs | Ratio | Bound |
|---|---|---|---|---|---|---|
"""


def main() -> None:
    """Run the named benchmarks, or all, and list the bounds that were missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *benchmarks()])
    chosen = parser.parse_args().names or benchmarks()
    missed = []
    for name in chosen:
        print(f"== {name}", flush=True)
        rows = measured(name)
        enter(name, rows)
        missed += [f"{name}: {row.what}" for row in rows if not row.kept]
    print("Bounds missed:", ", ".join(missed) or "none")


def enter(name: str, rows: Sequence[Row]) -> None:
    """Write the rows of a benchmark into the page, in place of its earlier ones."""
    page = PAGE.read_text(encoding="utf-8")
    above, _, rest = page.partition(START)
    table, _, below = rest.partition(END)
    lines = kept_lines(table) | {name: [line(name, row) for row in rows]}
    body = "".join("".join(lines[name]) for name in sorted(lines))
    text = f"{above}{START}\n{machine()}\n\n{HEADER}{body}{END}{below}"
    PAGE.write_text(text, encoding="utf-8", newline="\n")


def benchmarks() -> list[str]:
    """Name the scripts of this folder that publish rows."""
    own = Path(__file__).name
    return sorted(
        path.stem
        for path in HERE.glob("*.py")
        if path.name != own and "publish(" in path.read_text() and path.stem != "rows"
    )


def measured(name: str) -> list[Row]:
    """Run a benchmark in a process of its own and return its rows."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "rows"
        environment = os.environ | {PLACE: str(place)}
        command = [sys.executable, HERE / f"{name}.py"]
        subprocess.run(command, env=environment, check=True)
        return [Row(**json.loads(line)) for line in place.read_text().splitlines()]


def line(name: str, row: Row) -> str:
    """Return a row of the table."""
    bound = "" if row.bound is None else f"≤ {row.bound:g}"
    marked = f"{row.ratio:.3g}" if row.kept else f"**{row.ratio:.3g}**"
    cells = [f"`{name}`", row.what, f"{row.ours:.4g} {row.unit}", row.peer]
    cells += [f"{row.theirs:.4g} {row.unit}", marked, bound]
    return f"| {' | '.join(cells)} |\n"


def kept_lines(table: str) -> dict[str, list[str]]:
    """Return the rows of an earlier table by benchmark, of those that still exist."""
    lines: dict[str, list[str]] = {}
    for text in table.splitlines(keepends=True):
        name = text.partition("`")[2].partition("`")[0]
        if text.startswith("| `") and name in benchmarks():
            lines.setdefault(name, []).append(text)
    return lines


def machine() -> str:
    """Say on what was measured."""
    model = platform.machine()
    for text in Path("/proc/cpuinfo").read_text().splitlines():
        if text.startswith("model name"):
            model = text.partition(": ")[2]
            break
    cores = len(os.sched_getaffinity(0))
    load = os.getloadavg()[0]
    return (
        f"Last written on {cores} cores of {model}, Python "
        f"{platform.python_version()}, load {load:.1f}."
    )


if __name__ == "__main__":
    main()
