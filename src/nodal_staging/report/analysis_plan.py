"""The analysis plan: what is estimated and tested, and what deviates from it.

It stands before the results. The plan follows from the configuration; deviations are
looked up in the results.
"""

from collections.abc import Iterator, Mapping
from math import isclose
from typing import Any

from nodal_staging import tables
from nodal_staging.audit.shortcut import SHORTCUT
from nodal_staging.report.artefacts import Artefacts, intervals
from nodal_staging.report.facts import listed, of_all
from nodal_staging.statistics.auc_differences import AUC_DIFFERENCES
from nodal_staging.statistics.mcnemar import MCNEMAR
from nodal_staging.study.classifier_names import in_order, printed
from nodal_staging.study.files import read_json
from nodal_staging.tables.grid import Grid
from nodal_staging.tables.intervals import percent_of
from nodal_staging.tables.parts import Heading, Items, Part
from nodal_staging.tables.rounding import count, counted, number, setting_percent

FAMILY_LEVEL = 0.05
PAIRS_STATUS = {
    "same_order": "both order all nodes alike",
    "no_variance": "no variance",
    "delong_only": "too few patients for the variance over patients",
}
SOURCES = {
    "out_of_fold": "out of fold",
    "test": "on the test set",
    "given": "with the scores",
}


def analysis_plan(study: Artefacts) -> list[Part]:
    """Return the parts of the section."""
    found = tuple(deviations(study))
    return [
        Heading("Analysis plan", "analysis_plan"),
        "The plan follows from the configuration, before any score is seen. What is "
        "called exploratory is described with intervals and not tested.",
        plan(study),
        *(
            ["What deviates from the plan in this study:", Items(found)]
            if found
            else ["Nothing in this study deviates from the plan."]
        ),
    ]


def plan(study: Artefacts) -> Grid:
    """Lay out estimands with their intervals and tests."""
    of = intervals(study)
    level = percent_of(of.level)
    pairs = len(tables.read(study.mcnemar, MCNEMAR))
    areas = len(tables.read(study.auc_differences, AUC_DIFFERENCES))
    sources = set(
        of_all(study.statistics, lambda one: str(one["threshold"]["source"])).values()
    )
    target = {
        float(block["target"])
        for block in of_all(
            study.classifiers, lambda one: one["at_target_sensitivity"]
        ).values()
    }
    targets = listed(f"{setting_percent(one)}%" for one in sorted(target))
    over = f"{level} percentile interval over patients ({of.replicates})"
    rows = (
        (
            "Primary",
            "AUC of each CNN among nodes of the same location, all nodes of the test "
            "patients",
            over,
            "interval above 0.5",
        ),
        (
            "Secondary",
            "AUC of each classifier on the test set",
            f"{level}, variance over patients, logit scale, Student’s t",
            "none",
        ),
        (
            "Secondary",
            f"Difference of AUCs, {counted(areas, 'pair', 'pairs')}",
            f"{level}, covariance over patients, Student’s t",
            f"Student’s t, Holm over {count(areas)}, {number(FAMILY_LEVEL, 2)}",
        ),
        (
            "Secondary",
            f"Difference of accuracies, {counted(pairs, 'pair', 'pairs')}, thresholds "
            f"chosen {listed(SOURCES[one] for one in sorted(sources))}",
            f"{level}, Tango; Wald over patients",
            f"McNemar, corrected, at {study.significance:.2g}; within each class too",
        ),
        (
            "Secondary",
            "Sensitivity, specificity, PPV and NPV at the threshold; specificity at a "
            f"sensitivity of {targets}",
            f"{over}; Wilson over nodes",
            "none",
        ),
        (
            "Secondary",
            "Calibration and net benefit at the natural prevalence",
            f"sandwich over patients; {over}",
            "none",
        ),
        (
            "Exploratory",
            "Subgroups, other mixes of locations, robustness, heatmaps",
            "as named there",
            "none",
        ),
    )
    return Grid(
        "analysis_plan",
        "What is estimated, with which interval, and what is tested.",
        ("Role", "Estimand", "Interval", "Test and level"),
        (rows,),
    )


def deviations(study: Artefacts) -> Iterator[str]:
    """Yield what the results say that the plan does not."""
    for words in read_json(study.verdict)["weaknesses"]:
        yield f"Protocol: {words}."
    pairs = len(tables.read(study.mcnemar, MCNEMAR))
    if pairs and not isclose(study.significance, FAMILY_LEVEL / pairs, rel_tol=1e-9):
        yield (
            f"McNemar’s tests: the level {study.significance:.2g} is not "
            f"{number(FAMILY_LEVEL, 2)} divided by {counted(pairs, 'pair', 'pairs')}."
        )
    yield from _without_verdict(study)
    yield from _other_intervals(study)
    for row in tables.read(study.auc_differences, AUC_DIFFERENCES).to_dict("records"):
        if row["status"] != "ok":
            names = f"{printed(row['classifier_a'])} and {printed(row['classifier_b'])}"
            yield f"Difference of AUCs of {names}: {PAIRS_STATUS[row['status']]}."


def _without_verdict(study: Artefacts) -> Iterator[str]:
    """Yield CNNs whose primary estimand has another set of nodes, or no verdict."""
    rows = tables.read(study.shortcut, SHORTCUT).set_index("classifier")
    for cnn, found in read_json(study.verdict)["cnns"].items():
        if found["reason"]:
            yield f"{printed(cnn)}: the primary estimand has no verdict."
        if rows.loc[cnn, "node_set"] != tables.ALL_TEST_NODES:
            yield (
                f"{printed(cnn)}: the primary estimand is that of the test set, since "
                "the other nodes of the test patients have no score."
            )


def _other_intervals(study: Artefacts) -> Iterator[str]:
    """Yield classifiers whose AUC, threshold or calibration is not as planned."""
    whole: dict[str, Mapping[str, Any]] = of_all(study.classifiers, lambda one: one)
    for name in in_order(whole):
        one = whole[name]
        method = one["auc"]["intervals"]["obuchowski_logit"]["method"]
        if method == "exact_bound_patients":
            yield f"{printed(name)}: the AUC is 0 or 1, with an exact bound."
        elif method != "obuchowski_logit":
            yield (
                f"{printed(name)}: the interval of the AUC has DeLong’s variance, "
                "since that over patients is not positive."
            )
        if one["threshold"]["weak_folds"]:
            yield (
                f"{printed(name)}: the threshold comes from models of the folds that "
                "are much weaker than the tested one."
            )
