"""The claims as data and for reading."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nodal_staging.paper.claims.checks import CLAIMS, Answer, Claim
from nodal_staging.paper.claims.evidence import Evidence, RefitFiles
from nodal_staging.paper.claims.rules import VARIES, Part, over_trainings
from nodal_staging.statistics.refits import TrainingSpread
from nodal_staging.study.files import write_json
from nodal_staging.tables.document import write_grid
from nodal_staging.tables.grid import Grid, lay_out
from nodal_staging.tables.intervals import ci, percent_of, with_interval
from nodal_staging.tables.rounding import count


def check_claims(
    *,
    evidence: Evidence,
    refits: Sequence[RefitFiles] = (),
    answers: str | Path,
    output: Sequence[str | Path],
) -> None:
    """Put every claim to a study.

    Parameters
    ----------
    evidence
        What the study measured.
    refits
        The same of other trainings of the CNNs.
    answers
        Output: JSON, by claim, with the verdict and the numbers that it rests on.
    output
        The same for reading; the suffixes (.md, .tex, .html) name the forms.
    """
    bootstrap = evidence.bootstrap
    trainings = [evidence, *map(evidence.of_refit, refits)]
    claims = [
        _described(claim, [claim.check(found) for found in trainings])
        for claim in CLAIMS
    ]
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
    several = any("verdicts" in claim for claim in claims)
    return lay_out(
        "claims",
        "The claims of the paper, tested on this cohort. A claim holds where the "
        f"{percent_of(level)} intervals of all numbers that it rests on lie on the "
        "claimed side of their limits, does not hold where one lies on the other side, "
        "and is otherwise inconclusive (sample too small). Intervals take nodes as "
        "nested in patients: Obuchowski’s for AUCs and their differences, else a "
        f"bootstrap of patients ({replicates})."
        + (TRAININGS_CAPTION if several else ""),
        [
            ("Claim", lambda claim: f"{claim['key']}. {claim['text']}"),
            ("Verdict", _verdict),
            (f"Numbers ({ci(level)})", _numbers),
            ("Rule", lambda claim: claim["rule"]),
        ],
        [claims],
    )


TRAININGS_CAPTION = (
    " Each claim was put to every training of the CNNs; where their verdicts differ, "
    "it depends on the training. Numbers are those of the first training, followed by "
    "the lowest and the highest. Heatmaps are of the first training alone."
)


def _verdict(claim: Mapping[str, Any]) -> str:
    """Write the verdict; of a claim that depends on the training, that of each."""
    if claim["verdict"] != VARIES:
        return str(claim["verdict"])
    counts = Counter(claim["verdicts"])
    listed = ", ".join(f"{verdict} in {n}" for verdict, n in counts.items())
    return f"{VARIES}: {listed}"


def _numbers(claim: Mapping[str, Any]) -> str:
    """Write what a claim rests on."""
    return "; ".join([*map(_written, claim["parts"]), *claim["remarks"]])


def _written(part: Mapping[str, Any]) -> str:
    """Write a number with its interval."""
    if part["value"] is None:
        return f"{part['what']}: not measured"
    number = with_interval(part["value"], part["lower"], part["upper"])
    values = part.get("trainings")
    spread = f" [{TrainingSpread.of(values).words}]" if values else ""
    return f"{part['what']}: {number}{spread}"


def _described(claim: Claim, answers: Sequence[Answer]) -> dict[str, Any]:
    """Describe the answer of the first training, and how the others differ."""
    first = answers[0]
    verdicts = [answer.verdict for answer in answers]
    return {
        "key": claim.key,
        "text": claim.text,
        "rule": claim.rule,
        "verdict": over_trainings(verdicts),
        **({"verdicts": verdicts} if len(answers) > 1 else {}),
        "parts": [
            _part([answer.parts[place] for answer in answers])
            for place in range(len(first.parts))
        ],
        "remarks": list(first.remarks),
    }


def _part(trainings: Sequence[Part]) -> dict[str, Any]:
    """Describe a number of the first training, with those of the others if it varies.

    What no other training changes, such as a forest or a heatmap, has no spread.
    """
    first = trainings[0]
    values = [part.estimate.value for part in trainings]
    varies = None not in values and len(set(values)) > 1
    return {
        "what": first.estimate.what,
        "value": first.estimate.value,
        "lower": first.estimate.lower,
        "upper": first.estimate.upper,
        "side": first.side,
        "limit": first.limit,
        "verdict": first.verdict,
        **({"trainings": values} if varies else {}),
    }
