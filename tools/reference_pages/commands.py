"""The command reference, from the rules and the command line of the package."""

from pathlib import Path

from nodal_staging_command.command_line import usage
from nodal_staging_command.rule_files import Rule, Stage, read_stages
from nodal_staging_command.subcommands import COMMANDS
from reference_pages.markdown import anchor, code, table

INTRODUCTION = """\
# Commands

Made from the rules of the workflow and from the command line of the package.

## Snakemake

```bash
snakemake figure_5 --cores 2 --configfile my_study.yaml
```

computes one target with all that it needs, and nothing that is there already. Add `-n`
to list the jobs first. The tables below list the targets of each stage; each stage also
lists the jobs that its rules run, which are the names in logs and in a job queue.
"""


def commands_page(root: Path) -> str:
    """Return the page: targets by stage, then the subcommands of nodal-staging."""
    parts = [INTRODUCTION, *map(_stage, read_stages(root)), "## nodal-staging"]
    parts += [
        "`make setup` installs the command in `.venv`; `python -m nodal_staging` is"
        " the same. It finds the configuration of the study in the current folder,"
        " prints the Snakemake command that it runs, and ends with the files to open.",
        *(f"### {name}\n\n```text\n{usage(name)}```" for name in COMMANDS),
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
