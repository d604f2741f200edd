"""Each CNN set against the best simple classifier of the same training nodes.

Which simple classifier is the best is decided out of fold, on the training nodes. The
test nodes then compare two classifiers, not one with the luckiest of many: the interval
and p of the difference hold as they stand.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from nodal_staging import tables
from nodal_staging.classifiers.labelled_scores import ScoredClassifier
from nodal_staging.statistics.auc_differences import (
    AUC_DIFFERENCES,
    Scored,
    compare_pairs,
)
from nodal_staging.study.classifier_names import in_order
from nodal_staging.tables.columns import count, number, one_of, table, text

SIMPLE_CHOICE = table(
    {
        "cnn": text(),
        "simple": text(),
        "nodes": count(),
        "out_of_fold_auc": number(0, 1),
        "chosen": one_of(["yes", "no"]),
    },
    unique=["cnn", "simple"],
)
"""Simple classifiers that scored, out of fold, the nodes on which a CNN was trained."""


def compare_with_simple(
    *,
    cnns: Mapping[str, str | Path],
    simple: Mapping[str, str | Path],
    confidence_level: float,
    choice: str | Path,
    differences: str | Path,
) -> None:
    """Compare each CNN with the best simple classifier on the test nodes.

    Parameters
    ----------
    cnns, simple
        Name of a classifier to its ``tables.SCORES``.
    confidence_level
        Of every interval.
    choice, differences
        Outputs: ``SIMPLE_CHOICE``, and ``AUC_DIFFERENCES`` with the CNN first. A CNN
        whose training nodes no simple classifier scored has no row.

    Raises
    ------
    ScoreError
        If two classifiers have not scored the same test nodes.
    AgreementError
        If pROC and the independent implementation disagree.
    """
    read = {
        name: ScoredClassifier.read(name, path)
        for name, path in (dict(cnns) | dict(simple)).items()
    }
    rows = [row for cnn in cnns for row in choose_simple(read[cnn], _of(read, simple))]
    chosen = [
        (str(row["cnn"]), str(row["simple"])) for row in rows if row["chosen"] == "yes"
    ]
    used = {name: Scored.of(name, read[name].test) for pair in chosen for name in pair}
    pairs = [(used[cnn], used[best]) for cnn, best in chosen]
    frame = pd.DataFrame(rows, columns=list(SIMPLE_CHOICE.columns))
    tables.write(frame, choice, SIMPLE_CHOICE)
    tables.write(compare_pairs(pairs, confidence_level), differences, AUC_DIFFERENCES)


def choose_simple(
    cnn: ScoredClassifier, simple: Sequence[ScoredClassifier]
) -> list[dict[str, object]]:
    """Return ``SIMPLE_CHOICE`` for a CNN; of equal ones, the first in print is chosen.

    Parameters
    ----------
    cnn, simple
        Those of other training nodes than the CNN's are left out.
    """
    trained = cnn.out_of_fold.node_id
    known = {one.name: one for one in simple}
    ranked = [
        (name, known[name].out_of_fold.area.estimate)
        for name in in_order(known)
        if np.array_equal(known[name].out_of_fold.node_id, trained)
    ]
    best = max((area for _, area in ranked), default=None)
    names = [name for name, area in ranked if area == best]
    return [
        {
            "cnn": cnn.name,
            "simple": name,
            "nodes": len(trained),
            "out_of_fold_auc": area,
            "chosen": "yes" if name == names[0] else "no",
        }
        for name, area in ranked
    ]


def _of(
    read: Mapping[str, ScoredClassifier], names: Mapping[str, object]
) -> list[ScoredClassifier]:
    return [read[name] for name in names]
