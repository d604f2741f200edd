"""Whether the location of a node can be read from what a CNN makes of it.

The last hidden layer of the trained CNN is probed, and next to it what the probe finds
without any training: the same network with weights drawn anew, the averaged pixels of
its CT, and volume and median attenuation. A network that merely keeps what the pixels
say has learned nothing about the location. Status and location go together, so that
only positive nodes among themselves, and negative ones, tell whether the location
itself is encoded. That it is encoded does not mean that it is used (Brown et al., Nat
Commun 2023;14:4314); ``shortcut`` measures the use.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import nan

import numpy as np
import pandas as pd

from nodal_staging.audit.location_probe import (
    FEWEST_TEST,
    Levels,
    Probe,
    best_penalty,
    exchanged_between_patients,
    one_against_others,
)
from nodal_staging.estimates.patient_bootstrap import PatientBootstrap
from nodal_staging.study.arrays import BoolArray, FloatArray, IntArray, TextArray
from nodal_staging.study.seeds import stream
from nodal_staging.tables.columns import (
    count,
    estimated,
    number,
    one_of,
    optional_number,
    optional_text,
    table,
    text,
)

TRAINED, UNTRAINED, PIXELS, VOLUME_HU = "trained", "untrained", "pixels", "volume_hu"
STRATA = ("all", "positive", "negative")

DECODABILITY = table(
    {
        "cnn": text(),
        "features": text(),
        "stratum": one_of(list(STRATA)),
        "nodes": count(),
        "patients": count(),
        "levels": count(),
        "merged": optional_text(),
        **estimated("macro_auc", 0, 1, ends=""),
        "balanced_accuracy": optional_number(0, 1),
        "chance": number(0, 1),
        **estimated("over_untrained", -1, 1),
        "null_p": optional_number(0, 1),
        "con_score": optional_number(0, 1),
    },
    unique=["cnn", "features", "stratum"],
)
"""How well a linear probe reads the location from features of a test node: the mean
AUC of each location against the others, with its interval over patients, and its
paired difference from untrained networks. ``merged``: rare locations that are one
level. ``null_p``: share of probes of locations that patients exchanged which do as
well. ``con_score``: alignment of the probe with the CNN's logit."""


@dataclass(frozen=True, slots=True, eq=False)
class Described:
    """Nodes of the training set, and of the test set.

    Attributes
    ----------
    location, patient
        Of training nodes and of test nodes, ``(n,)`` each.
    positive
        Status of test nodes ``(n,)``.
    """

    location: tuple[TextArray, TextArray]
    patient: tuple[TextArray, TextArray]
    positive: BoolArray


Features = Mapping[str, tuple[FloatArray, FloatArray]]
"""Name to the features of training and of test nodes ``(n, d)``."""


def decodability(
    cnn: str,
    nodes: Described,
    features: Features,
    *,
    logit: FloatArray,
    drawn: PatientBootstrap,
    permutations: int,
) -> pd.DataFrame:
    """Probe every kind of features for the location.

    Parameters
    ----------
    cnn
        Name of the CNN.
    nodes
        Where training and test nodes lie.
    features
        By name: ``trained``, any that begin with ``untrained``, and others.
    logit
        Weights of the CNN's logit on the trained features ``(d,)``.
    drawn
        Draws of the test patients.
    permutations
        Probes of exchanged locations, of the trained features.

    Returns
    -------
    ``DECODABILITY``, empty where fewer than two levels have enough nodes.
    """
    levels = Levels.of(*nodes.location)
    if len(np.unique(levels.training)) < 2:
        return pd.DataFrame(columns=list(DECODABILITY.columns))
    bench = _Bench(levels, nodes, drawn)
    probes = {name: bench.probe(*values) for name, values in features.items()}
    shown = {
        name: probe.probabilities(features[name][1], len(levels.names))
        for name, (probe, _) in probes.items()
    }
    rows = []
    for name in features:
        for stratum in STRATA:
            row = {"cnn": cnn, "features": name, "stratum": stratum}
            rows.append(row | bench.row(name, shown, stratum))
    frame = pd.DataFrame(rows).reindex(columns=list(DECODABILITY.columns))
    _, penalty = probes[TRAINED]
    null = list(bench.exchanged(features[TRAINED], penalty, permutations))
    trained = frame["features"] == TRAINED
    for place in np.flatnonzero(trained):
        found, stratum = frame.loc[place, ["macro_auc", "stratum"]]
        as_good = sum(one[STRATA.index(stratum)] >= found for one in null)
        frame.loc[place, "null_p"] = (1 + as_good) / (1 + permutations)
    alignment = bench.alignment(probes[TRAINED][0], shown[TRAINED], logit)
    frame.loc[trained & (frame["stratum"] == "all"), "con_score"] = alignment
    return frame


@dataclass(frozen=True, slots=True, eq=False)
class _Bench:
    """Nodes with their levels, and the draws of patients."""

    levels: Levels
    nodes: Described
    drawn: PatientBootstrap

    def probe(self, training: FloatArray, test: FloatArray) -> tuple[Probe, float]:
        """Fit the probe to training nodes; test nodes have no part in it."""
        level, patient = self.levels.training, self.nodes.patient[0]
        penalty = best_penalty(training, level, patient)
        return Probe.fit(training, level, penalty), penalty

    def exchanged(
        self, features: tuple[FloatArray, FloatArray], penalty: float, permutations: int
    ) -> Iterator[list[float]]:
        """Yield macro-AUCs, by stratum, of probes of exchanged locations."""
        rng = stream(self.drawn.options.seed, "exchanged")
        training, test = features
        once = np.ones((1, len(test)))
        for _ in range(permutations):
            level = exchanged_between_patients(
                self.levels.training, self.nodes.patient[0], rng
            )
            probe = Probe.fit(training, level, penalty)
            shown = probe.probabilities(test, len(self.levels.names))
            yield [
                float(self.macro_auc(shown, self.among(stratum), once)[0])
                for stratum in STRATA
            ]

    def among(self, stratum: str) -> BoolArray:
        """Return the test nodes of a stratum ``(n,)``."""
        positive = self.nodes.positive
        wanted = {"positive": positive, "negative": ~positive}
        return wanted.get(stratum, np.ones(len(positive), bool))

    def row(
        self, name: str, shown: Mapping[str, FloatArray], stratum: str
    ) -> dict[str, object]:
        """Return estimates and intervals of one kind of features in a stratum."""
        among = self.among(stratum)
        once = np.ones((1, len(among)))
        often = self.drawn.times[:, self.drawn.patient]
        (estimate,) = self.macro_auc(shown[name], among, once)
        again = self.macro_auc(shown[name], among, often)
        lower, upper = self.drawn.interval(again)
        levels = self.shown_levels(among)
        found = {
            "nodes": int(among.sum()),
            "patients": len(np.unique(self.nodes.patient[1][among])),
            "levels": len(levels),
            "merged": ", ".join(self.levels.merged) or None,
            "macro_auc": estimate,
            "lower": lower,
            "upper": upper,
            "balanced_accuracy": self.balanced_accuracy(shown[name], among),
            "chance": 1 / max(len(levels), 1),
        }
        untrained = [one for one in shown if one.startswith(UNTRAINED)]
        if name == TRAINED and untrained:
            of_others = [
                np.mean([self.macro_auc(shown[o], among, t) for o in untrained], axis=0)
                for t in (once, often)
            ]
            lower, upper = self.drawn.interval(again - of_others[1])
            found |= {
                "over_untrained": estimate - of_others[0][0],
                "over_untrained_lower": lower,
                "over_untrained_upper": upper,
            }
        return found

    def macro_auc(
        self, shown: FloatArray, among: BoolArray, times: FloatArray
    ) -> FloatArray:
        """Return the mean AUC of each level against the others, by draw ``(draws,)``.

        Parameters
        ----------
        shown
            Probabilities of the levels ``(n, levels)``.
        among
            Nodes that count ``(n,)``.
        times
            How often each node is drawn ``(draws, n)``. A level without a node on
            either side in a draw is left out of its mean.
        """
        level = self.levels.test
        areas = [
            one_against_others(shown[:, place], level == place, among, times)
            for place in self.shown_levels(among)
        ]
        if not areas:
            return np.full(len(times), np.nan)
        known = ~np.isnan(areas)
        total = np.where(known, areas, 0).sum(axis=0)
        mean: FloatArray = np.full(len(times), np.nan)
        np.divide(total, known.sum(axis=0), out=mean, where=known.any(axis=0))
        return mean

    def shown_levels(self, among: BoolArray) -> IntArray:
        """Return the levels that enough nodes of a stratum have."""
        counts = np.bincount(self.levels.test[among])
        return np.flatnonzero(counts >= FEWEST_TEST)

    def balanced_accuracy(self, shown: FloatArray, among: BoolArray) -> float:
        """Return the mean share of each level's nodes that the probe calls so."""
        level, called = self.levels.test[among], shown[among].argmax(axis=1)
        right = [
            (called[level == one] == one).mean() for one in self.shown_levels(among)
        ]
        return float(np.mean(right)) if right else nan

    def alignment(self, probe: Probe, shown: FloatArray, logit: FloatArray) -> float:
        """Return the Con-score of DeepRepViz: alignment times quality of the probe.

        The mean over levels, weighted by their test nodes, of the absolute cosine
        between a level's direction and the logit's, times ``2 AUC - 1`` (at least 0).
        """
        directions = probe.directions(len(self.levels.names))
        everyone, once = self.among("all"), np.ones((1, len(shown)))
        scores, weights = [], []
        for place in self.shown_levels(everyone):
            own = self.levels.test == place
            (area,) = one_against_others(shown[:, place], own, everyone, once)
            lengths = np.linalg.norm(directions[place]) * np.linalg.norm(logit)
            cosine = directions[place] @ logit / lengths if lengths > 0 else 0.0
            scores.append(abs(cosine) * max(2 * area - 1, 0))
            weights.append(own.sum())
        return float(np.average(np.nan_to_num(scores), weights=weights))


def encodes_location(rows: pd.DataFrame) -> bool:
    """Tell whether a CNN encodes the location: in both classes, and by training.

    Parameters
    ----------
    rows
        ``DECODABILITY`` of one CNN. In positive and in negative nodes, the lower limit
        of the AUC must exceed 0.5 and that of the difference from untrained networks 0.
    """
    trained = rows[(rows["features"] == TRAINED) & (rows["stratum"] != "all")]
    reached = (trained["lower"] > 0.5) & (trained["over_untrained_lower"] > 0)
    return len(trained) == 2 and bool(reached.all())
