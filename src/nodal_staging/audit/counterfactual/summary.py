"""The counterfactual experiment, from scores of copies to its two tables."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from nodal_staging import tables
from nodal_staging.audit.counterfactual.copied_scores import (
    location_evidence,
    log_odds,
    node_evidence,
    scores_of_tables,
)
from nodal_staging.audit.counterfactual.effect_tables import (
    CLASSIFIERS,
    CNN_SCORES,
    COUNTERFACTUAL,
    EFFECTS,
    IDEAL,
)
from nodal_staging.audit.counterfactual.effects import (
    ClassifierScores,
    CopiedNodes,
    effects_of,
)
from nodal_staging.classifiers.scores import called_positive
from nodal_staging.classifiers.table_models import TableModels
from nodal_staging.estimates.patient_bootstrap import BootstrapOptions
from nodal_staging.nodes.radiomics.node_features import RADIOMICS
from nodal_staging.phantom.copies import COPIES
from nodal_staging.phantom.truth import LATENTS, Dials, dials_of
from nodal_staging.study.arrays import BoolArray, FloatArray
from nodal_staging.study.files import read_json
from nodal_staging.study.seeds import named_seed


@dataclass(frozen=True, slots=True)
class ScoredCopies:
    """Files of scored copies: ``COPIES``, ``RADIOMICS`` and ``CNN_SCORES``.

    Transplants have no radiomics.
    """

    copies: str | Path
    radiomics: str | Path | None
    cnn_scores: str | Path


def measure_counterfactual(
    *,
    scored: ScoredCopies,
    models: TableModels | None,
    statistics: Mapping[str, str | Path],
    truth: str | Path | None,
    nodes: str | Path,
    bootstrap: BootstrapOptions,
    counterfactual: str | Path,
    effects: str | Path,
) -> None:
    """Score the copies by the classifiers without images, and measure all effects.

    Without a truth the copies are transplants, which the CNNs alone can score.

    Parameters
    ----------
    scored
        The copies, and the scores of the CNNs.
    models
        What the other classifiers are fitted to; None for transplants.
    statistics
        JSON of each classifier, for its threshold.
    truth
        ``truth.json``; None for transplants.
    nodes
        ``tables.NODES``, from which the log prior ratio of the locations of transplants
        is estimated.
    bootstrap
        Replicates, confidence level and the seed of the study.
    counterfactual, effects
        Outputs: ``COUNTERFACTUAL`` and ``EFFECTS``.
    """
    copies = tables.read(scored.copies, COPIES)
    probabilities = tables.read(scored.cnn_scores, CNN_SCORES).drop(columns="node_id")
    if models is not None and scored.radiomics is not None:
        features = tables.read(scored.radiomics, RADIOMICS)
        others = scores_of_tables(models, copies, features)
        probabilities = pd.concat([probabilities, others], axis=1)
    odds = {name: log_odds(probabilities[name].to_numpy()) for name in probabilities}
    called = {
        name: _calls(name, probabilities[name].to_numpy(), statistics)
        for name in probabilities
    }
    if truth is None:
        known = with_observed_evidence(copies, tables.read(nodes, tables.NODES))
    else:
        known = with_evidence(copies, dials_of(read_json(truth)["dials"]))
        odds[IDEAL] = (known["node_evidence"] + known["location_evidence"]).to_numpy()
        called[IDEAL] = odds[IDEAL] >= 0
    named = {f"logit_{name}": odds[name] for name in CLASSIFIERS if name in odds}
    tables.write(known.assign(**named), counterfactual, COUNTERFACTUAL)
    seed = named_seed(bootstrap.seed, "audit", "counterfactual")
    frame = measured_effects(known, odds, called, replace(bootstrap, seed=seed))
    tables.write(frame, effects, EFFECTS)


def with_evidence(copies: pd.DataFrame, dials: Dials) -> pd.DataFrame:
    """Return copies with the log-likelihood ratios of node and location."""
    by_location = pd.Series(location_evidence(dials), index=tables.LOCATIONS)
    return copies.assign(
        node_evidence=node_evidence(copies, dials),
        location_evidence=copies["location"].map(by_location),
    )


def with_observed_evidence(copies: pd.DataFrame, nodes: pd.DataFrame) -> pd.DataFrame:
    """Return copies with the log prior ratio of their locations among all nodes.

    Half a node is added to each count. Nothing is known of the node itself.
    """
    counts = pd.crosstab(nodes["location"], nodes["status"]) + 0.5
    counts = counts.reindex(index=tables.LOCATIONS, columns=tables.STATUS).fillna(0.5)
    shares = np.log(counts / counts.sum())
    ratio = shares["positive"] - shares["negative"]
    return copies.assign(
        node_evidence=np.nan, location_evidence=copies["location"].map(ratio)
    )


def _calls(
    classifier: str, probability: FloatArray, statistics: Mapping[str, str | Path]
) -> BoolArray:
    """Call copies as the study calls its nodes; forests call the larger class."""
    threshold = read_json(statistics[classifier])["threshold"]["value"]
    if threshold is None:
        return np.asarray(probability > 0.5, bool)
    return called_positive(probability, float(threshold))


def measured_effects(
    copies: pd.DataFrame,
    odds: Mapping[str, FloatArray],
    called: Mapping[str, BoolArray],
    bootstrap: BootstrapOptions,
) -> pd.DataFrame:
    """Return ``EFFECTS`` of classifiers.

    Parameters
    ----------
    copies
        ``COPIES`` with the evidence of node and location.
    odds, called
        Log odds and calls of each classifier, in the order of the copies.
    bootstrap
        Replicates, confidence level, and the seed of the draws.
    """
    moved = copies["changed"].eq("location").to_numpy()
    nodes = copies[moved].drop_duplicates("original").set_index("original")
    nodes = nodes.sort_index()
    by_location = copies.groupby("location")["location_evidence"].first()
    order = [name for name in tables.LOCATIONS if name in by_location]
    copied = CopiedNodes(nodes, by_location[order], bootstrap)
    rows = [
        {"classifier": name, **asdict(effect), "nodes": len(nodes)}
        for name in CLASSIFIERS
        if name in odds
        for effect in effects_of(
            _scores(copies.assign(odds=odds[name], called=called[name]), order), copied
        )
    ]
    return pd.DataFrame(rows, columns=list(EFFECTS.columns))


def _scores(copies: pd.DataFrame, order: list[str]) -> ClassifierScores:
    """Arrange the copies of a classifier by node, location and rendering."""
    moved = copies["changed"] == "location"
    arranged = copies[moved].pivot_table(
        index="original", columns=["location", "rendering"], values=["odds", "called"]
    )
    names = arranged.index
    shape = (len(names), len(order), -1)
    cells = [
        arranged[value].reindex(columns=order, level=0).to_numpy(float)
        for value in ("odds", "called")
    ]
    log_odds_, calls = (cell.reshape(shape) for cell in cells)
    by_location = pd.Series(log_odds_.mean(axis=(0, 2)), index=order)
    changed = copies[~moved]
    changed = changed.assign(
        odds=changed["odds"] - changed["location"].map(by_location)
    )
    return ClassifierScores(log_odds_, calls > 0.5, _doses(changed, list(names)))


def _doses(changed: pd.DataFrame, names: list[str]) -> FloatArray:
    """Return the slope on the dose of each latent by node ``(nodes, latents)``.

    ``odds`` are those of copies at several locations, less the mean effect of each
    location.
    """
    doses = changed["dose"]
    terms = changed.assign(xy=doses * changed["odds"], xx=doses**2)
    sums = terms.groupby(["original", "changed"])[["xy", "xx"]].sum()
    slope = (sums["xy"] / sums["xx"]).unstack("changed")
    return np.asarray(slope.reindex(index=names, columns=LATENTS), float)
