"""The command reference, from the rules and the command line of the package."""

import contextlib
import io
import os
from pathlib import Path
from unittest import mock

from nodal_staging.__main__ import COMMANDS, main
from reference_pages.markdown import anchor, code, table
from reference_pages.rules import Rule, Stage, read_stages

INTRODUCTION = """\
# Commands

Made from the rules of the workflow and from the command line of the package.

## Snakemake

```bash
snakemake --cores 2 figure_5
```

computes one target with all that it needs, and nothing that is there already. Add `-n`
to list the jobs first. The tables below list the targets of each stage; each stage also
lists the jobs that its rules run, which are the names in logs and in a job queue.
"""


def commands_page(root: Path) -> str:
    """Return the page: targets by stage, then the commands that need no study."""
    parts = [INTRODUCTION, *map(_stage, read_stages(root)), "## nodal-staging"]
    parts += [
        "These commands need no study. Without an installed package, write"
        " `python -m nodal_staging` in place of `nodal-staging`.",
        *(f"### {name}\n\n```text\n{_usage(name)}```" for name in COMMANDS),
    ]
    return "\n\n".join(parts) + "\n"


def _stage(stage: Stage) -> str:
    targets = [rule for rule in stage.rules if rule.is_target]
    jobs = [rule for rule in stage.rules if not rule.is_target]
    parts = [f"### {stage.title.rstrip('.')} {{ #{stage.name} }}"]
    if targets:
        parts.append(table(["Target", "Result"], map(_row, targets)))
    if jobs:
        listed = table(["Rule", "What a job does"], map(_row, jobs))
        parts.append(f'??? note "Jobs"\n\n{_indented(listed)}')
    return "\n\n".join(parts)


def _row(rule: Rule) -> list[str]:
    return [anchor(f"rule-{rule.name}") + code(rule.name), rule.summary]


def _indented(text: str) -> str:
    return "".join(f"    {line}\n" for line in text.splitlines())


def _usage(name: str) -> str:
    """Return what a command prints when it is asked for help."""
    printed = io.StringIO()
    wide = mock.patch.dict(os.environ, {"COLUMNS": "88"})
    with wide, contextlib.redirect_stdout(printed), contextlib.suppress(SystemExit):
        main([name, "--help"])
    return printed.getvalue()
