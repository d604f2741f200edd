"""Plans of Snakemake without starting Python and importing it for each.

A process imports Snakemake once and forks for every plan. Each child then is as a new
process: its folder, environment, arguments and output are those that were asked for.
The package is no part of what is imported before, since each repository has its own.
"""

import atexit
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

SERVER = """
import json, os, sys
import snakemake.cli, snakemake.workflow, snakemake.api
assert not any(name.startswith("nodal_staging") for name in sys.modules)
for line in sys.stdin:
    asked = json.loads(line)
    child = os.fork()
    if child == 0:
        os.chdir(asked["folder"])
        os.environ.clear()
        os.environ.update(asked["environment"])
        for number, path in ((1, asked["stdout"]), (2, asked["stderr"])):
            os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
        sys.path[:] = [asked["folder"], *asked["before"], *sys.path[1:]]
        sys.argv = ["snakemake", *asked["arguments"]]
        code = 1
        try:
            snakemake.cli.main()
            code = 0
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 1
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    _, status = os.waitpid(child, 0)
    print(os.waitstatus_to_exitcode(status), flush=True)
"""


@cache
def _server() -> subprocess.Popen[str]:
    started = subprocess.Popen(
        [sys.executable, "-c", SERVER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"},
        cwd=tempfile.gettempdir(),
    )
    atexit.register(started.kill)
    return started


def plan(
    folder: Path, arguments: Sequence[str], environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run Snakemake with arguments of a plan, as ``python -m snakemake`` would."""
    with tempfile.TemporaryDirectory() as name:
        paths = {stream: f"{name}/{stream}" for stream in ("stdout", "stderr")}
        before = environment.get("PYTHONPATH", "").split(os.pathsep)
        asked = {
            "folder": os.path.abspath(folder),
            "environment": dict(environment),
            "arguments": list(arguments),
            "before": [path for path in before if path],
        } | paths
        server = _server()
        assert server.stdin is not None and server.stdout is not None
        server.stdin.write(json.dumps(asked) + "\n")
        server.stdin.flush()
        code = int(server.stdout.readline())
        said = [Path(path).read_text() for path in paths.values()]
    return subprocess.CompletedProcess(list(arguments), code, *said)
