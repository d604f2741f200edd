"""The findings on a published table, to be read."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from nodal_staging.paper.recover_counts.contradictions import Verdict
from nodal_staging.paper.recover_counts.discordance import TESTS, Block
from nodal_staging.paper.recover_counts.fits import RULES
from nodal_staging.paper.recover_counts.recovered_tables import contradicted_words
from nodal_staging.paper.recover_counts.results import Findings, Judged, Recovered
from nodal_staging.tables.document import Document, Part
from nodal_staging.tables.grid import Column, Grid, Row, lay_out
from nodal_staging.tables.parts import Heading
from nodal_staging.tables.rounding import MISSING, half_up, p_value

MOST_SHOWN = 4
"""Counts that fit, or sets of cells, in one cell of a table."""


def page(findings: Findings, *, name: str, significance: float) -> Document:
    """Lay out the findings.

    Parameters
    ----------
    findings
        From ``find``.
    name
        Of the table, for the title.
    significance
        Level of McNemar's tests.
    """
    parts: list[Part] = [
        "Every pair of true positives and true negatives was tried under every "
        "rounding rule, in exact integers. Under the rules on which the table agrees "
        f"best, {_cells(findings.consensus.contradicted)} of it fit no counts that fit "
        "the rest.",
        Heading("Counts"),
        _counts_grid(findings.recovered),
        Heading("Rounding rules"),
        _conventions_grid(findings),
        Heading("Row by row, one rule at a time"),
        _rules_grid(findings.judged),
    ]
    if any(found.points for found in findings.recovered):
        parts += [Heading("At a given sensitivity"), _points_grid(findings.recovered)]
    if findings.means:
        parts += [Heading("Means"), _means_grid(findings)]
    if findings.bounds:
        parts += [
            Heading("What McNemar's test can have been"),
            *_bounds_grids(findings.bounds, significance),
        ]
    return Document(f"Counts recovered from {name}", tuple(parts))


def _cells(count: int) -> str:
    return "1 cell" if count == 1 else f"{count} cells"


def _counts_grid(recovered: Sequence[Recovered]) -> Grid:
    return Grid(
        name="recovered-counts",
        caption=(
            "True and false positives and negatives under the rules on which the "
            "table agrees. Contradicted: cells that these counts do not give, with "
            "the rounding rule under which they do not."
        ),
        header=("Classifier", "TP", "FN", "TN", "FP", "Errors", "Contradicted"),
        groups=(tuple(row for found in recovered for row in _count_rows(found)),),
    )


def _count_rows(found: Recovered) -> Iterator[Row]:
    p, n = found.row.n_positive, found.row.n_negative
    for place, (tp, tn) in enumerate(found.counts[:MOST_SHOWN]):
        more = len(found.counts) - MOST_SHOWN
        rest = f" (and {more} more)" if place == MOST_SHOWN - 1 and more > 0 else ""
        counts = map(str, (tp, p - tp, tn, n - tn, p + n - tp - tn))
        words = _spoken(contradicted_words(found)) or MISSING
        yield (found.row.classifier + rest, *counts, words)


def _conventions_grid(findings: Findings) -> Grid:
    names = sorted({convention for convention, _ in findings.consensus.least})
    rows = tuple(
        (
            convention,
            *(str(findings.consensus.least[convention, rule]) for rule in RULES),
            _spoken(" or ".join(findings.consensus.rules(convention))),
        )
        for convention in names
    )
    return Grid(
        name="recovered-rules",
        caption=(
            "Fewest cells of the whole table that do not fit if a group of cells "
            "follows a rule and the other groups follow whatever suits best."
        ),
        header=("Group of cells", *map(_spoken, RULES), "Best"),
        groups=(rows,),
    )


def _rules_grid(judged: Sequence[Judged]) -> Grid:
    names = dict.fromkeys(one.row.classifier for one in judged)
    found = {
        (one.row.classifier, one.rule): one for one in judged if one.scope == "shares"
    }
    rows = tuple(
        (name, *(_verdict_words(found[name, rule]) for rule in RULES))
        for name in names
        if (name, "truncation") in found
    )
    return Grid(
        name="recovered-rows",
        caption=(
            "Accuracy to F1 of the table alone: TP/TN of the counts that fit, or "
            "after ≠ the fewest cells that contradict the others."
        ),
        header=("Classifier", *map(_spoken, RULES)),
        groups=(rows,),
    )


def _verdict_words(one: Judged) -> str:
    verdict = one.verdict
    if verdict.counts:
        return _listed([f"{tp}/{tn}" for tp, tn in verdict.counts], ", ")
    sets = [
        "+".join(one.cells[place].name for place in cells)
        for cells in _smallest(verdict)
    ]
    return f"≠ {_listed(sets, ' or ')}"


def _smallest(verdict: Verdict) -> list[tuple[int, ...]]:
    fewest = min(len(removal.cells) for removal in verdict.removals)
    return [r.cells for r in verdict.removals if len(r.cells) == fewest]


def _points_grid(recovered: Sequence[Recovered]) -> Grid:
    rows = []
    for found in recovered:
        for name in dict.fromkeys(name for name, _ in found.points):
            points = [point for cell, point in found.points if cell == name]
            listed = _listed([f"{tp}/{tn}" for tp, tn in points], ", ")
            rows.append((found.row.classifier, name, listed, _tie(found, points)))
    return Grid(
        name="recovered-points",
        caption=(
            "TP/TN of the operating points that attain the sensitivity and give the "
            "printed specificity on the same curve. Tie: an operating point with the "
            "same Youden index as the row's own threshold, in exact integers."
        ),
        header=("Classifier", "Cell", "TP/TN there", "Tie of the Youden index"),
        groups=(tuple(rows),),
    )


def _tie(found: Recovered, points: Sequence[tuple[int, int]]) -> str:
    """Say whether some or all possible points tie with the row's own."""
    p, n = found.row.n_positive, found.row.n_negative
    own = {tp * n + tn * p for tp, tn in found.counts}
    tied = sum(s * n + t * p in own for s, t in points)
    if not tied:
        return "no"
    return "yes" if tied == len(points) else "possible"


def _means_grid(findings: Findings) -> Grid:
    rows = tuple(
        (
            mean.row.classifier,
            mean.cell.name,
            mean.cell.text,
            _range(half_up(mean.least, 4), half_up(mean.greatest, 4)),
            _spoken(" or ".join(mean.rules)) or "none",
            _spoken(" or ".join(mean.rules_of_printed)) or "none",
        )
        for mean in findings.means
    )
    return Grid(
        name="recovered-means",
        caption="Printed means, and the rounding rules that give them.",
        header=("Row", "Cell", "Printed", "Exact", "Of exact", "Of printed"),
        groups=(rows,),
    )


def _bounds_grids(bounds: Sequence[Block], significance: float) -> Iterator[Part]:
    titles = {
        "all": "right or wrong, all cases",
        "positives": "positive cases only",
        "negatives": "negative cases only",
        "calls": "called positive or not, all cases",
    }
    for scope, title in titles.items():
        yield lay_out(
            f"recovered-{scope}",
            f"McNemar's test, {title}. Difference: discordant cases in favour of A "
            "less those in favour of B. Each test: least and greatest p, and whether "
            f"it is below {significance:g}; where perhaps, from how many discordant "
            "cases on it is not.",
            BOUNDS,
            [[bound for bound in bounds if bound["scope"] == scope]],
        )


def _span(title: str, name: str) -> Column:
    """Return a column of the least and the greatest count."""
    return title, lambda bound: _range(
        *(half_up(int(bound[f"{name}_{end}"]), 0) for end in ("min", "max"))
    )


def _range(least: str, greatest: str) -> str:
    """Write what something lies between; once, if both are the same."""
    return least if least == greatest else f"{least} to {greatest}"


def _test_words(bound: Mapping[Any, Any], test: str) -> str:
    ends = _range(*(p_value(bound[f"p_{test}_{end}"]) for end in ("min", "max")))
    words = str(bound[test])
    if words == "perhaps":
        words += f", not from {bound[f'{test}_spared_from']}"
    return f"{ends}: {words}"


def _test(test: str) -> Column:
    return test.capitalize(), lambda bound: _test_words(bound, test)


BOUNDS: tuple[Column, ...] = (
    ("A", lambda bound: str(bound["classifier_a"])),
    ("B", lambda bound: str(bound["classifier_b"])),
    _span("Difference", "difference"),
    _span("Discordant", "discordant"),
    *map(_test, TESTS),
)
"""What is listed of a pair of rows."""


def _listed(words: Sequence[str], mark: str) -> str:
    """Join words; of many, say how many more there are."""
    shown = mark.join(words[:MOST_SHOWN])
    more = len(words) - MOST_SHOWN
    return f"{shown} (and {more} more)" if more > 0 else shown


def _spoken(name: str) -> str:
    """Write the name of a rule as words."""
    for rule in RULES:
        name = name.replace(rule, rule.replace("_", " "))
    return name
