"""How much of an AUC is the location: AUC over pairs of the same location."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from nodal_staging import tables
from nodal_staging.classifiers.labelled_scores import LabelledScores, read_partition
from nodal_staging.estimates.patient_bootstrap import BootstrapOptions, PatientBootstrap
from nodal_staging.study.arrays import BoolArray, FloatArray, TextArray
from nodal_staging.study.seeds import named_seed


def audit_location(
    *,
    scores: Mapping[str, str | Path],
    nodes: str | Path,
    bootstrap: BootstrapOptions,
    location: str | Path,
) -> None:
    """Write the site-matched AUC of every classifier.

    Parameters
    ----------
    scores
        Classifier to ``tables.SCORES``; the test partition counts.
    nodes
        ``tables.NODES``, for the location of each node.
    bootstrap
        Replicates, confidence level and the seed of the study.
    location
        Output: ``tables.SITE_MATCHED``.
    """
    places = tables.read(nodes, tables.NODES).set_index("node_id")["location"]
    rows = []
    for classifier, path in scores.items():
        tested = read_partition(path, "test", classifier=classifier)
        matched = SiteMatched.of(tested, places)
        seed = named_seed(bootstrap.seed, "audit", classifier)
        drawn = PatientBootstrap(
            tested.positive, tested.patient_id, replace(bootstrap, seed=seed)
        )
        lower, upper = drawn.interval(matched.bootstrap(drawn))
        rows.append(
            {
                "classifier": classifier,
                "auc": matched.plain(),
                "site_matched_auc": matched.auc(),
                "lower": lower,
                "upper": upper,
                "pairs": matched.n_pairs,
                "locations": matched.n_locations,
            }
        )
    tables.write(pd.DataFrame(rows), location, tables.SITE_MATCHED)


class SiteMatched:
    """AUC over pairs of a positive and a negative node of the same location.

    A classifier that knows the location alone ties every such pair and reaches 0.5.
    """

    def __init__(
        self,
        score: FloatArray,
        positive: BoolArray,
        location: TextArray,
    ) -> None:
        """Compare every positive with every negative ``(n_positive, n_negative)``."""
        self.cases, self.controls = np.flatnonzero(positive), np.flatnonzero(~positive)
        a, b = self.cases, self.controls
        difference = score[a][:, None] - score[b][None, :]
        self.wins = (difference > 0) + 0.5 * (difference == 0)
        self.same = location[a][:, None] == location[b][None, :]
        self.n_locations = len(np.intersect1d(location[a], location[b]))

    @classmethod
    def of(cls, tested: LabelledScores, places: pd.Series) -> "SiteMatched":
        """Take test nodes and the location of each node by name."""
        location = places.loc[tested.node_id].to_numpy(str)
        return cls(tested.score, tested.positive, location)

    @property
    def n_pairs(self) -> int:
        """Pairs of the same location."""
        return int(self.same.sum())

    def plain(self) -> float:
        """Return the AUC over all pairs."""
        return float(self.wins.mean())

    def auc(self) -> float:
        """Return the AUC over pairs of the same location; NaN without any."""
        return float(self.wins[self.same].mean()) if self.n_pairs else float("nan")

    def bootstrap(self, drawn: PatientBootstrap) -> FloatArray:
        """Return the site-matched AUC of resampled patients ``(replicates,)``.

        NaN where a replicate has no pair of the same location.
        """
        weighted = self.wins * self.same
        pairs = self.same.astype(float)
        times = drawn.times[:, drawn.patient]
        cases, controls = times[:, self.cases], times[:, self.controls]
        won = np.einsum("ri,ri->r", cases @ weighted, controls)
        total = np.einsum("ri,ri->r", cases @ pairs, controls)
        result = np.full(len(total), np.nan)
        np.divide(won, total, out=result, where=total > 0)
        return result
