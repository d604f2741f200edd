"""AUC, sensitivity and specificity, corrected for errors of the reference test.

Of the paper's printed numbers and of the study's, for the assumed errors of PET.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nodal_staging import tables
from nodal_staging.estimates.patient_bootstrap import BootstrapOptions, PatientBootstrap
from nodal_staging.paper.reference.assumptions import ReferenceTest, assumptions
from nodal_staging.paper.reference.observed import (
    labelled_nodes,
    printed_numbers,
    published_classifiers,
    share_of_paper,
    share_of_positives,
    simulated_test,
    study_classifiers,
)
from nodal_staging.paper.reference.reference_page import page
from nodal_staging.paper.reference.reference_rows import REFERENCE, Row, rows_of
from nodal_staging.paper.scorecard.published import PUBLISHED
from nodal_staging.study.seeds import named_seed, stream
from nodal_staging.tables.document import write_document


@dataclass(frozen=True, slots=True)
class StudyFiles:
    """Inputs of a study.

    Attributes
    ----------
    statistics, scores
        Classifier to its JSON and to ``tables.SCORES``.
    nodes, truth
        ``tables.NODES``, and ``tables.TRUTH`` of a synthetic cohort or None.
    """

    statistics: Mapping[str, str | Path]
    scores: Mapping[str, str | Path]
    nodes: str | Path
    truth: str | Path | None


def correct_for_reference(
    *,
    published: str | Path,
    study: StudyFiles,
    options: Mapping[str, Any],
    bootstrap: BootstrapOptions,
    frame: str | Path,
    pages: Sequence[str | Path],
) -> None:
    """Correct the paper's numbers and the study's for errors of the reference.

    Parameters
    ----------
    published
        ``PUBLISHED``.
    study
        Files of the study. Where the cohort is synthetic, the errors are those that
        were simulated.
    options
        The section ``reference`` of the configuration.
    bootstrap
        Draws, confidence level and the seed of the study.
    frame, pages
        Outputs: ``REFERENCE``, and pages in Markdown or HTML.
    """
    test = ReferenceTest.of(options)
    printed = printed_numbers(tables.read(published, PUBLISHED))
    rows = [
        *_rows_of_paper(printed, test, bootstrap),
        *_rows_of_study(study, test, bootstrap),
    ]
    found = pd.DataFrame(rows, columns=list(REFERENCE.columns))
    tables.write(found, frame, REFERENCE)
    document = page(tables.read(frame, REFERENCE), test, level=bootstrap.level)
    write_document(document, pages)


def _rows_of_paper(
    printed: Mapping[str, float], test: ReferenceTest, options: BootstrapOptions
) -> Iterator[Row]:
    """Yield the rows of the paper, whose nodes are taken as independent."""
    share, nodes = share_of_paper(printed), int(printed["cohort.nodes"])
    rng = stream(options.seed, "reference", "paper")
    shares = rng.binomial(nodes, share, options.replicates) / nodes
    assumed = assumptions(test, share, shares, level=options.level, rng=rng)
    for one in published_classifiers(printed):
        yield from rows_of("paper", one, assumed, options)


def _rows_of_study(
    study: StudyFiles, test: ReferenceTest, options: BootstrapOptions
) -> Iterator[Row]:
    """Yield the rows of the study, whose patients are drawn."""
    labelled, truth = labelled_nodes(study.nodes), None
    if study.truth is not None:
        truth = tables.read(study.truth, tables.TRUTH).set_index("node_id")["status"]
        test = simulated_test(labelled, truth)
    positive, share = share_of_positives(labelled)
    patients = PatientBootstrap(
        np.zeros(len(labelled), bool),
        labelled["patient_id"].to_numpy(str),
        BootstrapOptions(
            options.replicates,
            options.level,
            named_seed(options.seed, "reference", "patients"),
        ),
    )
    called, drawn = patients.sums([positive, np.ones(len(labelled))]).T
    rng = stream(options.seed, "reference", "study")
    assumed = assumptions(test, share, called / drawn, level=options.level, rng=rng)
    for one in study_classifiers(study.statistics, study.scores, truth):
        yield from rows_of("study", one, assumed, options)
