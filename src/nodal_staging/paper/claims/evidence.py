"""The measurements that the claims rest on, each number with its interval."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nodal_staging import tables
from nodal_staging.audit.heatmaps import OUTSIDE
from nodal_staging.audit.relevance_regions import LOCALISATION, OVER_CONTROLS
from nodal_staging.estimates.auc_intervals import logit_interval
from nodal_staging.estimates.delong import clustered_auc
from nodal_staging.estimates.patient_bootstrap import BootstrapOptions, PatientBootstrap
from nodal_staging.heatmaps.heatmap_files import TRAINED
from nodal_staging.paper.claims.controls import OverControl, first_method, over_controls
from nodal_staging.paper.claims.rules import Estimate
from nodal_staging.statistics.auc_differences import AUC_DIFFERENCES
from nodal_staging.statistics.mcnemar import MCNEMAR
from nodal_staging.study.classifier_names import printed
from nodal_staging.study.files import read_json
from nodal_staging.study.seeds import named_seed


@dataclass(frozen=True, slots=True)
class EvidenceFiles:
    """Files of the attributes of ``Evidence``; the statistics of every classifier."""

    statistics: Sequence[str | Path]
    differences: str | Path
    simple: str | Path
    comparisons: str | Path
    location: str | Path
    localisation: str | Path
    controls: str | Path
    halo: str | Path
    nodes: str | Path
    xmask: str | Path


@dataclass(frozen=True, slots=True)
class RefitFiles:
    """Files of the same attributes for another training of the CNNs."""

    differences: str | Path
    comparisons: str | Path
    location: str | Path
    xmask: str | Path


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """The artefacts of a study, read.

    Attributes
    ----------
    statistics
        Classifier to its JSON.
    differences, simple
        ``AUC_DIFFERENCES`` of the family, and of each CNN and the simple classifier
        that is the best out of fold.
    comparisons, location, localisation, controls, halo, nodes
        ``MCNEMAR``, ``tables.SITE_MATCHED``, ``LOCALISATION``,
        ``OVER_CONTROLS``, ``OUTSIDE`` and ``tables.NODES``.
    xmask
        ``tables.SCORES`` of the xMask CNN.
    bootstrap
        Replicates, confidence level of every interval, and the seed of the study.
    """

    statistics: Mapping[str, Mapping[str, Any]]
    differences: pd.DataFrame
    simple: pd.DataFrame
    comparisons: pd.DataFrame
    location: pd.DataFrame
    localisation: pd.DataFrame
    controls: pd.DataFrame
    halo: pd.DataFrame
    nodes: pd.DataFrame
    xmask: pd.DataFrame
    bootstrap: BootstrapOptions

    @classmethod
    def read(cls, files: EvidenceFiles, bootstrap: BootstrapOptions) -> "Evidence":
        """Read the files of a study.

        Parameters
        ----------
        files
            Of the study.
        bootstrap
            Replicates, confidence level and the seed of the study.
        """
        return cls(
            {one["classifier"]: one for one in map(read_json, files.statistics)},
            tables.read(files.differences, AUC_DIFFERENCES),
            tables.read(files.simple, AUC_DIFFERENCES),
            tables.read(files.comparisons, MCNEMAR),
            tables.read(files.location, tables.SITE_MATCHED),
            tables.read(files.localisation, LOCALISATION),
            tables.read(files.controls, OVER_CONTROLS),
            tables.read(files.halo, OUTSIDE),
            tables.read(files.nodes, tables.NODES),
            tables.read(files.xmask, tables.SCORES),
            bootstrap,
        )

    def of_refit(self, files: RefitFiles) -> "Evidence":
        """Return the evidence of another training; heatmaps stay those of the first."""
        return replace(
            self,
            differences=tables.read(files.differences, AUC_DIFFERENCES),
            comparisons=tables.read(files.comparisons, MCNEMAR),
            location=tables.read(files.location, tables.SITE_MATCHED),
            xmask=tables.read(files.xmask, tables.SCORES),
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

    def over_simple(self, cnn: str) -> tuple[str, Estimate] | None:
        """Return the best simple classifier of a CNN, and the difference of AUC to it.

        None where no simple classifier scored the training nodes of the CNN.
        """
        rows = self.simple[self.simple["classifier_a"] == cnn]
        if rows.empty:
            return None
        best = str(rows["classifier_b"].iloc[0])
        name = f"AUC of {printed(cnn)} less that of {printed(best)}"
        return best, _signed(name, rows.iloc[0], 1)

    def site_matched(self, classifier: str) -> Estimate:
        """Return the AUC over pairs of the same location."""
        row = self.location.set_index("classifier").loc[classifier]
        name = f"AUC of {printed(classifier)} within locations"
        return Estimate(name, row["site_matched_auc"], row["lower"], row["upper"])

    def over_controls(self, cnn: str) -> list[OverControl]:
        """Return the share on the node over the CNN's own controls, first method."""
        return over_controls(
            cnn, self._method(), controls=self.controls, halo=self.halo
        )

    def mask_share(self, cnn: str) -> float | None:
        """Return what a mask channel has of all absolute relevance; None without."""
        table = self.localisation
        rows = table[
            (table["cnn"] == cnn)
            & (table["method"] == self._method())
            & (table["group"] == "all")
        ]
        shares = rows["ct_share"].dropna()
        return 1 - float(shares.iloc[0]) if len(shares) else None

    def outside(self, method: str) -> float | None:
        """Return the halo of the trained xMask CNN by a method; None without."""
        rows = self._halo("xmask", method)
        share = rows.loc[rows["network"] == TRAINED, "outside_share"].dropna()
        return float(share.iloc[0]) if len(share) else None

    def halo_beyond(self, network: str) -> Estimate:
        """Return the halo of the trained xMask CNN less that of a control network."""
        name = f"halo of CNN, xMask less that of {_spaced(network)}"
        rows = self._halo("xmask", self._method())
        rows = rows[rows["network"] == network]
        if rows.empty:
            return Estimate(name, None, None, None)
        columns = ("difference", "difference_lower", "difference_upper")
        return Estimate.of(name, *(rows.iloc[0][column] for column in columns))

    def halo_controls(self) -> list[str]:
        """List the networks with which the halo of the trained one is compared."""
        rows = self.halo[self.halo["cnn"] == "xmask"]
        return [name for name in pd.unique(rows["network"]) if name != TRAINED]

    def score_by_volume(self) -> Estimate:
        """Return how the xMask score rises with volume among negative test nodes."""
        rows = self.xmask[
            (self.xmask["partition"] == "test") & (self.xmask["status"] == "negative")
        ]
        volume = self.nodes.set_index("node_id").loc[rows["node_id"], "volume_mm3"]
        seed = named_seed(self.bootstrap.seed, "claims", "score by volume")
        patients = PatientBootstrap(
            np.zeros(len(rows), bool),
            rows["patient_id"].to_numpy(str),
            replace(self.bootstrap, seed=seed),
        )
        found = patients.correlation(
            rows["score"].to_numpy(float), volume.to_numpy(float)
        )
        name = "rank correlation of score and volume, negative nodes"
        return Estimate.of(name, found.value, found.lower, found.upper)

    def _method(self) -> str:
        """Name the first method of the study."""
        return first_method(self.localisation)

    def _halo(self, cnn: str, method: str) -> pd.DataFrame:
        table = self.halo
        return table[(table["cnn"] == cnn) & (table["method"] == method)]

    def volume(self) -> Estimate:
        """Return the AUC of the volume over all nodes of the study."""
        measured = self.nodes[self.nodes["volume_mm3"].notna()]
        area = clustered_auc(
            measured["volume_mm3"].to_numpy(float),
            measured["status"].eq("positive").to_numpy(bool),
            measured["patient_id"].to_numpy(str),
        )
        lower, upper = logit_interval(area, level=self.bootstrap.level)
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


def _spaced(network: str) -> str:
    return network.replace("_", " ")


def _signed(name: str, row: pd.Series, sign: int) -> Estimate:
    """Return a difference, turned where the pair stands in the other order."""
    lower, upper = row["clustered_lower"], row["clustered_upper"]
    if pd.isna(lower):
        lower, upper = row["delong_lower"], row["delong_upper"]
    if pd.isna(lower):
        return Estimate(name, sign * row["difference"], None, None)
    ends = sorted((sign * float(lower), sign * float(upper)))
    return Estimate(name, sign * float(row["difference"]), *ends)
