"""The paper's number and ours, with one word on how they stand to each other.

- ``the paper contradicts itself``: it prints two numbers that exclude each other.
- ``set by the simulation``: the cohort is synthetic, and the configuration sets its
  sizes and its mix. Agreement is not a finding.
- ``not comparable on synthetic data``: everything else of such a cohort, since it says
  nothing about patients.
- ``incompatible with independent errors``: ours is the highest value that the errors of
  PET allow where they are independent of the classifier, and the paper's is higher;
  ``compatible with independent errors``: it is not.
- ``reproduced``: ours, rounded to the digits that the paper prints and by its rule, is
  the same.
- ``within our interval``: it is not, but our confidence interval holds a number that
  rounds to the paper's.
- ``differs``, ``not measured``: the rest.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import pandas as pd

from nodal_staging import tables
from nodal_staging.estimates.interval import Interval
from nodal_staging.paper.scorecard.measured import Measured
from nodal_staging.paper.scorecard.published import PUBLISHED, ROUNDING, UNITS
from nodal_staging.tables.columns import (
    one_of,
    optional_number,
    optional_text,
    table,
    text,
)
from nodal_staging.tables.document import write_grid
from nodal_staging.tables.grid import Grid, lay_out, records_by
from nodal_staging.tables.rounding import MISSING

CONTRADICTS = "the paper contradicts itself"
BY_DESIGN = "set by the simulation"
NOT_COMPARABLE = "not comparable on synthetic data"
INCOMPATIBLE = "incompatible with independent errors"
POSSIBLE = "compatible with independent errors"
REPRODUCED = "reproduced"
WITHIN = "within our interval"
DIFFERS = "differs"
NOT_MEASURED = "not measured"
STATUSES = [
    REPRODUCED,
    WITHIN,
    DIFFERS,
    CONTRADICTS,
    INCOMPATIBLE,
    POSSIBLE,
    BY_DESIGN,
    NOT_COMPARABLE,
    NOT_MEASURED,
]

SCORECARD = table(
    {
        "section": text(),
        "quantity": text(),
        "printed": text(),
        "ours": text(nullable=True),
        "unit": one_of(UNITS),
        "status": one_of(STATUSES),
        "value": optional_number(),
        "lower": optional_number(),
        "upper": optional_number(),
        "note": optional_text(),
    },
    unique=["section", "quantity"],
)
"""``ours`` is rounded as the paper's, ``value`` and its interval are not; percentages
are in percent in the former and fractions in the latter."""


def write_scorecard(
    *,
    published: str | Path,
    measured: Mapping[str, Measured],
    synthetic: bool,
    output: Sequence[str | Path],
) -> None:
    """Write the scorecard in the forms that the suffixes of ``output`` name.

    Parameters
    ----------
    published
        ``PUBLISHED``.
    measured
        Our numbers by name.
    synthetic
        Whether the cohort is synthetic.
    output
        Files, .tsv, .md, .tex or .html.
    """
    printed = tables.read(published, PUBLISHED)
    frame = score(printed, measured, synthetic=synthetic)
    write_grid(
        scorecard_grid(frame),
        output,
        title="The paper’s numbers and ours",
        frame=frame,
        schema=SCORECARD,
    )


def score(
    published: pd.DataFrame, measured: Mapping[str, Measured], *, synthetic: bool
) -> pd.DataFrame:
    """Return ``SCORECARD``: each number of ``PUBLISHED`` with ours."""
    rows = []
    for line in published.to_dict("records"):
        ours = measured.get(line["ours"])
        contradiction = _or_nothing(line["contradiction"])
        status = (
            CONTRADICTS
            if contradiction
            else judge(
                line["printed"],
                line["unit"],
                ours,
                rounding=line["rounding"],
                synthetic=synthetic,
            )
        )
        notes = [contradiction, _or_nothing(line["note"])]
        rows.append(
            {
                **{k: line[k] for k in ("section", "quantity", "printed", "unit")},
                "ours": rounded_as(
                    line["printed"], line["unit"], ours, rounding=line["rounding"]
                ),
                "status": status,
                "value": None if ours is None else float(ours.value),
                "lower": None if ours is None else ours.lower,
                "upper": None if ours is None else ours.upper,
                "note": "; ".join(filter(None, notes)) or None,
            }
        )
    return pd.DataFrame(rows, columns=list(SCORECARD.columns))


def judge(
    printed: str,
    unit: str,
    ours: Measured | None,
    *,
    rounding: str = "half up",
    synthetic: bool,
) -> str:
    """Return the status of one number that the paper does not contradict.

    Parameters
    ----------
    printed, unit, rounding
        As in ``PUBLISHED``.
    ours
        Our number, or None.
    synthetic
        Whether the cohort is synthetic.
    """
    if ours is None:
        return NOT_MEASURED
    if ours.highest:
        lowest = Fraction(printed) - Fraction(1, 2 * 10 ** _digits(printed))
        return INCOMPATIBLE if lowest > ours.value else POSSIBLE
    if synthetic:
        return BY_DESIGN if ours.by_design else NOT_COMPARABLE
    if rounded_as(printed, unit, ours, rounding=rounding) == printed:
        return REPRODUCED
    ends = Interval.of(ours.lower, ours.upper).ends
    if ends is None:
        return DIFFERS
    scale = 100 if unit == "percent" else 1
    # What is printed may be anything that rounds to it, hence the last digit's width.
    theirs, unit_of_last = Fraction(printed), Fraction(1, 10 ** _digits(printed))
    low = theirs - (unit_of_last / 2 if rounding == "half up" else 0)
    lower, upper = ends
    meets = scale * lower <= low + unit_of_last and low <= scale * upper
    return WITHIN if meets else DIFFERS


def rounded_as(
    printed: str, unit: str, ours: Measured | None, *, rounding: str = "half up"
) -> str | None:
    """Round our number to the digits of the paper's, as the paper rounds there.

    Examples
    --------
    >>> rounded_as("89", "percent", Measured(Fraction(115, 130)))
    '88'
    """
    if ours is None:
        return None
    scale = 100 if unit == "percent" else 1
    return ROUNDING[rounding](ours.value * scale, _digits(printed))


def scorecard_grid(frame: pd.DataFrame) -> Grid:
    """Lay out the scorecard for reading, one group a section."""
    counted = Counter(frame["status"])
    listed = ", ".join(f"{counted[s]} {s}" for s in STATUSES if counted[s])
    return lay_out(
        "scorecard",
        f"Every number that the paper prints, and ours: {listed}. Ours is rounded to "
        "the paper's digits: half up, but the shares of Table 1 are truncated, since "
        "the paper truncates them.",
        [
            ("Quantity", lambda row: str(row["quantity"])),
            ("Paper", lambda row: _with_unit(row["printed"], row["unit"])),
            ("Ours", lambda row: _with_unit(row["ours"], row["unit"])),
            ("Status", lambda row: str(row["status"])),
            ("Note", lambda row: _or_nothing(row["note"])),
        ],
        records_by(frame, "section"),
    )


def _digits(printed: str) -> int:
    """Count the digits after the point."""
    return len(printed.partition(".")[2])


def _with_unit(number: object, unit: str) -> str:
    """Write a number of the table with its unit; a dash where there is none."""
    words = _or_nothing(number)
    return f"{_parted(words)}{'%' * (unit == 'percent')}" if words else MISSING


def _parted(number: str) -> str:
    """Part the thousands of a whole number."""
    return f"{int(number):,}" if number.isdigit() else number


def _or_nothing(cell: object) -> str:
    """Return the text of a cell; an empty one is NaN to pandas."""
    return "" if pd.isna(cell) else str(cell)
