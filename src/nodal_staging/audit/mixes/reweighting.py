"""AUC, sensitivity and specificity of all classifiers under other mixes of locations.

The scores are those of the test set, and so are the thresholds: nothing is trained or
chosen again. The shares of the locations in a mix are the same in every draw of
patients, so that intervals hold the chance in the nodes of each location
(``smoothed_draws``), not that in their numbers. Where few tested nodes carry a mix no
interval is given, and where much of the mix has no tested node, no number.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from nodal_staging import tables
from nodal_staging.audit.mixes.smoothed_draws import SmoothedDraws
from nodal_staging.audit.mixes.target_mixes import (
    AS_TESTED,
    CoveredMix,
    Shares,
    TargetMix,
    target_mixes,
)
from nodal_staging.classifiers.called_nodes import CalledNodes, read_called
from nodal_staging.estimates.patient_bootstrap import BootstrapOptions, PatientBootstrap
from nodal_staging.study.arrays import FloatArray, TextArray
from nodal_staging.study.seeds import named_seed
from nodal_staging.tables.columns import (
    count,
    estimated,
    number,
    one_of,
    optional_number,
    table,
    text,
)

FEWEST_EFFECTIVE = 20
"""Effective nodes of a status below which a mix has no interval."""

LEAST_COVERED = 0.8
"""Share of a mix that has to be at locations with tested nodes; else no number."""

OK, TOO_FEW, NOT_COVERED = "ok", "too_few", "not_covered"

REWEIGHTED = table(
    {
        "classifier": text(),
        "mix": text(),
        "positive": count(),
        "negative": count(),
        "effective_positive": number(0),
        "effective_negative": number(0),
        "covered": number(0, 1),
        **estimated("auc", 0, 1),
        **estimated("difference", -1, 1),
        **estimated("sensitivity", 0, 1),
        **estimated("specificity", 0, 1),
        "prevalence": number(0, 1),
        "ppv": optional_number(0, 1),
        "npv": optional_number(0, 1),
        "draws_without": count(),
        "note": one_of([OK, TOO_FEW, NOT_COVERED]),
    },
    unique=["classifier", "mix"],
)
"""The test set weighted to other mixes of locations, with intervals over patients.
``effective_positive``, ``effective_negative``: how many equally weighted nodes are
worth as much. ``covered``: share of the mix at locations with tested nodes of the same
status; the rest is left out. ``difference``: from the AUC as tested, on the same draws.
``ppv``, ``npv``: at the ``prevalence`` of all nodes of the cohort. ``draws_without``:
draws of patients that lack a location of the mix, whose own nodes then stand for it.
``note``: ``too_few`` effective nodes for an interval; ``not_covered``, no number at
all."""


@dataclass(frozen=True, slots=True)
class Scored:
    """Scores of a classifier (``tables.SCORES``), and its statistics (JSON)."""

    scores: str | Path
    statistics: str | Path


def reweight_mixes(
    *,
    scored: Mapping[str, Scored],
    nodes: str | Path,
    mixes: Mapping[str, Shares],
    bootstrap: BootstrapOptions,
    output: str | Path,
) -> None:
    """Weigh the test set of every classifier to every mix of locations.

    Parameters
    ----------
    scored
        Files by classifier.
    nodes
        ``tables.NODES`` of the study.
    mixes
        Your own mixes, by name.
    bootstrap
        Replicates, confidence level and the seed of the study; all classifiers of the
        same nodes have the same draws.
    output
        ``REWEIGHTED``.
    """
    measured = tables.read(nodes, tables.NODES)
    seed = named_seed(bootstrap.seed, "audit", "mixes")
    options = replace(bootstrap, seed=seed)
    rows = []
    for classifier, files in scored.items():
        called = read_called(classifier, files.scores, files.statistics)
        tested = Reweighting(called, measured, options)
        rows += [
            {"classifier": classifier} | row
            for row in tested.rows(target_mixes(measured, tested.locations, mixes))
        ]
    frame = pd.DataFrame(rows).reindex(columns=list(REWEIGHTED.columns))
    tables.write(frame, output, REWEIGHTED)


class Reweighting:
    """The test nodes of a classifier, to be weighted.

    Attributes
    ----------
    locations
        Names of all locations of the cohort, ascending ``(l,)``.
    """

    def __init__(
        self, called: CalledNodes, nodes: pd.DataFrame, options: BootstrapOptions
    ) -> None:
        """Take the called test nodes, ``tables.NODES``, and how patients are drawn."""
        tested = called.scores
        self.locations: TextArray = np.unique(nodes["location"].to_numpy(str))
        known = nodes.set_index("node_id")["location"]
        location = known.loc[tested.node_id].to_numpy(str)
        self._drawn = PatientBootstrap(tested.positive, tested.patient_id, options)
        number_of = np.searchsorted(self.locations, location)
        self._smoothed = SmoothedDraws(
            tested.score, called.called, number_of, self._drawn
        )
        at = location[:, None] == self.locations
        sides = [at[own].sum(axis=0) for own in (~tested.positive, tested.positive)]
        self._counts = np.array(sides, float)
        self._prevalence = float(nodes["status"].eq("positive").mean())

    def rows(self, mixes: Sequence[TargetMix]) -> list[dict[str, object]]:
        """Return the cells of ``REWEIGHTED`` of mixes."""
        covered = [CoveredMix.of(mix, self._counts) for mix in mixes]
        cells = len(self._smoothed.nodes)
        # Cells count by location, negative nodes first; the last ones may have none.
        shares = np.array([one.shares.T.ravel()[:cells] for one in covered])
        tested = CoveredMix.of(TargetMix(AS_TESTED), self._counts)
        own = tested.shares.T.ravel()[:cells]
        *found, plain = self._smoothed.measures(np.vstack([shares, own]))
        rows = []
        for mix, one, share, values in zip(mixes, covered, shares, found, strict=True):
            known = dict(values) | {"difference": values["auc"] - plain["auc"]}
            if mix.name == AS_TESTED:
                known.pop("difference")
            lacking = (self._smoothed.lacking & (share > 0)).any(axis=1)
            rows.append(self._row(mix.name, one, int(lacking.sum()), known))
        return rows

    def _row(
        self,
        name: str,
        mix: CoveredMix,
        without: int,
        found: Mapping[str, FloatArray],
    ) -> dict[str, object]:
        """Return the cells of a mix, whose measures in every draw are given."""
        negative, positive = mix.effective()
        row: dict[str, object] = {
            "mix": name,
            "positive": int(self._counts[1].sum()),
            "negative": int(self._counts[0].sum()),
            "effective_positive": positive,
            "effective_negative": negative,
            "covered": min(mix.covered, 1.0),
            "prevalence": self._prevalence,
            "draws_without": without,
        }
        if mix.covered < LEAST_COVERED:
            return row | {"note": NOT_COVERED}
        values = {name: float(found[name][0]) for name in found}
        values |= self._predictive_values(values)
        if min(positive, negative) < FEWEST_EFFECTIVE:
            return row | values | {"note": TOO_FEW}
        return row | values | self._intervals(found) | {"note": OK}

    def _intervals(self, found: Mapping[str, FloatArray]) -> dict[str, float | None]:
        """Return the ends of the intervals over the replicates."""
        ends: dict[str, float | None] = {}
        for name, values in found.items():
            lower, upper = self._drawn.interval(values[1:])
            ends |= {f"{name}_lower": lower, f"{name}_upper": upper}
        return ends

    def _predictive_values(self, found: Mapping[str, float]) -> dict[str, float]:
        """Return PPV and NPV at the prevalence of the cohort."""
        share = self._prevalence
        hit, missed = share * found["sensitivity"], share * (1 - found["sensitivity"])
        right = (1 - share) * found["specificity"]
        wrong = (1 - share) * (1 - found["specificity"])
        return {
            "ppv": hit / (hit + wrong) if hit + wrong > 0 else np.nan,
            "npv": right / (right + missed) if right + missed > 0 else np.nan,
        }
