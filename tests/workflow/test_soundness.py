"""Every function that a script executes is part of the version of its results.

Which these are is written down while the tests study runs (tests/helpers/tracing).
"""

import ast
import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest
from repositories import ROOT, traced_into

from nodal_staging.study.code_version import counted_definitions
from nodal_staging.study.source_code import Place, read_sources

LOG = {
    ("nodal_staging.study.jobs", "job_log"),
    ("nodal_staging.study.package_versions", "versions_in_use"),
    ("nodal_staging.study.package_versions", "installed_version"),
    ("nodal_staging.study.package_versions", "note_version"),
    ("nodal_staging.study.instruction_sets", "used_instructions"),
    ("nodal_staging.study.instruction_sets", "_of_onednn"),
    ("nodal_staging.study.instruction_sets", "_of_cpu"),
    ("nodal_staging.study.instruction_sets", "_of_numpy"),
}
"""What writes the log of a job, which is no part of any result."""
PACKAGE = {
    "__init__": "",
    "registry": "KNOWN = []\n\ndef known(f):\n    KNOWN.append(f)\n    return f\n",
    "members": "from nodal_staging.registry import known\n\n"
    "def table():\n    return 1\n\nTABLE = table()\n\n"
    "@known\ndef first():\n    return [later() for _ in range(1)]\n\n"
    "def later():\n    return 1\n\n"
    "RULES = (\n    lambda: 1,\n    lambda: later(),\n)\n",
    "shapes": "import os\n\nclass Shape:\n    def area(self):\n        return 1\n\n"
    "def in_a_child():\n    child = os.fork()\n    if child == 0:\n"
    "        forked()\n        os._exit(0)\n    os.waitpid(child, 0)\n\n"
    "def forked():\n    return 1\n\ndef unused():\n    return 1\n",
}
SCRIPT = (
    "from nodal_staging.members import RULES\n"
    "from nodal_staging.registry import KNOWN\n"
    "from nodal_staging.shapes import Shape, in_a_child\n"
    "KNOWN[0]()\nRULES[1]()\nShape().area()\nin_a_child()\n"
)


def executed(calls: Path, source_root: Path) -> dict[str, set[Place]]:
    """Return the functions of the package that each script executed."""
    modules = read_sources(source_root).modules
    found: defaultdict[str, set[Place]] = defaultdict(set)
    for file in calls.iterdir():
        for line in file.read_text().splitlines():
            module, _, definition = line.partition(" ")
            if definition.startswith("line "):
                number = int(definition.removeprefix("line "))
                definition = named_at(modules[module].content, number)
            found[file.stem].add((module, definition))
    return {script: functions - LOG for script, functions in found.items()}


def named_at(content: bytes, line: int) -> str:
    """Return the name that a statement of a module binds; empty where it binds none."""
    for statement in ast.parse(content).body:
        if statement.lineno <= line <= (statement.end_lineno or 0):
            stored = [
                node.id
                for node in ast.walk(statement)
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
            ]
            return stored[0] if stored else ""
    raise AssertionError(f"no statement at line {line}")


def test_functions_that_a_script_executes_are_written_down(tmp_path):
    package = tmp_path / "src" / "nodal_staging"
    scripts = tmp_path / ".snakemake" / "scripts"
    package.mkdir(parents=True)
    scripts.mkdir(parents=True)
    for name, text in PACKAGE.items():
        (package / f"{name}.py").write_text(text)
    script = scripts / "tmp1.draw_shapes.py"
    script.write_text(SCRIPT)
    calls = tmp_path / "calls"
    path = {"PYTHONPATH": f"{ROOT}/tests/helpers/tracing{os.pathsep}{tmp_path}/src"}
    environment = os.environ | traced_into(calls) | path
    subprocess.run([sys.executable, script], env=environment, check=True)
    found = executed(calls, tmp_path / "src")["draw_shapes"]
    assert found == {
        ("nodal_staging.members", "RULES"),
        ("nodal_staging.members", "first"),
        ("nodal_staging.members", "later"),
        ("nodal_staging.shapes", "Shape"),
        ("nodal_staging.shapes", "in_a_child"),
        ("nodal_staging.shapes", "forked"),
    }
    counted = counted_definitions(script, tmp_path / "src")
    assert found <= counted
    assert ("nodal_staging.shapes", "unused") not in counted


@pytest.mark.workflow
def test_every_function_that_a_script_executes_is_part_of_its_version(study):
    found = executed(study.parent / "calls", study / "src")
    assert len(found) > 50
    missing = {}
    for name, functions in found.items():
        script = next((ROOT / "workflow" / "scripts").glob(f"*/{name}.py"))
        if left_out := functions - counted_definitions(script, ROOT / "src"):
            missing[name] = sorted(left_out)
    assert missing == {}
