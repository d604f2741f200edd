"""Where the CNNs look: on the node, on a ring around it, or elsewhere.

The share of the absolute relevance in a region, over the share of its area, is its
enrichment: 1 is what a map has that knows of no region. Two controls that know of no
network, an edge map and a random map, stand beside every method.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from nodal_staging import tables
from nodal_staging.attribution.localisation import REGIONS, Localisation, localise
from nodal_staging.audit.resampling import PatientBootstrap
from nodal_staging.columns import count, number, one_of, optional_number, table, text
from nodal_staging.files import read_json
from nodal_staging.heatmap_files import read_heatmaps
from nodal_staging.seeds import stream

GROUPS = ["all", "status", "outcome", "location"]
OUTCOMES = ["true_positive", "false_positive", "true_negative", "false_negative"]

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
        "share": optional_number(0, 1),
        "lower": optional_number(0, 1),
        "upper": optional_number(0, 1),
        "area": optional_number(0, 1),
        "enrichment": optional_number(0),
        "enrichment_lower": optional_number(0),
        "enrichment_upper": optional_number(0),
        "rank_share": optional_number(0, 1),
        "rank_lower": optional_number(0, 1),
        "rank_upper": optional_number(0, 1),
    },
    unique=["cnn", "method", "group", "level", "region"],
)
"""Mean share of the absolute relevance, of the area, and their ratio, by groups of
test nodes; ``rank_*`` is the share of the k most relevant pixels on a node of k
pixels, of the region ``node`` alone. Intervals draw patients."""

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


@dataclass(frozen=True, slots=True, eq=False)
class _Measured:
    """Where the maps of one method lie, and what its numbers mean."""

    found: Localisation
    explains: str


def measure_localisation(
    *,
    heatmaps: Mapping[str, str | Path],
    scores: Mapping[str, str | Path],
    statistics: Mapping[str, str | Path],
    nodes: str | Path,
    ring_mm: float,
    replicates: int,
    confidence_level: float,
    seed: int,
    localisation: str | Path,
    differences: str | Path,
) -> None:
    """Write where every map of every CNN lies.

    Parameters
    ----------
    heatmaps, scores, statistics
        CNN to its heatmaps, its scores (``tables.SCORES``) and its statistics, whose
        threshold decides who is called positive.
    nodes
        ``tables.NODES``, for location and patient.
    ring_mm
        How far the ring reaches from the node.
    replicates, confidence_level, seed
        Of the bootstrap over patients.
    localisation, differences
        Outputs: ``LOCALISATION`` and ``DIFFERENCES``.
    """
    known = tables.read(nodes, tables.NODES).set_index("node_id")
    rows, measured = [], {}
    bootstrap: PatientBootstrap | None = None
    for cnn, path in heatmaps.items():
        drawn = read_heatmaps(path)
        described = known.loc[list(drawn.node_ids)]
        if bootstrap is None:
            # The same draws for all CNNs, so that differences are paired.
            bootstrap = PatientBootstrap(
                described["patient_id"].to_numpy(str),
                replicates=replicates,
                level=confidence_level,
                rng=stream(seed, "audit", "localisation"),
            )
        outcome = outcomes(scores[cnn], statistics[cnn], list(drawn.node_ids))
        groups = described.assign(all="all", outcome=outcome)
        for method, found in drawn.maps.items():
            where = localise(found.map, drawn.masks, ring_mm=ring_mm)
            measured[cnn, method] = where
            entry = _Measured(where, found.explains)
            for row in _by_group(entry, groups, bootstrap):
                rows.append({"cnn": cnn, "method": method} | row)
    tables.write(pd.DataFrame(rows), localisation, LOCALISATION)
    if bootstrap is not None:
        compared = list(_differences(measured, bootstrap))
        tables.write(pd.DataFrame(compared), differences, DIFFERENCES)


def outcomes(
    scores: str | Path, statistics: str | Path, node_ids: list[str]
) -> npt.NDArray[np.str_]:
    """Return who is a true or false positive or negative, one of ``OUTCOMES``."""
    frame = tables.read(scores, tables.SCORES)
    tested = frame[frame["partition"] == "test"].set_index("node_id").loc[node_ids]
    threshold = float(read_json(statistics)["threshold"]["value"])
    called = tested["score"].to_numpy(float) >= threshold
    positive = tested["status"].eq("positive").to_numpy()
    right = np.where(called == positive, "true", "false")
    side = np.where(called, "positive", "negative")
    return np.char.add(np.char.add(right, "_"), side)


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
                )


def _ordered(group: str, levels: npt.NDArray[np.str_]) -> list[str]:
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
    among: npt.NDArray[np.bool_],
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
        "share": mean.value,
        "lower": mean.lower,
        "upper": mean.upper,
        "area": bootstrap.mean(area, among).value,
        "enrichment": ratio.value,
        "enrichment_lower": ratio.lower,
        "enrichment_upper": ratio.upper,
    }
    rank = bootstrap.mean(found.rank, among if place == 0 else among & False)
    return row | {
        "rank_share": rank.value,
        "rank_lower": rank.lower,
        "rank_upper": rank.upper,
    }


def _differences(
    measured: Mapping[tuple[str, str], Localisation], bootstrap: PatientBootstrap
) -> Iterator[dict[str, Any]]:
    """Compare the shares of every pair of CNNs, node by node."""
    cnns = list(dict.fromkeys(cnn for cnn, _ in measured))
    methods = list(dict.fromkeys(method for _, method in measured))
    for cnn, other in combinations(cnns, 2):
        for method in methods:
            a, b = measured[cnn, method].share, measured[other, method].share
            for place, region in enumerate(REGIONS):
                found = bootstrap.mean(a[:, place] - b[:, place])
                yield {
                    "cnn": cnn,
                    "other": other,
                    "method": method,
                    "region": region,
                    "nodes": found.nodes,
                    "difference": found.value,
                    "lower": found.lower,
                    "upper": found.upper,
                }
