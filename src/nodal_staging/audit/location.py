"""How much of an AUC is the address: AUC over pairs of the same location."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from nodal_staging import tables
from nodal_staging.study.seeds import stream

FloatArray = npt.NDArray[np.float64]


def audit_location(
    *,
    scores: Mapping[str, str | Path],
    nodes: str | Path,
    replicates: int,
    confidence_level: float,
    seed: int,
    location: str | Path,
) -> None:
    """Write the site-matched AUC of every classifier.

    Parameters
    ----------
    scores
        Classifier to ``tables.SCORES``; the test partition counts.
    nodes
        ``tables.NODES``, for the location of each node.
    replicates, confidence_level, seed
        Of the bootstrap over patients.
    location
        Output: ``tables.SITE_MATCHED``.
    """
    places = tables.read(nodes, tables.NODES).set_index("node_id")["location"]
    rows = []
    for classifier, path in scores.items():
        frame = tables.read(path, tables.SCORES)
        tested = frame[frame["partition"] == "test"]
        matched = SiteMatched.of(tested, places)
        draws = matched.bootstrap(replicates, stream(seed, "audit", classifier))
        low, high = _interval(draws, confidence_level)
        rows.append(
            {
                "classifier": classifier,
                "auc": matched.plain(),
                "site_matched_auc": matched.auc(),
                "lower": low,
                "upper": high,
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
        positive: npt.NDArray[np.bool_],
        location: npt.NDArray[np.str_],
        patient: npt.NDArray[np.str_],
    ) -> None:
        """Compare every positive with every negative ``(n_positive, n_negative)``."""
        a, b = np.flatnonzero(positive), np.flatnonzero(~positive)
        difference = score[a][:, None] - score[b][None, :]
        self.wins = (difference > 0) + 0.5 * (difference == 0)
        self.same = location[a][:, None] == location[b][None, :]
        names, index = np.unique(patient, return_inverse=True)
        self.patients, self.row, self.column = len(names), index[a], index[b]
        self.n_locations = len(np.intersect1d(location[a], location[b]))

    @classmethod
    def of(cls, tested: pd.DataFrame, places: pd.Series) -> "SiteMatched":
        """Take the test rows of a score table."""
        return cls(
            tested["score"].to_numpy(float),
            tested["status"].eq("positive").to_numpy(),
            places.loc[tested["node_id"]].to_numpy(str),
            tested["patient_id"].to_numpy(str),
        )

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

    def bootstrap(self, replicates: int, rng: np.random.Generator) -> FloatArray:
        """Return the site-matched AUC of resampled patients ``(replicates,)``."""
        weighted = self.wins * self.same
        pairs = self.same.astype(float)
        drawn = rng.multinomial(
            self.patients, np.full(self.patients, 1 / self.patients), size=replicates
        ).astype(float)
        rows, columns = drawn[:, self.row], drawn[:, self.column]
        won = np.einsum("ri,ri->r", rows @ weighted, columns)
        total = np.einsum("ri,ri->r", rows @ pairs, columns)
        result: FloatArray = won[total > 0] / total[total > 0]
        return result


def _interval(draws: FloatArray, level: float) -> tuple[float, float]:
    """Return the percentile interval."""
    if not len(draws):
        return float("nan"), float("nan")
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
