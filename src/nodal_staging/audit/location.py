"""How much of an AUC is the location: AUC over pairs of the same location."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
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


@dataclass(frozen=True, slots=True, eq=False)
class PairAreas:
    """AUCs ``(replicates,)``, each NaN where a replicate has no pair for it.

    Attributes
    ----------
    plain
        Over all pairs of a positive and a negative node.
    matched
        Over pairs of the same location.
    equal_mix
        Over all pairs, weighted so that both classes have the same mix of locations.
    """

    plain: FloatArray
    matched: FloatArray
    equal_mix: FloatArray


class SiteMatched:
    """AUC over pairs of a positive and a negative node of the same location.

    A classifier of the location alone ties every such pair and reaches 0.5. It also
    reaches 0.5 over all pairs at an equal mix of locations (``PairAreas``), which has
    the smaller variance: with a test set of 60 positive and 115 negative nodes, one
    pair in ten is of the same location.
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
        one_hot = np.unique(location)[:, None] == location
        self._at = one_hot.astype(float)

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

    def plain_areas(self, times: FloatArray) -> FloatArray:
        """Return ``PairAreas.plain`` without the others; see ``areas``."""
        return _share(self.wins, times[:, self.cases], times[:, self.controls])

    def auc(self) -> float:
        """Return the AUC over pairs of the same location; NaN without any."""
        return float(self.wins[self.same].mean()) if self.n_pairs else float("nan")

    def bootstrap(self, drawn: PatientBootstrap) -> FloatArray:
        """Return the site-matched AUC of resampled patients ``(replicates,)``.

        NaN where a replicate has no pair of the same location.
        """
        return self.areas(drawn.times[:, drawn.patient]).matched

    def areas(self, times: FloatArray) -> PairAreas:
        """Return the AUCs of nodes that count several times.

        Parameters
        ----------
        times
            How often each node counts ``(replicates, n)``.

        References
        ----------
        Weights of the equal mix: Li et al., Balancing covariates via propensity score
        weighting, JASA 2018;113:390 (overlap weights, of the smallest variance).
        """
        cases, controls = times[:, self.cases], times[:, self.controls]
        of_case, of_control = self._equal_mix(cases, controls)
        return PairAreas(
            plain=self.plain_areas(times),
            matched=_share(self.wins, cases, controls, self.same.astype(float)),
            equal_mix=_share(self.wins, cases * of_case, controls * of_control),
        )

    def _equal_mix(
        self, cases: FloatArray, controls: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Return the weights with which both classes have one mix of locations.

        With shares p of the positive and q of the negative nodes at a location, a
        positive node counts q / (p + q) and a negative one p / (p + q), so that the
        location has the share p q / (p + q) in both.
        """
        at_cases, at_controls = self._at[:, self.cases], self._at[:, self.controls]
        p, q = cases @ at_cases.T, controls @ at_controls.T
        p, q = p / p.sum(axis=1)[:, None], q / q.sum(axis=1)[:, None]
        total = np.where(p + q > 0, p + q, 1)
        return (q / total) @ at_cases, (p / total) @ at_controls


def _share(
    wins: FloatArray,
    cases: FloatArray,
    controls: FloatArray,
    pairs: FloatArray | None = None,
) -> FloatArray:
    """Return the weighted share of pairs that are won ``(replicates,)``.

    Parameters
    ----------
    wins
        Which pairs are won ``(n_positive, n_negative)``.
    cases, controls
        Weight of each node ``(replicates, n_positive)``, ``(replicates, n_negative)``.
    pairs
        Which pairs count ``(n_positive, n_negative)``; all by default.
    """
    if pairs is None:
        won = np.einsum("ri,ri->r", cases @ wins, controls)
        total = cases.sum(axis=1) * controls.sum(axis=1)
    else:
        won = np.einsum("ri,ri->r", cases @ (wins * pairs), controls)
        total = np.einsum("ri,ri->r", cases @ pairs, controls)
    result = np.full(len(total), np.nan)
    np.divide(won, total, out=result, where=total > 0)
    # Weights that are no integers round sums: of all pairs to a little more than all.
    share: FloatArray = np.clip(result, 0, 1)
    return share
