"""The claims as data and for reading."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nodal_staging.paper.claims.checks import CLAIMS, Answer, Claim
from nodal_staging.paper.claims.evidence import Evidence
from nodal_staging.paper.claims.rules import Part
from nodal_staging.study.files import write_json, write_text
from nodal_staging.tables.grid import RENDERERS, Grid, Row
from nodal_staging.tables.rounding import MISSING, grouped, half_up


def check_claims(
    *, evidence: Evidence, answers: str | Path, output: Sequence[str | Path]
) -> None:
    """Put every claim to a study.

    Parameters
    ----------
    evidence
        What the study measured.
    answers
        Output: JSON, by claim, with the verdict and the numbers that it rests on.
    output
        The same for reading; the suffixes (.md, .tex, .html) name the forms.
    """
    found = {claim.key: claim.check(evidence) for claim in CLAIMS}
    write_json(
        answers,
        {
            "level": evidence.level,
            "claims": [_described(claim, found[claim.key]) for claim in CLAIMS],
        },
    )
    for path in output:
        grid = claims_grid(found, evidence.level, evidence.replicates)
        write_text(path, RENDERERS[Path(path).suffix](grid))


def claims_grid(found: Mapping[str, Answer], level: float, replicates: int) -> Grid:
    """Lay out the claims for reading.

    Parameters
    ----------
    found
        Key to answer.
    level, replicates
        Confidence level of the intervals; how often patients were drawn where one is
        from a bootstrap.
    """
    return Grid(
        name="claims",
        caption=(
            "What the paper claims, put to this cohort. A claim holds where the "
            f"{half_up(100 * level, 0)} % intervals of all numbers that it rests on "
            "lie on the claimed side of their limits, does not hold where one lies on "
            "the other side, and else cannot be told at this size. Intervals take "
            "nodes as nested in patients: Obuchowski’s for AUCs and their differences, "
            f"else a bootstrap of patients ({grouped(replicates)} replicates)."
        ),
        header=("Claim", "Verdict", "Numbers", "Rule"),
        groups=(tuple(_cells(claim, found[claim.key]) for claim in CLAIMS),),
    )


def _cells(claim: Claim, answer: Answer) -> Row:
    numbers = [_written(part) for part in answer.parts] + list(answer.remarks)
    return (
        f"{claim.key}. {claim.text}",
        answer.verdict,
        "; ".join(numbers),
        claim.rule,
    )


def _written(part: Part) -> str:
    """Write a number with its interval."""
    estimate = part.estimate
    if estimate.value is None:
        return f"{estimate.what}: not measured"
    ends = (
        f"{half_up(estimate.lower, 3)} to {half_up(estimate.upper, 3)}"
        if estimate.lower is not None and estimate.upper is not None
        else MISSING
    )
    return f"{estimate.what}: {half_up(estimate.value, 3)} ({ends})"


def _described(claim: Claim, answer: Answer) -> dict[str, Any]:
    return {
        "key": claim.key,
        "text": claim.text,
        "rule": claim.rule,
        "verdict": answer.verdict,
        "parts": [
            {
                "what": part.estimate.what,
                "value": part.estimate.value,
                "lower": part.estimate.lower,
                "upper": part.estimate.upper,
                "side": part.side,
                "limit": part.limit,
                "verdict": part.verdict,
            }
            for part in answer.parts
        ],
        "remarks": list(answer.remarks),
    }
