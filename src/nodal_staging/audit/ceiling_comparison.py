"""Results compared with the best that the truth of a synthetic cohort allows.

A result significantly above its ceiling means a leak. Some dozen classifiers are
compared, so one-sided significance is tested at 0.01 over 12 by Bonferroni: z > 3.1.
Logits are compared: next to 1 the standard error of an AUC is far too small, and
without logits one in 15 honest classifiers of 24 nodes would count as a leak.
"""

from collections.abc import Mapping
from math import hypot
from pathlib import Path
from typing import Any

import pandas as pd
from scipy.special import logit

from nodal_staging import tables
from nodal_staging.statistics.precision.area import expected_error
from nodal_staging.study.classifier_names import is_reader
from nodal_staging.study.errors import InputError
from nodal_staging.study.files import read_json

LEAK_Z = 3.1
BELOW_Z = -1.96

VIEW_OF = {
    "cnn_status_balanced": "all",
    "cnn_location_balanced": "node_only",
    "cnn_xmask": "node_only",
    "rf_status_balanced": "location_size",
    "rf_location_balanced": "size",
    "attenuation_27hu": "node_only",
    "short_axis_8mm": "size",
    "short_axis_10mm": "size",
    "volume": "size",
    "location": "location",
    "logistic_location_volume": "location_size",
    "radiomics_status_balanced": "node_only",
    "radiomics_location_balanced": "node_only",
    "radiomics_forest_status_balanced": "node_only",
    "radiomics_forest_location_balanced": "node_only",
}
"""What each classifier sees. The location-balanced CNN could see the location, but
its training gives it no reason to; as in the paper it is compared with ``node_only``.
Median attenuation also carries the hilum and, by partial volume, the size."""


class LeakError(InputError):
    """A classifier is better than anything that sees what it sees can be."""

    reason = "leak"


def audit_ceilings(
    *,
    statistics: Mapping[str, str | Path],
    truth: str | Path,
    readers_see_location: bool,
    output: str | Path,
) -> None:
    """Write each classifier's AUC with its ceiling (``tables.CEILINGS``).

    Parameters
    ----------
    statistics
        Classifier to its statistics.
    truth
        ``truth.json`` of the synthetic cohort. A leak is judged by the ceilings of
        the latents; those of what an image shows of them are reported as well.
    readers_see_location
        Whether the simulated readers weigh location.
    output
        The table; written before a leak is raised.

    Raises
    ------
    LeakError
        If an AUC is significantly above its ceiling.
    """
    known = read_json(truth)
    ideal = known["ceilings"]["status_balanced"]
    realistic = known["realistic_ceilings"]["status_balanced"]
    rows = []
    for classifier, path in statistics.items():
        view = _view(classifier, readers_see_location)
        row = _compare(classifier, view, read_json(path), ideal[view])
        rows.append(row | {"realistic_ceiling": realistic[view]["auc"]})
    frame = pd.DataFrame(rows)
    tables.write(frame, output, tables.CEILINGS)
    leaks = frame[frame["status"] == "leak"]
    if len(leaks):
        worst = leaks.iloc[0]
        raise LeakError(
            f"{worst['classifier']}: AUC {worst['auc']:.3f} lies above its ceiling "
            f"{worst['ceiling']:.3f}, z {worst['z']:.1f} where {LEAK_Z} is allowed; "
            "information leaks into its training or its scores, see "
            "datasets/certificate.json"
        )


def _view(classifier: str, readers_see_location: bool) -> str:
    """Return what a classifier sees: everything, if that is unknown."""
    if is_reader(classifier):
        return "all" if readers_see_location else "node_only"
    return VIEW_OF.get(classifier, "all")


def _compare(
    classifier: str,
    view: str,
    statistics: Mapping[str, Any],
    ceiling: Mapping[str, float],
) -> dict[str, object]:
    """Compare one AUC with its ceiling."""
    estimate = float(statistics["auc"]["estimate"])
    error = float(statistics["auc"]["standard_error"]["obuchowski"])
    z = distance_from_ceiling(
        (estimate, error),
        (ceiling["auc"], ceiling["standard_error"]),
        n_positive=statistics["n"]["positive"],
        n_negative=statistics["n"]["negative"],
    )
    status = "leak" if z > LEAK_Z else "below" if z < BELOW_Z else "at"
    return {
        "classifier": classifier,
        "ceiling_of": view,
        "auc": estimate,
        "standard_error": error,
        "ceiling": ceiling["auc"],
        "ceiling_standard_error": ceiling["standard_error"],
        "difference": estimate - ceiling["auc"],
        "z": z,
        "status": status,
    }


def distance_from_ceiling(
    auc: tuple[float, float],
    ceiling: tuple[float, float],
    *,
    n_positive: int,
    n_negative: int,
) -> float:
    """Return how far an AUC lies above its ceiling, in standard errors.

    Of the difference of logits (Pepe, The Statistical Evaluation of Medical Tests,
    2003, section 5.2.5). An AUC without logit or error, as a perfect one, is set
    in addition to the error that as many independent nodes have at the ceiling.

    Parameters
    ----------
    auc, ceiling
        Each with its standard error.
    n_positive, n_negative
        Nodes behind the AUC.
    """
    (area, error), (highest, uncertain) = auc, ceiling
    if error > 0 and 0 < area < 1 and 0 < highest < 1:
        total = hypot(error * _slope(area), uncertain * _slope(highest))
        return float(logit(area) - logit(highest)) / total
    if 0 < highest < 1:
        error = expected_error(highest, n_positive, n_negative, model="binormal")
    total = hypot(error, uncertain)
    return (area - highest) / total if total > 0 else 0.0


def _slope(area: float) -> float:
    """Return how fast the logit grows with the area."""
    return 1 / (area * (1 - area))
