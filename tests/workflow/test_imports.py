"""Small jobs do not import what they do not use: many of them run in a study."""

import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
LIGHT = [
    "classifiers/score_baselines",
    "classifiers/score_reader",
    "audit/audit_location",
    "figures/draw_figure_3",
    "figures/draw_readers",
    "nodes/measure_nodes",
    "paper/check_claims",
    "paper/tabulate_results",
    "report/write_report",
    "statistics/compare_classifiers",
    "statistics/compute_statistics",
    "statistics/study_readers",
]
HEAVY = ["matplotlib.pyplot", "pandera", "scipy.optimize", "scipy.stats", "sklearn"]
"""Each takes half a second or more, or as long as reading ten tables."""


def imports_of(script: str) -> list[str]:
    path = ROOT / "workflow" / "scripts" / f"{script}.py"
    body = ast.parse(path.read_text(encoding="utf-8")).body
    return [ast.unparse(s) for s in body if isinstance(s, ast.Import | ast.ImportFrom)]


def test_scripts_import_heavy_packages_only_where_they_are_used():
    lines = [line for script in LIGHT for line in imports_of(script)]
    lines += ["import sys", f"print([m for m in {HEAVY} if m in sys.modules])"]
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"
