"""Average precision of a classifier at the prevalences of the test set and the study.

PPV depends on the prevalence, so average precision stands next to its baseline, which
is the prevalence.
"""

from typing import Any

import numpy as np

from nodal_staging.classifiers.labelled_scores import LabelledScores
from nodal_staging.estimates.average_precision import average_precision
from nodal_staging.estimates.patient_bootstrap import PatientBootstrap

Block = dict[str, Any]


def describe_average_precision(
    tested: LabelledScores, natural: float | None, drawn: PatientBootstrap
) -> Block:
    """Return average precision with its interval over patients, by mix.

    Parameters
    ----------
    tested
        The test partition.
    natural
        Share of positive nodes in the study, or None where it is unknown.
    drawn
        Patients of the test partition.
    """
    mixes = {"test": float(tested.positive.mean())}
    if natural is not None and 0 < natural < 1:
        mixes["natural"] = natural
    once = np.ones((1, len(tested.score)))
    times = drawn.times[:, drawn.patient]
    found: Block = {}
    for name, prevalence in mixes.items():
        of = tested.score, tested.positive
        lower, upper = drawn.interval(average_precision(*of, times, prevalence))
        found[name] = {
            "prevalence": prevalence,
            "estimate": float(average_precision(*of, once, prevalence)[0]),
            "lower": lower,
            "upper": upper,
            **drawn.options.described(),
        }
    return found
