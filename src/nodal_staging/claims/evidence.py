"""What a study measured that speaks to the claims, each number with its interval."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nodal_staging import tables
from nodal_staging.auc_differences import AUC_DIFFERENCES
from nodal_staging.claims.rules import Estimate
from nodal_staging.classifier_names import printed
from nodal_staging.clustered import clustered_auc, logit_interval
from nodal_staging.files import read_json
from nodal_staging.mcnemar import MCNEMAR


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """The artefacts of a study, read.

    Attributes
    ----------
    statistics
        Classifier to its JSON.
    differences, comparisons, location, nodes
        ``AUC_DIFFERENCES``, ``MCNEMAR``, ``tables.SITE_MATCHED`` and
        ``tables.NODES``.
    level
        Confidence level of every interval.
    """

    statistics: Mapping[str, Mapping[str, Any]]
    differences: pd.DataFrame
    comparisons: pd.DataFrame
    location: pd.DataFrame
    nodes: pd.DataFrame
    level: float

    @classmethod
    def read(
        cls,
        *,
        statistics: Sequence[str | Path],
        differences: str | Path,
        comparisons: str | Path,
        location: str | Path,
        nodes: str | Path,
        level: float,
    ) -> "Evidence":
        """Read the files of a study."""
        return cls(
            {one["classifier"]: one for one in map(read_json, statistics)},
            tables.read(differences, AUC_DIFFERENCES),
            tables.read(comparisons, MCNEMAR),
            tables.read(location, tables.SITE_MATCHED),
            tables.read(nodes, tables.NODES),
            level,
        )

    def auc(self, classifier: str) -> Estimate:
        """Return an AUC with the interval for nodes nested in patients."""
        area = self.statistics[classifier]["auc"]
        ends = area["intervals"]["obuchowski_logit"]
        name = f"AUC of {printed(classifier)}"
        return Estimate(name, area["estimate"], ends["lower"], ends["upper"])

    def auc_difference(self, a: str, b: str) -> Estimate:
        """Return AUC of ``a`` less that of ``b``, over patients.

        Both orders of a pair are found; without one the numbers are None.
        """
        name = f"AUC of {printed(a)} less that of {printed(b)}"
        for first, second, sign in ((a, b, 1), (b, a, -1)):
            found = self.differences[
                (self.differences["classifier_a"] == first)
                & (self.differences["classifier_b"] == second)
            ]
            if len(found):
                return _signed(name, found.iloc[0], sign)
        return Estimate(name, None, None, None)

    def site_matched(self, classifier: str) -> Estimate:
        """Return the AUC over pairs of the same location."""
        row = self.location.set_index("classifier").loc[classifier]
        name = f"AUC of {printed(classifier)} within locations"
        return Estimate(name, row["site_matched_auc"], row["lower"], row["upper"])

    def volume(self) -> Estimate:
        """Return the AUC of the volume over all nodes of the study."""
        measured = self.nodes[self.nodes["volume_mm3"].notna()]
        area = clustered_auc(
            measured["volume_mm3"].to_numpy(float),
            measured["status"].eq("positive").to_numpy(bool),
            measured["patient_id"].to_numpy(str),
        )
        lower, upper = logit_interval(area, level=self.level)
        return Estimate("AUC of the volume, all nodes", area.estimate, lower, upper)

    def volume_overlap(self) -> float:
        """Return the share that the distributions of log volume have in common.

        Ranges from 0 (apart) to 1 (the same): one less half the sum of absolute
        differences of histograms of ten bins that hold as many nodes each.
        """
        volume = np.log(self.nodes["volume_mm3"].to_numpy(float))
        positive = self.nodes["status"].eq("positive").to_numpy(bool)
        edges = np.quantile(volume, np.linspace(0, 1, 11))
        shares = [
            np.histogram(volume[members], edges)[0] / members.sum()
            for members in (positive, ~positive)
        ]
        return float(np.minimum(*shares).sum())


def _signed(name: str, row: pd.Series, sign: int) -> Estimate:
    """Return a difference, turned where the pair stands in the other order."""
    lower, upper = row["clustered_lower"], row["clustered_upper"]
    if pd.isna(lower):
        lower, upper = row["delong_lower"], row["delong_upper"]
    if pd.isna(lower):
        return Estimate(name, sign * row["difference"], None, None)
    ends = sorted((sign * float(lower), sign * float(upper)))
    return Estimate(name, sign * float(row["difference"]), *ends)
