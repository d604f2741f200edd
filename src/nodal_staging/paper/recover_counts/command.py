"""From a published table to files and a page, and the command for it."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from nodal_staging import tables
from nodal_staging.paper.recover_counts.printed import read_published
from nodal_staging.paper.recover_counts.recovered_counts_page import page
from nodal_staging.paper.recover_counts.recovered_tables import frames
from nodal_staging.paper.recover_counts.results import find
from nodal_staging.study.errors import InputError
from nodal_staging.tables.document import write_document


def recover_counts(
    *, table: str | Path, significance: float, output: str | Path
) -> None:
    """Recover the integer counts behind a published table.

    Parameters
    ----------
    table
        As described in ``printed``.
    significance
        Level of McNemar's tests.
    output
        Folder for the tables of ``recovered_tables.frames`` and the page.

    Raises
    ------
    PublishedTableError
        If the table cannot be read.
    """
    findings = find(read_published(table), significance=significance)
    folder = Path(output)
    for name, (frame, schema) in frames(findings).items():
        tables.write(frame, folder / f"{name}.tsv", schema)
    document = page(findings, name=Path(table).name, significance=significance)
    forms = (folder / "recovered.md", folder / "recovered.html")
    write_document(document, forms)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command ``recover-counts``; return its exit status."""
    parser = argparse.ArgumentParser(
        prog="nodal-staging recover-counts",
        description="Find all integer counts that fit a published table of shares, "
        "per rounding rule; the cells that contradict each other; and the bounds of "
        "McNemar's test that follow.",
    )
    parser.add_argument("table", help="table as text, see docs/recover_counts.md")
    parser.add_argument("--output", default="recovered", help="folder (recovered)")
    parser.add_argument(
        "--significance", type=_level, default=0.005, help="of McNemar's test (0.005)"
    )
    given = parser.parse_args(arguments)
    try:
        recover_counts(
            table=given.table, significance=given.significance, output=given.output
        )
    except InputError as error:
        sys.stderr.write(f"nodal-staging: {error}\n")
        return 1
    sys.stdout.write(Path(given.output, "recovered.md").read_text(encoding="utf-8"))
    sys.stdout.write(f"\nOpen: {Path(given.output, 'recovered.html')}\n")
    return 0


def _level(text: str) -> float:
    """Read a level between 0 and 1."""
    level = float(text)
    if not 0 < level < 1:
        raise argparse.ArgumentTypeError(f"expected a level between 0 and 1: {text}")
    return level
