"""Tables within written pages: each stands in a marked region and is made from a file.

A region begins with ``<!-- make tables: NAME -->`` and ends with ``<!-- /NAME -->``.
"""

import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from reference_pages.configuration import differences_table
from reference_pages.evidence import (
    CNNS,
    ceiling_table,
    few_patients_table,
    heatmaps_table,
    leaderboard_table,
    published_table,
    seeds_table,
)

REGION = re.compile(
    r"(<!-- make tables: (?P<name>\w+) -->\n).*?(<!-- /(?P=name) -->)", re.DOTALL
)

TABLES: Mapping[str, Callable[[Path], str]] = {
    "differences": differences_table,
    "ceiling": ceiling_table,
    "ceiling_seeds": seeds_table,
    "few_patients": few_patients_table,
    "heatmaps": heatmaps_table,
    "published": published_table,
    **{f"leaderboard_{cnn}": partial(leaderboard_table, cnn=cnn) for cnn in CNNS},
}
"""What makes the table of a region, given the root of the repository."""


def pages_with_regions(root: Path) -> list[Path]:
    """Return the pages of docs/ that have a marked region."""
    pages = sorted((root / "docs").glob("*.md"))
    return [page for page in pages if REGION.search(page.read_text(encoding="utf-8"))]


def with_tables(text: str, root: Path) -> str:
    """Return a page in which the table of each region is made again.

    Raises
    ------
    ValueError
        If nothing makes the table of a region.
    """

    def filled(region: re.Match[str]) -> str:
        name = region["name"]
        if name not in TABLES:
            known = ", ".join(TABLES)
            raise ValueError(f"no table is named {name}; the tables are {known}")
        return f"{region[1]}\n{TABLES[name](root)}\n{region[3]}"

    return REGION.sub(filled, text)
