"""What a person can ask the workflow for."""

from collections.abc import Iterator, Sequence
from difflib import get_close_matches

from nodal_staging_command.arguments import CommandError
from nodal_staging_command.rule_files import Stage, read_stages
from nodal_staging_command.study import ROOT

LEAST_LIKENESS = 0.7
"""Of a name that is proposed and the one that was typed, as difflib measures it."""


def list_targets() -> str:
    """Return the targets, one line each, by stage."""
    return "\n".join(_lines(read_stages(ROOT)))


def check_targets(names: Sequence[str]) -> None:
    """Refuse the name of a target that no rule has; a path is left to Snakemake.

    Raises
    ------
    CommandError
        With the closest name.
    """
    stages = read_stages(ROOT)
    rules = {rule.name for stage in stages for rule in stage.rules}
    for name in names:
        if "/" in name or name in rules:
            continue
        near = get_close_matches(name, sorted(rules), n=1, cutoff=LEAST_LIKENESS)
        hint = f"did you mean {near[0]}? " if near else ""
        raise CommandError(
            f"no target is named {name}; {hint}nodal-staging targets lists them"
        )


def _lines(stages: Sequence[Stage]) -> Iterator[str]:
    found = [
        (stage, [rule for rule in stage.rules if rule.is_target]) for stage in stages
    ]
    width = max(len(rule.name) for _, targets in found for rule in targets)
    for stage, targets in found:
        if targets:
            yield f"{stage.title.rstrip('.').partition(' (`')[0]}:"
            yield from (f"  {rule.name:<{width}}  {rule.summary}" for rule in targets)
