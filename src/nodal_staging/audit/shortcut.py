"""Whether a score goes with the location, and how much of its AUC that is worth.

Two intervals over the same draws of patients decide. Both must lie above one half:

- ``concordance``: among nodes of the same status, how often the score is higher where
  positive nodes are more frequent (``location_mix.SameStatus``);
- ``location_auc``: the AUC of the location alone.

The first is one half for a score that does not depend on the location given the status;
the second where the location says nothing, and there no use of it is a shortcut. Each
false flag needs an interval to miss one half from below, so that with 95% intervals at
most 2.5% are expected of either kind. Which locations go with positive nodes is
estimated on the study's other nodes.

The worth is the AUC less that at an equal mix of locations (``location.SiteMatched``):
what the classifier would lose if the location said nothing. It is the size of the
effect, and as a test it would miss more.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from nodal_staging import tables
from nodal_staging.audit.location import SiteMatched
from nodal_staging.audit.location_mix import Mix, SameStatus
from nodal_staging.classifiers.labelled_scores import LabelledScores, read_partition
from nodal_staging.estimates.interval import Interval
from nodal_staging.estimates.patient_bootstrap import BootstrapOptions, PatientBootstrap
from nodal_staging.study.arrays import FloatArray, TextArray
from nodal_staging.study.seeds import named_seed
from nodal_staging.tables.columns import (
    count,
    estimated,
    one_of,
    optional_number,
    table,
    text,
)

FEWEST_PAIRS = 20
"""Pairs of a positive and a negative node of one location below which nothing is
decided."""

NODE_SETS = [tables.ALL_TEST_NODES, "test"]

SHORTCUT = table(
    {
        "classifier": text(unique=True),
        "node_set": one_of(NODE_SETS),
        "patients": count(),
        "positive": count(),
        "negative": count(),
        "pairs": count(),
        **estimated("auc", 0, 1, known=True),
        **estimated("site_matched_auc", 0, 1),
        **estimated("concordance", 0, 1),
        **estimated("location_auc", 0, 1),
        "equal_mix_auc": optional_number(0, 1),
        **estimated("worth", -1, 1),
    },
)
"""Of each classifier, with intervals over patients: AUC over all pairs, and over the
``pairs`` of the same location; among nodes of the same status, the weighted share of
pairs in which the score is higher where positive nodes are more frequent; the AUC of
the location alone; the AUC at an equal mix of locations, and by how much it is lower
(``worth``). ``node_set``: all nodes of the test patients, or the balanced test set
where a classifier scored no others."""


def measure_shortcut(
    *,
    scores: Mapping[str, str | Path],
    test_scores: Mapping[str, str | Path],
    nodes: str | Path,
    bootstrap: BootstrapOptions,
    output: str | Path,
) -> None:
    """Measure how each score goes with the location, and what that is worth.

    Parameters
    ----------
    scores
        Classifier to scores of all nodes of the test patients (``tables.SCORES``).
    test_scores
        The same for classifiers that scored the test set alone.
    nodes
        ``tables.NODES`` of the study.
    bootstrap
        Replicates, confidence level and the seed of the study.
    output
        ``SHORTCUT``.
    """
    measured = tables.read(nodes, tables.NODES)
    rows = []
    for node_set, files in zip(NODE_SETS, (scores, test_scores), strict=True):
        for classifier, path in files.items():
            tested = read_partition(path, node_set, classifier=classifier)
            seed = named_seed(bootstrap.seed, "audit", "shortcut", classifier)
            options = replace(bootstrap, seed=seed)
            row = {"classifier": classifier, "node_set": node_set}
            rows.append(row | _row(tested, measured, options))
    frame = pd.DataFrame(rows, columns=list(SHORTCUT.columns))
    tables.write(frame, output, SHORTCUT)


def _row(
    tested: LabelledScores, nodes: pd.DataFrame, options: BootstrapOptions
) -> dict[str, object]:
    """Return the sizes, estimates and intervals of one classifier."""
    known = nodes.set_index("node_id")["location"]
    mix = Mix.of(
        nodes[~nodes["node_id"].isin(tested.node_id)],
        np.unique(nodes["location"].to_numpy(str)),
    )
    drawn = PatientBootstrap(tested.positive, tested.patient_id, options)
    use = LocationUse(drawn, known.loc[tested.node_id].to_numpy(str), mix)
    pairs = SiteMatched.of(tested, known)
    once, again = (pairs.areas(times) for times in use.times)
    plain = use.bounded(once.plain, again.plain)
    matched = use.bounded(once.matched, again.matched)
    worth = use.bounded(once.plain - once.equal_mix, again.plain - again.equal_mix)
    return {
        "patients": len(np.unique(tested.patient_id)),
        "positive": len(pairs.cases),
        "negative": len(pairs.controls),
        "pairs": pairs.n_pairs,
        "equal_mix_auc": once.equal_mix[0],
        **plain.named("auc"),
        **matched.named("site_matched_auc"),
        **use.concordance(tested.score).named("concordance"),
        **use.location_auc().named("location_auc"),
        **worth.named("worth"),
    }


@dataclass(frozen=True, slots=True)
class Bounded:
    """A value with the interval of its replicates; None where undefined."""

    value: float | None
    lower: float | None
    upper: float | None

    @classmethod
    def read(cls, row: Mapping[str, float], name: str) -> "Bounded":
        """Take a value and its interval from the columns of a row."""
        cells = (row[name], row[f"{name}_lower"], row[f"{name}_upper"])
        return cls(*(None if np.isnan(cell) else float(cell) for cell in cells))

    def named(self, name: str) -> dict[str, float | None]:
        """Return value and ends under the names of columns."""
        return {
            name: self.value,
            f"{name}_lower": self.lower,
            f"{name}_upper": self.upper,
        }

    def above(self, bound: float) -> bool | None:
        """Tell whether the interval lies above a bound; None without a width."""
        return Interval.of(self.lower, self.upper).above(bound)


class LocationUse:
    """Test nodes of which some draws of patients say how scores go with locations."""

    def __init__(self, drawn: PatientBootstrap, location: TextArray, mix: Mix) -> None:
        """Take draws of n nodes, their locations ``(n,)``, and the mix of others."""
        ratio = mix.ratio_at(location)
        self.drawn = drawn
        self.times = (np.ones((1, len(location))), drawn.times[:, drawn.patient])
        self._same_status = [
            SameStatus(drawn.positive, ratio, times) for times in self.times
        ]
        self._alone = SiteMatched(ratio, drawn.positive, location)

    @property
    def enough_pairs(self) -> bool:
        """Whether there are pairs enough of the same location to decide anything."""
        return self._alone.n_pairs >= FEWEST_PAIRS

    def bounded(self, once: FloatArray, again: FloatArray) -> Bounded:
        """Give a value ``(1,)`` the interval of its replicates ``(replicates,)``."""
        if np.isnan(once[0]):
            return Bounded(None, None, None)
        return Bounded(float(once[0]), *self.drawn.interval(again))

    def concordance(self, score: FloatArray) -> Bounded:
        """Return the concordance of scores ``(n,)`` with the location."""
        once, again = (pairs.concordance(score) for pairs in self._same_status)
        return self.bounded(once, again)

    def location_auc(self) -> Bounded:
        """Return the AUC of the location alone."""
        once, again = (self._alone.plain_areas(times) for times in self.times)
        return self.bounded(once, again)


def reads_location(concordance: Bounded, location_auc: Bounded) -> bool | None:
    """Tell whether a score uses the location; None if an interval has no width."""
    both = (concordance.above(0.5), location_auc.above(0.5))
    return None if None in both else all(both)
