"""The difference of two AUCs from independent patients."""

from dataclasses import dataclass
from math import inf

from nodal_staging.classifiers.labelled_scores import LabelledScores
from nodal_staging.estimates.delong import clustered_areas
from nodal_staging.estimates.wald import wald_interval


@dataclass(frozen=True, slots=True)
class Difference:
    """A difference of AUCs, A less B, with its interval; None where there is none."""

    estimate: float
    lower: float | None
    upper: float | None


def unpaired_difference(
    a: LabelledScores, b: LabelledScores, *, level: float
) -> Difference:
    """Compare the AUCs of two samples that share no patient.

    The variances over patients add up; Satterthwaite's degrees of freedom of the sum
    decide the quantile of Student's t.

    Parameters
    ----------
    a, b
        Nodes of each sample; every class stems from at least two patients.
    level
        Confidence level.

    References
    ----------
    Obuchowski, Biometrics 1997;53:567. Satterthwaite, Biometrics Bull 1946;2:110.
    """
    estimate = a.area.estimate - b.area.estimate
    parts = [(one.area.standard_error**2, _freedom(one)) for one in (a, b)]
    variance = sum(part for part, _ in parts)
    if variance <= 0:
        return Difference(estimate, None, None)
    freedom = variance**2 / sum(part**2 / of_part for part, of_part in parts)
    return Difference(
        estimate,
        *wald_interval(estimate, variance**0.5, level=level, freedom=freedom),
    )


def _freedom(one: LabelledScores) -> float:
    """Return the degrees of freedom of the standard error of an AUC."""
    found = clustered_areas(one.score[None], one.positive, one.patient_id).freedom
    return inf if found is None else float(found[0])
