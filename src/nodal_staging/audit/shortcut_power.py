"""How often the audit finds a shortcut, and how often it finds one that is not there.

The rule of the verdict is applied to rehearsed cohorts (``rehearsal``) of the study's
size and of others. Rows of weight 0 and of shuffled locations count false flags: in the
former the score reads the node alone; in the latter the location says nothing and is
weighed all the same, as chance has it in the training nodes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from nodal_staging import tables
from nodal_staging.audit.location_mix import Mix
from nodal_staging.audit.rehearsal import Evidence, draw_patients, weight_worth, worth
from nodal_staging.audit.shortcut import LocationUse, reads_location
from nodal_staging.classifiers.labelled_scores import MIN_PER_CLASS
from nodal_staging.datasets.split import DatasetError, Split
from nodal_staging.datasets.test_patients import draw_all_test_nodes
from nodal_staging.estimates.patient_bootstrap import BootstrapOptions, PatientBootstrap
from nodal_staging.estimates.proportions import wilson_interval
from nodal_staging.study.arrays import FloatArray
from nodal_staging.study.seeds import named_seed, stream
from nodal_staging.tables.columns import count, number, one_of, table

MOST_REPLICATES = 300
"""Of the bootstrap in a rehearsal: ends of an interval need no third digit here."""

MOST_ATTEMPTS = 100
"""Cohorts that are drawn until one can be split."""

MIXES = ["study", "shuffled"]

POWER = table(
    {
        "patients": count(),
        "own_size": one_of(["yes", "no"]),
        "mix": one_of(MIXES),
        "weight": number(0),
        "worth": number(-1, 1),
        "test_patients": number(0),
        "test_nodes": number(0),
        "rehearsals": count(),
        "no_verdict": count(),
        "flagged": count(),
        "share": number(0, 1),
        "lower": number(0, 1),
        "upper": number(0, 1),
    },
    unique=["patients", "own_size", "mix", "weight"],
)
"""In how many rehearsals the verdict says that the location is read, as a share with
Wilson's interval. ``weight`` of the location's log-likelihood ratio in the score;
``worth``: the AUC less that over pairs of the same location, of a large test set.
``test_patients`` and ``test_nodes`` are means; ``no_verdict`` counts rehearsals without
a verdict, which are not flagged; ``own_size``: as many patients as the study has."""


@dataclass(frozen=True, slots=True)
class Rehearsals:
    """What is rehearsed, and how often.

    Attributes
    ----------
    worth
        A shortcut of this worth in AUC is rehearsed, if any weight has it.
    weights
        Further weights of the location.
    patients
        Sizes of the cohort in addition to the study's own.
    number
        Rehearsals of each size.
    evidence
        What the node itself tells.
    """

    worth: float
    weights: Sequence[float]
    patients: Sequence[int]
    number: int
    evidence: Evidence

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> "Rehearsals":
        """Take ``audit_power`` of the configuration."""
        return cls(
            worth=options["worth"],
            weights=options["weights"],
            patients=options["patients"],
            number=options["rehearsals"],
            evidence=Evidence(options["node_auc"], options["score_icc"]),
        )

    def strengths(self, mix: Mix) -> list[float]:
        """Return all weights, ascending; without a shortcut comes first."""
        asked = weight_worth(mix, self.worth, self.evidence)
        return sorted({0.0, *self.weights, *([] if asked is None else [asked])})


class _Found(NamedTuple):
    """What the audit says of one rehearsed score; ``flagged`` is None if nothing."""

    mix: str
    weight: float
    flagged: bool | None
    test_patients: int
    test_nodes: int


@dataclass(frozen=True, slots=True)
class Plan:
    """How a study is split, and how its audit is rehearsed.

    Attributes
    ----------
    split
        How the test set is set apart.
    folds
        Of each training set.
    rehearsals
        Sizes, strengths, and how often.
    bootstrap
        As of the audit; its replicates are limited.
    """

    split: Split
    folds: int
    rehearsals: Rehearsals
    bootstrap: BootstrapOptions


def rehearse_audit(*, nodes: str | Path, plan: Plan, output: str | Path) -> None:
    """Rehearse the audit and write how often it finds a shortcut.

    Parameters
    ----------
    nodes
        ``tables.NODES``.
    plan
        How the study is split, and what is rehearsed.
    output
        ``POWER``.
    """
    study = tables.read(nodes, tables.NODES)
    own = study["patient_id"].nunique()
    rows = [
        {"patients": patients, "own_size": "yes" if patients == own else "no"} | row
        for patients in sorted({own, *plan.rehearsals.patients})
        for row in rehearse_size(study, patients, plan)
    ]
    frame = pd.DataFrame(rows, columns=list(POWER.columns))
    tables.write(frame, output, POWER)


def rehearse_size(
    study: pd.DataFrame, patients: int, plan: Plan
) -> list[dict[str, object]]:
    """Rehearse the audit in cohorts of one size.

    Parameters
    ----------
    study
        ``tables.NODES``.
    patients
        How many patients a cohort has.
    plan
        As for ``rehearse_audit``; its sizes are not used.

    Returns
    -------
    Rows of ``POWER`` without ``patients`` and ``own_size``.

    Raises
    ------
    DatasetError
        If cohorts of this size have no test set.
    SplitError
        If a given split does not fit the nodes.
    """
    if plan.split.given is not None:
        tested = draw_all_test_nodes(study, plan.split, plan.folds)
        study = study.assign(tested=study.index.isin(tested.index))
    size = _Size(study, patients, plan)
    rehearsals = plan.rehearsals
    found = [one for number in range(rehearsals.number) for one in size.run(number)]
    return count_flags(found, size.mix, rehearsals.evidence, plan.bootstrap.level)


@dataclass(frozen=True, eq=False)
class _Size:
    """Rehearsals of cohorts of one size; nodes may state whether they are tested."""

    study: pd.DataFrame
    patients: int
    plan: Plan

    @cached_property
    def mix(self) -> Mix:
        """The mix of locations of the study."""
        return Mix.of(self.study, np.unique(self.study["location"].to_numpy(str)))

    def run(self, number: int) -> list[_Found]:
        """Rehearse one cohort with every strength of the shortcut."""
        names = ("audit", "power", self.patients, number)
        bootstrap, rehearsals = self.plan.bootstrap, self.plan.rehearsals
        rng = stream(bootstrap.seed, *names)
        seed = named_seed(bootstrap.seed, *names)
        cohort, test = self._cohort(rng, seed)
        positive = test["status"].eq("positive").to_numpy(bool)
        patient = test["patient_id"].to_numpy(str)
        evidence = rehearsals.evidence.draw(positive, patient, rng)
        replicates = min(bootstrap.replicates, MOST_REPLICATES)
        draws = replace(bootstrap, replicates=replicates, seed=seed)
        drawn = PatientBootstrap(positive, patient, draws)
        scored = _Scored(cohort, test, evidence, drawn)
        found = scored.audit("study", rehearsals.strengths(self.mix), self.mix)
        places = cohort["location"].to_numpy(str)
        shuffled = cohort.assign(location=rng.permutation(places))
        scored = _Scored(shuffled, shuffled.loc[test.index], evidence, drawn)
        return found + scored.audit("shuffled", [1.0], None)

    def _cohort(
        self, rng: np.random.Generator, seed: int
    ) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Draw a cohort, and all nodes of its test patients.

        A cohort that cannot be split is no study, so another is drawn.
        """
        for attempt in range(MOST_ATTEMPTS):
            cohort = draw_patients(self.study, self.patients, rng)
            try:
                test = self._tested(cohort, named_seed(seed, attempt))
            except DatasetError:
                continue
            patients = test.groupby("status")["patient_id"].nunique()
            if len(patients) == len(tables.STATUS) and patients.min() >= MIN_PER_CLASS:
                return cohort, test
        raise DatasetError(
            f"audit_power.patients: {self.patients} patients like those of the study "
            "are too few for a test set; remove this size or enlarge the test set "
            "(datasets.test_share, or datasets.given)"
        )

    def _tested(self, cohort: pd.DataFrame, seed: int) -> pd.DataFrame:
        """Return all test nodes of a cohort, drawn or given as the study's are."""
        if "tested" in cohort:
            return cohort[cohort["tested"]]
        split = replace(self.plan.split, seed=seed)
        return draw_all_test_nodes(cohort, split, self.plan.folds)


@dataclass(frozen=True, eq=False)
class _Scored:
    """The nodes of a rehearsal, its test nodes, and the evidence of these ``(n,)``."""

    cohort: pd.DataFrame
    test: pd.DataFrame
    evidence: FloatArray
    drawn: PatientBootstrap

    def audit(
        self, name: str, weights: Sequence[float], known: Mix | None
    ) -> list[_Found]:
        """Apply the rule of the verdict to scores with each weight of the location.

        The classifier weighs locations as ``known``, or as the other nodes have them.
        """
        places = self.test["location"].to_numpy(str)
        locations = np.unique(self.cohort["location"].to_numpy(str))
        others = Mix.of(self.cohort.drop(self.test.index), locations)
        use = LocationUse(self.drawn, places, others)
        ratio = (known or others).ratio_at(places)
        alone, patients = use.location_auc(), len(self.drawn.kinds)
        found = []
        for weight in weights:
            concordance = use.concordance(self.evidence + weight * ratio)
            flagged = reads_location(concordance, alone) if use.enough_pairs else None
            found.append(_Found(name, weight, flagged, patients, len(places)))
        return found


def count_flags(
    found: Iterable[_Found], mix: Mix, evidence: Evidence, level: float
) -> list[dict[str, object]]:
    """Return a row of ``POWER`` for each way of making scores, without the size."""
    frame = pd.DataFrame(found, columns=list(_Found._fields))
    rows: list[dict[str, object]] = []
    for (name, weight), same in frame.groupby(["mix", "weight"], sort=False):
        flagged = int(same["flagged"].eq(True).sum())
        lower, upper = wilson_interval(flagged, len(same), level=level) or (0.0, 1.0)
        rows.append(
            {
                "mix": name,
                "weight": weight,
                "worth": round(worth(mix, weight, evidence), 9) * (name == "study"),
                "test_patients": same["test_patients"].mean(),
                "test_nodes": same["test_nodes"].mean(),
                "rehearsals": len(same),
                "no_verdict": int(same["flagged"].isna().sum()),
                "flagged": flagged,
                "share": flagged / len(same),
                "lower": lower,
                "upper": upper,
            }
        )
    return rows
