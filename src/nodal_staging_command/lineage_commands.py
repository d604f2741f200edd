"""The subcommands ``verify``, ``why`` and ``crate``: the lineage of a study."""

import re
import sys
from datetime import UTC, datetime
from pathlib import Path

from nodal_staging.report.lineage.research_object import write_crate
from nodal_staging.report.lineage.trace import trace_file
from nodal_staging.report.lineage.verification import Finding, verify_files
from nodal_staging_command.arguments import CommandError, Given
from nodal_staging_command.rule_files import read_stages
from nodal_staging_command.study import ROOT, find_study

MOST_SHOWN = 20
"""Files that rest on one that is not as recorded; of more the rest is counted."""
DAY = re.compile(r"\d{4}-\d\d-\d\d")


def verify(given: Given) -> int:
    """Print each file that is not as recorded; return 1 if there is one, else 0."""
    lineage, findings = verify_files(find_study(given, Path.cwd()).results)
    for finding in findings:
        sys.stdout.write("".join(f"{line}\n" for line in _lines(finding)))
    kept = len(lineage.files) - sum(f.path in lineage.files for f in findings)
    sys.stdout.write(f"{kept} of {len(lineage.files)} files are as recorded\n")
    return int(bool(findings))


def _lines(finding: Finding) -> list[str]:
    shown = finding.resting[:MOST_SHOWN]
    rest = len(finding.resting) - len(shown)
    return [
        f"{finding.kind}: {finding.path}",
        *(f"  {path} rests on it" for path in shown),
        *([f"  and {rest} more files"] if rest else []),
    ]


def why(given: Given) -> int:
    """Print where a file, or a number in it, comes from."""
    if not given.words:
        raise CommandError(
            "why needs a file; write nodal-staging why tables/table_1.tsv"
        )
    results = find_study(given, Path.cwd()).results
    path, colon, cell = given.words[0].partition(":")
    place = Path(path).absolute()
    if place.is_relative_to(results):
        path = place.relative_to(results).as_posix()
    lines = trace_file(results, f"{path}{colon}{cell}", _summaries())
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 0


def crate(given: Given) -> int:
    """Write the RO-Crate of a study and print its path."""
    date = given.last("--date") or f"{datetime.now(UTC):%Y-%m-%d}"
    if not DAY.fullmatch(date):
        raise CommandError(f"--date {date}: this is not a day; write --date 2026-01-31")
    results = find_study(given, Path.cwd()).results
    terms = given.last("--license") or ""
    path = write_crate(results, _summaries(), date=date, terms=terms)
    sys.stdout.write(f"{path}\n")
    return 0


def _summaries() -> dict[str, str]:
    rules = [rule for stage in read_stages(ROOT) for rule in stage.rules]
    return {rule.name: rule.summary for rule in rules}
