"""The findings on a published table, as tables of one row per fact."""

from collections.abc import Callable, Iterator

import pandas as pd

from nodal_staging.paper.recover_counts.discordance import SCOPES, TESTS
from nodal_staging.paper.recover_counts.fits import RULES, Pair
from nodal_staging.paper.recover_counts.results import Findings, Judged, Recovered
from nodal_staging.tables.columns import (
    TableSchema,
    count,
    integer,
    number,
    one_of,
    optional_number,
    optional_text,
    table,
    text,
)

ROW_SCOPES = ["shares", "all", "consensus"]
ROW_RULES = [*RULES, "consensus"]

COUNTS = table(
    {
        "classifier": text(),
        "scope": one_of(ROW_SCOPES),
        "rule": one_of(ROW_RULES),
        "tp": count(),
        "fn": count(),
        "tn": count(),
        "fp": count(),
        "errors": count(),
    },
)
"""Counts that fit all cells of the scope under the rule; for ``consensus``, those
that contradict the fewest cells under the rules on which the table agrees."""

ROWS = table(
    {
        "classifier": text(),
        "scope": one_of(ROW_SCOPES),
        "rule": one_of(ROW_RULES),
        "cells": text(),
        "fits": count(),
        "fewest_removed": count(),
        "conflicts": optional_text(),
        "contradicted": optional_text(),
    },
    unique=["classifier", "scope", "rule"],
)
"""``fits``: how many counts fit all cells. ``conflicts``: minimal sets of cells that
no counts fit together. ``contradicted``: cells of the smallest sets to remove."""

REMOVALS = table(
    {
        "classifier": text(),
        "scope": one_of(ROW_SCOPES),
        "rule": one_of(ROW_RULES),
        "removed": text(),
        "size": count(),
        "tp": count(),
        "tn": count(),
    },
)
"""Minimal sets of cells without which counts fit, and each of these counts."""

CONVENTIONS = table(
    {
        "convention": text(),
        "rule": one_of(list(RULES)),
        "cells": count(),
        "contradicted": count(),
        "consensus": one_of(["yes", "no"]),
    },
    unique=["convention", "rule"],
)
"""``contradicted``: fewest cells of the whole table that do not fit if the convention
follows the rule and the others follow whatever suits best."""

POINTS = table({"classifier": text(), "cell": text(), "tp": count(), "tn": count()})
"""Operating points at a sensitivity, under the consensus."""

MEANS = table(
    {
        "row": text(),
        "cell": text(),
        "printed": text(),
        "least": number(0, 1),
        "greatest": number(0, 1),
        "rules": optional_text(),
        "rules_of_printed": optional_text(),
    },
)

BOUNDS = table(
    {
        "classifier_a": text(),
        "classifier_b": text(),
        "scope": one_of(list(SCOPES)),
        "n": count(),
        "difference_min": integer(),
        "difference_max": integer(),
        "discordant_min": count(),
        "discordant_max": count(),
        **{
            f"{name}{suffix}": column
            for test in TESTS
            for name, suffix, column in (
                (f"p_{test}", "_min", number(0, 1)),
                (f"p_{test}", "_max", number(0, 1)),
                (test, "", one_of(["always", "never", "perhaps"])),
                (test, "_spared_from", optional_number(0)),
                (f"chance_{test}", "_spared", optional_number(0, 1)),
            )
        },
    },
    unique=["classifier_a", "classifier_b", "scope"],
)

Rows = Iterator[dict[str, object]]


def frames(findings: Findings) -> dict[str, tuple[pd.DataFrame, TableSchema]]:
    """Return each table by the name of its file, with its schema."""
    makers: dict[str, tuple[Callable[[Findings], Rows], TableSchema]] = {
        "counts": (_counts, COUNTS),
        "rows": (_rows, ROWS),
        "removals": (_removals, REMOVALS),
        "conventions": (_conventions, CONVENTIONS),
        "points": (_points, POINTS),
        "means": (_means, MEANS),
        "mcnemar_bounds": (lambda found: map(dict, found.bounds), BOUNDS),
    }
    return {
        name: (pd.DataFrame(list(make(findings)), columns=list(schema.columns)), schema)
        for name, (make, schema) in makers.items()
    }


def _counts(findings: Findings) -> Rows:
    for one in findings.judged:
        for pair in one.verdict.counts:
            yield _names(one) | _table_of(one, pair)
    for found in findings.recovered:
        for pair in found.counts:
            yield _consensus_names(found) | _table_of(found, pair)


def _table_of(one: Judged | Recovered, pair: Pair) -> dict[str, object]:
    """Fill the two-by-two table."""
    tp, tn = pair
    fn, fp = one.row.n_positive - tp, one.row.n_negative - tn
    return {"tp": tp, "fn": fn, "tn": tn, "fp": fp, "errors": fn + fp}


def _rows(findings: Findings) -> Rows:
    for one in findings.judged:
        removals = one.verdict.removals
        fewest = min((len(removal.cells) for removal in removals), default=0)
        smallest = [r.cells for r in removals if len(r.cells) == fewest]
        yield _names(one) | {
            "cells": _words(one, range(len(one.cells))),
            "fits": len(one.verdict.counts),
            "fewest_removed": fewest,
            "conflicts": _sets(one, one.verdict.conflicts),
            "contradicted": _sets(one, smallest),
        }
    for found in findings.recovered:
        yield _consensus_names(found) | {
            "cells": " ".join(cell.name for cell in found.row.cells),
            "fits": len(found.counts),
            "fewest_removed": found.fewest_removed,
            "conflicts": None,
            "contradicted": contradicted_words(found) or None,
        }


def contradicted_words(found: Recovered) -> str:
    """Name the contradicted cells, each with the rules under which it is."""
    return "; ".join(
        f"{name} under every rule"
        if len(rules) == len(RULES)
        else f"{name} if {' or '.join(rules)}"
        for name, rules in found.contradicted.items()
    )


def _removals(findings: Findings) -> Rows:
    for one in findings.judged:
        for removal in one.verdict.removals:
            for tp, tn in removal.counts:
                yield _names(one) | {
                    "removed": _words(one, removal.cells),
                    "size": len(removal.cells),
                    "tp": tp,
                    "tn": tn,
                }


def _conventions(findings: Findings) -> Rows:
    cells = [cell for found in findings.recovered for cell in found.row.cells]
    for (convention, rule), contradicted in findings.consensus.least.items():
        yield {
            "convention": convention,
            "rule": rule,
            "cells": sum(cell.convention == convention for cell in cells),
            "contradicted": contradicted,
            "consensus": "yes"
            if rule in findings.consensus.rules(convention)
            else "no",
        }


def _points(findings: Findings) -> Rows:
    for found in findings.recovered:
        for cell, (tp, tn) in found.points:
            yield {"classifier": found.row.classifier, "cell": cell, "tp": tp, "tn": tn}


def _means(findings: Findings) -> Rows:
    for mean in findings.means:
        yield {
            "row": mean.row.classifier,
            "cell": mean.cell.name,
            "printed": mean.cell.text,
            "least": float(mean.least),
            "greatest": float(mean.greatest),
            "rules": " ".join(mean.rules) or None,
            "rules_of_printed": " ".join(mean.rules_of_printed) or None,
        }


def _names(one: Judged) -> dict[str, object]:
    return {"classifier": one.row.classifier, "scope": one.scope, "rule": one.rule}


def _consensus_names(found: Recovered) -> dict[str, object]:
    name = found.row.classifier
    return {"classifier": name, "scope": "consensus", "rule": "consensus"}


def _words(one: Judged, places: Iterator[int] | range | tuple[int, ...]) -> str:
    return " ".join(one.cells[place].name for place in places)


def _sets(
    one: Judged, sets: tuple[tuple[int, ...], ...] | list[tuple[int, ...]]
) -> str:
    """Write sets of cells, separated by semicolons."""
    return "; ".join(_words(one, places) for places in sets)
