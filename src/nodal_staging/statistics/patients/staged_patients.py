"""The test patients, staged by their reference statuses and by a classifier's calls.

All nodes of the test patients count, also those that balancing left out of the test
set: a patient is only staged with all nodes that were segmented.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from nodal_staging import tables
from nodal_staging.classifiers.baselines import CUT_OFFS
from nodal_staging.classifiers.called_nodes import chosen_threshold
from nodal_staging.classifiers.labelled_scores import LabelledScores, ScoredClassifier
from nodal_staging.classifiers.scores import called_positive
from nodal_staging.statistics.patients.stages import M_STAGES, N_STAGES, Stage
from nodal_staging.study.arrays import BoolArray
from nodal_staging.study.errors import InputError
from nodal_staging.tables.columns import count, identifier, number, one_of, table, text

CHANGES = ["same", "upstaged", "downstaged"]

STAGES = table(
    {
        "classifier": text(),
        "patient_id": identifier(),
        "nodes": count(),
        "positive": count(),
        "called": count(),
        "highest_score": number(),
        "reference_n": one_of(N_STAGES),
        "reference_m": one_of(M_STAGES),
        "called_n": one_of(N_STAGES),
        "called_m": one_of(M_STAGES),
        "change": one_of(CHANGES),
    },
    unique=["classifier", "patient_id"],
)
"""Test patients, staged by the reference and by each classifier. ``positive``,
``called``: nodes that are, and that are called, positive. ``change``: whether the
classifier's stage is higher or lower than that of the reference."""

DECIDED_AT = 0.5
"""Score at which cut-offs and forests decide."""


class ProtocolError(InputError):
    """The split does not set patients apart."""

    reason = "patients_on_both_sides"


@dataclass(frozen=True, slots=True)
class PatientFiles:
    """Files of a classifier.

    Attributes
    ----------
    all_test_nodes, test
        ``tables.SCORES`` of all nodes of the test patients, and of the test set.
    statistics
        JSON with the threshold.
    """

    all_test_nodes: str | Path
    test: str | Path
    statistics: str | Path


def stage_patients(
    *,
    classifiers: Mapping[str, PatientFiles],
    nodes: str | Path,
    protocol: str,
    output: str | Path,
) -> None:
    """Stage every test patient by the reference and by each classifier.

    Parameters
    ----------
    classifiers
        Files by classifier.
    nodes
        ``tables.NODES``; gives the locations.
    protocol
        How the study is split, ``datasets.protocol``.
    output
        ``STAGES``.

    Raises
    ------
    ProtocolError
        If nodes of one patient were trained with and tested.
    """
    if protocol != "patient":
        raise ProtocolError(
            f"datasets.protocol: {protocol} puts nodes of one patient on both sides of "
            "the split, so no patient can be staged by nodes that were not trained "
            "with; set datasets.protocol: patient"
        )
    location = tables.read(nodes, tables.NODES).set_index("node_id")["location"]
    rows = [
        row
        for classifier, files in classifiers.items()
        for row in _staged(classifier, files, location)
    ]
    frame = pd.DataFrame(rows, columns=list(STAGES.columns))
    tables.write(frame, output, STAGES)


def calls_of(classifier: str, files: PatientFiles) -> tuple[LabelledScores, BoolArray]:
    """Return all nodes of the test patients, and which are called positive ``(n,)``.

    A threshold that the statistics chose applies to all nodes. Cut-offs and forests
    decide at 0.5, and the nodes of the test set show that they do.
    """
    every = ScoredClassifier.read(classifier, files.all_test_nodes).partition(
        tables.ALL_TEST_NODES
    )
    tested = ScoredClassifier.read(classifier, files.test).test
    if tested.decided is None:
        return every, called_positive(every.score, chosen_threshold(files.statistics))
    called = _decided(classifier, every)
    seen = pd.Series(called, index=every.node_id).loc[tested.node_id]
    if not np.array_equal(seen.to_numpy(bool), tested.decided):
        raise AssertionError(f"{classifier} does not decide at {DECIDED_AT}")
    return every, called


def _decided(classifier: str, every: LabelledScores) -> BoolArray:
    """Call at 0.5: with a tie positive for cut-offs that include their value."""
    cut_off = CUT_OFFS.get(classifier)
    if cut_off is None or cut_off.above:
        return np.asarray(every.score > DECIDED_AT, bool)
    return called_positive(every.score, DECIDED_AT)


def _staged(
    classifier: str, files: PatientFiles, location: pd.Series
) -> Iterable[dict[str, object]]:
    """Yield a row of ``STAGES`` per patient, in the order of patient_id."""
    every, called = calls_of(classifier, files)
    where = location.loc[every.node_id].to_numpy(str)
    for patient in np.unique(every.patient_id):
        own = every.patient_id == patient
        reference = Stage.of(where[own & every.positive])
        found = Stage.of(where[own & called])
        yield {
            "classifier": classifier,
            "patient_id": patient,
            "nodes": int(own.sum()),
            "positive": int((own & every.positive).sum()),
            "called": int((own & called).sum()),
            "highest_score": float(every.score[own].max()),
            "reference_n": reference.n,
            "reference_m": reference.m,
            "called_n": found.n,
            "called_m": found.m,
            "change": _change(reference, found),
        }


def _change(reference: Stage, found: Stage) -> str:
    """Return one of ``CHANGES``."""
    if found.rank == reference.rank:
        return "same"
    return "upstaged" if found.rank > reference.rank else "downstaged"
