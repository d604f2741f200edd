"""Results beside the best that the truth of a synthetic cohort allows.

A result significantly above its ceiling means a leak. Some dozen classifiers are
compared, so one-sided significance is asked at 0.01 over 12 by Bonferroni: z > 3.1.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from nodal_staging import tables
from nodal_staging.classifier_names import is_reader
from nodal_staging.files import read_json
from nodal_staging.problems import InputError

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
}
"""What each classifier sees. The location-balanced CNN could see the location, but
its training gives it no reason to; as in the paper it stands beside ``node_only``.
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
    """Write each classifier's AUC beside its ceiling (``tables.CEILINGS``).

    Parameters
    ----------
    statistics
        Classifier to its statistics.
    truth
        ``truth.json`` of the synthetic cohort. A leak is judged by the ceilings of
        the latents; those of what an image shows of them stand beside.
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
        row = _compare(classifier, view, read_json(path)["auc"], ideal[view])
        rows.append(row | {"realistic_ceiling": realistic[view]["auc"]})
    frame = pd.DataFrame(rows)
    tables.write(frame, output, tables.CEILINGS)
    leaks = frame[frame["status"] == "leak"]
    if len(leaks):
        worst = leaks.iloc[0]
        raise LeakError(
            f"{worst['classifier']}: AUC {worst['auc']:.3f} is {worst['z']:.1f} "
            f"standard errors above its ceiling {worst['ceiling']:.3f}; information "
            "leaks into its training or its scores, see datasets/certificate.json"
        )


def _view(classifier: str, readers_see_location: bool) -> str:
    """Return what a classifier sees; of a user's own nobody knows, so everything."""
    if is_reader(classifier):
        return "all" if readers_see_location else "node_only"
    return VIEW_OF.get(classifier, "all")


def _compare(
    classifier: str,
    view: str,
    auc: Mapping[str, object],
    ceiling: Mapping[str, float],
) -> dict[str, object]:
    """Compare one AUC with its ceiling."""
    estimate = float(auc["estimate"])  # type: ignore[arg-type]
    error = float(auc["standard_error"]["obuchowski"])  # type: ignore[index]
    difference = estimate - ceiling["auc"]
    total = float(np.hypot(error, ceiling["standard_error"]))
    z = difference / total if total > 0 else 0.0
    status = "leak" if z > LEAK_Z else "below" if z < BELOW_Z else "at"
    return {
        "classifier": classifier,
        "ceiling_of": view,
        "auc": estimate,
        "standard_error": error,
        "ceiling": ceiling["auc"],
        "ceiling_standard_error": ceiling["standard_error"],
        "difference": difference,
        "z": z,
        "status": status,
    }
