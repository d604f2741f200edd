"""The claims as data and for reading."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nodal_staging.paper.claims.checks import CLAIMS, Answer, Claim
from nodal_staging.paper.claims.evidence import Evidence
from nodal_staging.study.files import write_json
from nodal_staging.tables.document import write_grid
from nodal_staging.tables.grid import Grid, lay_out
from nodal_staging.tables.intervals import ci, percent_of, with_interval
from nodal_staging.tables.rounding import count


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
    bootstrap = evidence.bootstrap
    claims = [_described(claim, claim.check(evidence)) for claim in CLAIMS]
    write_json(answers, {"level": bootstrap.level, "claims": claims})
    drawn = f"{count(bootstrap.replicates)} replicates"
    grid = claims_grid(claims, bootstrap.level, drawn)
    write_grid(grid, output, title="The paper’s claims")


def claims_grid(
    claims: Sequence[Mapping[str, Any]], level: float, replicates: str
) -> Grid:
    """Lay out the claims for reading.

    Parameters
    ----------
    claims
        As in the JSON that ``check_claims`` writes.
    level, replicates
        Confidence level of the intervals; how often patients were drawn where one is
        from a bootstrap, in words.
    """
    return lay_out(
        "claims",
        "What the paper claims, put to this cohort. A claim holds where the "
        f"{percent_of(level)} intervals of all numbers that it rests on lie on the "
        "claimed side of their limits, does not hold where one lies on the other side, "
        "and else cannot be told at this size. Intervals take nodes as nested in "
        "patients: Obuchowski’s for AUCs and their differences, else a bootstrap of "
        f"patients ({replicates}).",
        [
            ("Claim", lambda claim: f"{claim['key']}. {claim['text']}"),
            ("Verdict", lambda claim: claim["verdict"]),
            (f"Numbers ({ci(level)})", _numbers),
            ("Rule", lambda claim: claim["rule"]),
        ],
        [claims],
    )


def _numbers(claim: Mapping[str, Any]) -> str:
    """Write what a claim rests on."""
    return "; ".join([*map(_written, claim["parts"]), *claim["remarks"]])


def _written(part: Mapping[str, Any]) -> str:
    """Write a number with its interval."""
    if part["value"] is None:
        return f"{part['what']}: not measured"
    number = with_interval(part["value"], part["lower"], part["upper"])
    return f"{part['what']}: {number}"


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
