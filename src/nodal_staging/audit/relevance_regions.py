"""Where the CNNs look: on the node, on a ring around it, or elsewhere.

The share of the absolute relevance in a region, over the share of its area, is its
enrichment: 1 is what a map has that is spread evenly. That is no yardstick: nodes are
always in the middle, which networks see best, and have an edge. So each method of each
CNN is set against controls that know of no network, on the same nodes: an edge map, a
random map and a map of the centre.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nodal_staging import tables
from nodal_staging.attribution.localisation import REGIONS, Localisation, localise
from nodal_staging.audit.node_patients import draws_of
from nodal_staging.classifiers.called_nodes import OUTCOMES, read_called
from nodal_staging.estimates.patient_bootstrap import BootstrapOptions, PatientBootstrap
from nodal_staging.heatmaps.heatmap_files import read_heatmaps
from nodal_staging.study.arrays import BoolArray, FloatArray, TextArray
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

GROUPS = ["all", "status", "outcome", "location"]

LOCALISATION = table(
    {
        "cnn": text(),
        "method": text(),
        "explains": text(),
        "group": one_of(GROUPS),
        "level": text(),
        "region": one_of(list(REGIONS)),
        "nodes": count(),
        "patients": count(),
        **estimated("share", 0, 1, ends=""),
        "area": optional_number(0, 1),
        **estimated("enrichment", 0),
        **estimated("rank_share", 0, 1, ends="rank"),
        "ct_share": optional_number(0, 1),
    },
    unique=["cnn", "method", "group", "level", "region"],
)
"""Mean share of the absolute relevance, of the area, and their ratio, by groups of
test nodes; ``rank_*`` is the share of the k most relevant pixels on a node of k
pixels, of the region ``node`` alone. Maps are of the CT: ``ct_share`` is what it has
of the absolute relevance of all channels, empty where a method has no map for each.
Intervals draw patients."""

DIFFERENCES = table(
    {
        "cnn": text(),
        "other": text(),
        "method": text(),
        "region": one_of(list(REGIONS)),
        "nodes": count(),
        "difference": number(-1, 1),
        "lower": number(-1, 1),
        "upper": number(-1, 1),
    },
    unique=["cnn", "other", "method", "region"],
)
"""Share of one CNN minus that of another on the same nodes."""

OVER_CONTROLS = table(
    {
        "cnn": text(),
        "method": text(),
        "control": text(),
        "region": one_of(list(REGIONS)),
        "nodes": count(),
        "control_share": number(0, 1),
        **estimated("difference", -1, 1, known=True, ends=""),
    },
    unique=["cnn", "method", "control", "region"],
)
"""Mean share of a control map of a CNN, and that of a method minus it, node by node."""


@dataclass(frozen=True, slots=True, eq=False)
class _Measured:
    """Where the maps of one method lie, what its numbers mean, and what the CT has."""

    found: Localisation
    explains: str
    ct_share: FloatArray


@dataclass(frozen=True, slots=True)
class LocalisationFiles:
    """Outputs: ``LOCALISATION``, ``DIFFERENCES`` and ``OVER_CONTROLS``."""

    localisation: str | Path
    differences: str | Path
    controls: str | Path


def measure_localisation(
    *,
    heatmaps: Mapping[str, str | Path],
    scores: Mapping[str, str | Path],
    statistics: Mapping[str, str | Path],
    nodes: str | Path,
    ring_mm: float,
    bootstrap: BootstrapOptions,
    outputs: LocalisationFiles,
) -> None:
    """Write where every map of every CNN lies.

    Parameters
    ----------
    heatmaps, scores, statistics
        CNN to its heatmaps, its scores (``tables.SCORES``) and its statistics, whose
        threshold decides who is called positive.
    nodes
        ``tables.NODES``, for location, status and patient.
    ring_mm
        How far the ring reaches from the node.
    bootstrap
        Replicates, confidence level and the seed of the study.
    outputs
        Files to write.
    """
    known = tables.read(nodes, tables.NODES).set_index("node_id")
    rows: list[dict[str, Any]] = []
    measured: dict[tuple[str, str], _Measured] = {}
    patients: PatientBootstrap | None = None
    for cnn, path in heatmaps.items():
        drawn = read_heatmaps(path)
        described = known.loc[list(drawn.node_ids)]
        if patients is None:
            # The same draws for all CNNs, so that differences are paired.
            seed = named_seed(bootstrap.seed, "audit", "localisation")
            patients = draws_of(described, replace(bootstrap, seed=seed))
        called = read_called(f"cnn_{cnn}", scores[cnn], statistics[cnn])
        outcome = called.outcomes_of(drawn.node_ids)
        groups = described.assign(all="all", outcome=outcome)
        for method, found in drawn.maps.items():
            where = localise(found.map, drawn.masks, ring_mm=ring_mm)
            entry = _Measured(where, found.explains, found.ct_share)
            measured[cnn, method] = entry
            for row in _by_group(entry, groups, patients):
                rows.append({"cnn": cnn, "method": method} | row)
    tables.write(pd.DataFrame(rows), outputs.localisation, LOCALISATION)
    if patients is not None:
        compared = list(_differences(measured, patients))
        tables.write(pd.DataFrame(compared), outputs.differences, DIFFERENCES)
        over = pd.DataFrame(
            list(_over_controls(measured, patients)),
            columns=list(OVER_CONTROLS.columns),
        )
        tables.write(over, outputs.controls, OVER_CONTROLS)


def _by_group(
    entry: _Measured, groups: pd.DataFrame, bootstrap: PatientBootstrap
) -> Iterator[dict[str, Any]]:
    """Yield a row per group of nodes and region."""
    for group in GROUPS:
        levels = groups[group].to_numpy(str)
        for level in _ordered(group, levels):
            among = levels == level
            for place, region in enumerate(REGIONS):
                row = {"explains": entry.explains, "group": group, "level": level}
                yield (
                    row
                    | {"region": region}
                    | _row(entry.found, place, among, bootstrap)
                    | {"ct_share": bootstrap.mean(entry.ct_share, among).value}
                )


def _ordered(group: str, levels: TextArray) -> list[str]:
    """Return the levels that occur, in the order of every table."""
    order = {
        "outcome": OUTCOMES,
        "location": tables.SHOWN_LOCATIONS,
        "status": tables.STATUS,
    }
    return [level for level in order.get(group, ["all"]) if level in levels]


def _row(
    found: Localisation,
    place: int,
    among: BoolArray,
    bootstrap: PatientBootstrap,
) -> dict[str, Any]:
    """Estimate share, enrichment and rank of one region among some nodes."""
    share, area = found.share[:, place], found.area[:, place]
    among = among & np.isfinite(share)
    mean = bootstrap.mean(share, among)
    ratio = bootstrap.mean(share, among, over=area)
    row: dict[str, Any] = {
        "nodes": mean.nodes,
        "patients": mean.patients,
        **mean.named("share", "lower", "upper"),
        "area": bootstrap.mean(area, among).value,
        **ratio.named("enrichment", "enrichment_lower", "enrichment_upper"),
    }
    rank = bootstrap.mean(found.rank, among if place == 0 else among & False)
    return row | rank.named("rank_share", "rank_lower", "rank_upper")


def _differences(
    measured: Mapping[tuple[str, str], _Measured], bootstrap: PatientBootstrap
) -> Iterator[dict[str, Any]]:
    """Compare the shares of every pair of CNNs, node by node."""
    cnns = list(dict.fromkeys(cnn for cnn, _ in measured))
    methods = list(dict.fromkeys(method for _, method in measured))
    for cnn, other in combinations(cnns, 2):
        for method in methods:
            a, b = (measured[name, method].found.share for name in (cnn, other))
            for place, region in enumerate(REGIONS):
                found = bootstrap.mean(a[:, place] - b[:, place])
                yield {
                    "cnn": cnn,
                    "other": other,
                    "method": method,
                    "region": region,
                    "nodes": found.nodes,
                    **found.named("difference", "lower", "upper"),
                }


def _over_controls(
    measured: Mapping[tuple[str, str], _Measured], bootstrap: PatientBootstrap
) -> Iterator[dict[str, Any]]:
    """Compare every method of a CNN with the CNN's own controls, node by node."""
    for (cnn, method), own in measured.items():
        for (whose, control), other in measured.items():
            if whose != cnn or other.explains != "control" or own.explains == "control":
                continue
            for place, region in enumerate(REGIONS):
                share, known = own.found.share[:, place], other.found.share[:, place]
                found = bootstrap.mean(share - known)
                if found.nodes:
                    yield {
                        "cnn": cnn,
                        "method": method,
                        "control": control,
                        "region": region,
                        "nodes": found.nodes,
                        "control_share": bootstrap.mean(
                            known, np.isfinite(share)
                        ).value,
                        **found.named("difference", "lower", "upper"),
                    }
