"""The first screen: what was studied, the audit, the claims, and known weaknesses."""

from collections import Counter
from collections.abc import Iterator

from nodal_staging import tables
from nodal_staging.audit.heatmaps import OUTSIDE
from nodal_staging.audit.relevance_regions import LOCALISATION, OVER_CONTROLS
from nodal_staging.heatmaps.options import method_name
from nodal_staging.paper.claims.controls import (
    OverControl,
    chosen_beforehand,
    first_method,
    over_controls,
)
from nodal_staging.paper.claims.rules import FAILS, HOLDS, OPEN, VARIES, above
from nodal_staging.paper.reference.reference_page import highest_auc
from nodal_staging.paper.reference.reference_rows import REFERENCE
from nodal_staging.report.artefacts import Artefacts, intervals
from nodal_staging.report.audit import findings
from nodal_staging.report.datasets import without_weakness
from nodal_staging.report.illustrations import picture
from nodal_staging.statistics.result_remarks import REMARKS
from nodal_staging.study.classifier_names import printed
from nodal_staging.study.files import read_json
from nodal_staging.tables.intervals import percent_interval
from nodal_staging.tables.parts import Heading, Items, Part, Statement, pointer
from nodal_staging.tables.rounding import count, counted, percent, percentage

EVIDENCE = {
    "C1": ("auc_differences", "Differences of AUCs"),
    "C2": ("table_1", "Table 1"),
    "C3": ("auc_differences", "Differences of AUCs"),
    "C4": ("localisation", "Where the heatmaps lie"),
    "C5": ("figure_3", "Figure 3"),
    "C6": ("mcnemar", "McNemar’s tests"),
    "C7": ("audit", "Audit"),
    "C8": ("halo", "The halo"),
}
"""Claim to the section or figure with its evidence."""


def summary(study: Artefacts) -> list[Part]:
    """Return what stands before the contents."""
    return [
        _studied(study),
        Heading("Do the CNNs read the node, or its location?"),
        Items(tuple(findings(study))),
        pointer("How the verdict is reached, and how often it errs:", *AUDIT),
        picture(study.figures["counterfactual"]),
        pointer("How much of each score is the location, in numbers:", *EFFECT),
        Heading("Do the paper’s claims hold here?"),
        *_claims(study),
        Heading("Known weaknesses"),
        Items(tuple(_weaknesses(study))),
        _software(study),
    ]


AUDIT = ("audit", "Audit")
EFFECT = ("location_effect", "The same node at another location")


def _studied(study: Artefacts) -> str:
    """Say how many patients and nodes were studied, and of which kind."""
    included = read_json(study.flow)["included"]["patients"]
    status = tables.read(study.nodes, tables.NODES)["status"]
    positive = int(status.eq("positive").sum())
    certificate = read_json(study.certificate)
    test = certificate["test"]
    kind = "simulated patients" if study.synthetic else "patients"
    return (
        f"Studied: {count(included)} {kind} with {count(len(status))} lymph nodes, of "
        f"which {count(positive)} ({percent(positive, len(status), 1)}%) are positive. "
        f"Test set: {count(test['positive'])} positive and {count(test['negative'])} "
        f"negative nodes of {count(test['patients'])} patients, split by "
        f"{certificate['protocol']} (checksum of the split: "
        f"{certificate['split_sha256'][:12]})."
    )


def _claims(study: Artefacts) -> Iterator[Part]:
    """Yield the count of claims by verdict, and each with a link to its evidence."""
    claims = read_json(study.claims)["claims"]
    verdicts = {claim["key"]: claim["verdict"] for claim in claims}
    yield f"Of the paper’s {len(verdicts)} claims, {_counted(verdicts)}."
    yield Items(
        tuple(
            Statement(
                f"{claim['key']} {claim['verdict']}.",
                f"{claim['text']} Evidence:",
                *EVIDENCE[claim["key"]],
            )
            for claim in claims
        )
    )
    yield pointer("Rules and numbers of all claims:", "claims", "The paper’s claims")


def _counted(verdicts: dict[str, str]) -> str:
    """Count the claims by verdict, and name them."""
    counts = Counter(verdicts.values())
    listed = (
        f"{counts[verdict]} {words} ({', '.join(_of(verdicts, verdict))})"
        if counts[verdict]
        else f"none {words}"
        for verdict, words in (
            (HOLDS, "hold here"),
            (FAILS, "do not hold"),
            (OPEN, "inconclusive at this size"),
            *([(VARIES, "depend on the training")] if counts[VARIES] else []),
        )
    )
    return "; ".join(listed)


def _of(verdicts: dict[str, str], verdict: str) -> list[str]:
    return [key for key, found in verdicts.items() if found == verdict]


def _weaknesses(study: Artefacts) -> Iterator[Statement]:
    """Yield what to know before a number of this study is used."""
    where = ("weaknesses", "Weaknesses of the published protocol")
    known = read_json(study.verdict)["weaknesses"]
    for words in known:
        yield Statement("Protocol:", f"{words}.", *where)
    if not known:
        without_weakness(study)
        yield Statement(
            "Protocol:",
            "split by patient, thresholds out of fold; neither known weakness applies.",
            *where,
        )
    yield _training(study)
    allowed = highest_auc(tables.read(study.reference, REFERENCE))
    yield Statement(
        "Reference test:", allowed, "reference_errors", "Errors of the reference test"
    )
    yield _heatmaps(study)
    found = len(tables.read(study.remarks, REMARKS))
    if found:
        words = counted(found, "result is implausible", "results are implausible")
        yield Statement("Results:", f"{words}; see", "table_1", "Table 1")
    if read_json(study.provenance)["results_of_other_code"]:
        words = "some results were computed by another version of the code; see"
        yield Statement("Software:", words, *PROVENANCE)


PROVENANCE = ("provenance", "Provenance")


def _training(study: Artefacts) -> Statement:
    """Say whether the spread over trainings was measured."""
    words = (
        "each CNN was trained once; the spread over trainings was not measured."
        if study.refit_spread is None
        else "intervals cover patients; the spread over trainings is stated next to "
        "them."
    )
    return Statement("Training:", words, "other_trainings", "Other trainings")


def _software(study: Artefacts) -> Part:
    """Name the version of the software."""
    record = read_json(study.provenance)
    code = record["package_sha256_when_recorded"][:12]
    return pointer(
        f"Software: {record['software']}, code {code}; {record['statistics_engine']}.",
        *PROVENANCE,
    )


def _heatmaps(study: Artefacts) -> Statement:
    """Hold the heatmaps against the controls, and by the rule, of claim C4."""
    method = first_method(tables.read(study.localisation, LOCALISATION))
    controls = tables.read(study.localisation_controls, OVER_CONTROLS)
    halo = tables.read(study.halo, OUTSIDE)
    ci = intervals(study).ci
    listed = [
        f"{printed(f'cnn_{cnn}')} {_compared(chosen_beforehand(found), ci)}"
        for cnn in study.heatmaps
        if (found := over_controls(cnn, method, controls=controls, halo=halo))
    ]
    return Statement(
        "Heatmaps:",
        f"share of {method_name(method)} on the node compared with that of the centre "
        "map, a control that was chosen before anything was measured, in percentage "
        f"points: {'; '.join(listed) or 'no control was measured'}. Claim C4 rests on "
        "the same numbers.",
        "localisation",
        "Where the heatmaps lie",
    )


def _compared(control: OverControl, ci: str) -> str:
    """Say whether a CNN has more or less on the node than a control."""
    found, name = control.difference, control.control
    value, lower, upper = found.value, found.lower, found.upper
    if value is None or lower is None or upper is None:
        return f"cannot be distinguished from its {name}"
    verdict = above(found, 0).verdict
    ends = f"({ci} {percent_interval(lower, upper)})"
    if verdict == HOLDS:
        return f"{percentage(value)} more than its {name} {ends}"
    if verdict == FAILS:
        ends = f"({ci} {percent_interval(-upper, -lower)})"
        return f"{percentage(-value)} less than its {name} {ends}"
    return f"neither more nor less than its {name} {ends}"
