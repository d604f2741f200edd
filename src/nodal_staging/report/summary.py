"""The study in a few lines, all of them read from its files."""

from collections import Counter

from nodal_staging import tables
from nodal_staging.audit.heatmaps import OUTSIDE
from nodal_staging.audit.relevance_regions import LOCALISATION, OVER_CONTROLS
from nodal_staging.heatmaps.options import method_name
from nodal_staging.paper.claims.controls import (
    OverControl,
    first_method,
    over_controls,
    strongest,
)
from nodal_staging.paper.claims.rules import FAILS, HOLDS, OPEN, above
from nodal_staging.report.artefacts import Artefacts, intervals
from nodal_staging.report.audit import findings
from nodal_staging.study.classifier_names import printed
from nodal_staging.study.files import read_json
from nodal_staging.tables.intervals import percent_interval
from nodal_staging.tables.parts import Items, Part
from nodal_staging.tables.rounding import percentage


def summary(study: Artefacts) -> list[Part]:
    """Return the verdict on each CNN, the count of claims, a caution on heatmaps."""
    return ["In short:", Items((*findings(study), _claims(study), _heatmaps(study)))]


def _claims(study: Artefacts) -> str:
    """Count the claims by verdict, and name them."""
    verdicts = {
        claim["key"]: claim["verdict"] for claim in read_json(study.claims)["claims"]
    }
    counts = Counter(verdicts.values())
    told = (
        f"{counts[verdict]} {words} ({', '.join(_of(verdicts, verdict))})"
        if counts[verdict]
        else f"none {words}"
        for verdict, words in (
            (HOLDS, "hold here"),
            (FAILS, "do not hold"),
            (OPEN, "cannot be told at this size"),
        )
    )
    return f"Of the paper’s {len(verdicts)} claims, {'; '.join(told)}."


def _of(verdicts: dict[str, str], verdict: str) -> list[str]:
    return [key for key, found in verdicts.items() if found == verdict]


def _heatmaps(study: Artefacts) -> str:
    """Hold the heatmaps against the controls, and by the rule, of claim C4."""
    method = first_method(tables.read(study.localisation, LOCALISATION))
    controls = tables.read(study.localisation_controls, OVER_CONTROLS)
    halo = tables.read(study.halo, OUTSIDE)
    ci = intervals(study).ci
    told = [
        f"{printed(f'cnn_{cnn}')} {_compared(strongest(found), ci)}"
        for cnn in study.heatmaps
        if (found := over_controls(cnn, method, controls=controls, halo=halo))
    ]
    return (
        f"Heatmaps are to be read with caution. Share of {method_name(method)} on the "
        "node compared with that of the control that has most there (edge, random or "
        "centre map, or an untrained network), in percentage points: "
        f"{'; '.join(told) or 'no control was measured'}. Claim C4 rests on the same "
        "numbers."
    )


def _compared(control: OverControl, ci: str) -> str:
    """Say whether a CNN has more or less on the node than a control."""
    found, name = control.difference, control.control
    value, lower, upper = found.value, found.lower, found.upper
    if value is None or lower is None or upper is None:
        return f"cannot be told from its {name}"
    verdict = above(found, 0).verdict
    ends = f"({ci} {percent_interval(lower, upper)})"
    if verdict == HOLDS:
        return f"{percentage(value)} more than its {name} {ends}"
    if verdict == FAILS:
        ends = f"({ci} {percent_interval(-upper, -lower)})"
        return f"{percentage(-value)} less than its {name} {ends}"
    return f"neither more nor less than its {name} {ends}"
