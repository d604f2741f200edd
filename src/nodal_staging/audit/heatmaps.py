"""How far the heatmaps can be trusted: what they depend on, and what they predict."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from nodal_staging import tables
from nodal_staging.audit.node_patients import draws_of
from nodal_staging.estimates.patient_bootstrap import BootstrapOptions, PatientBootstrap
from nodal_staging.heatmaps.heatmap_files import (
    DIRECTED,
    NODE_CHECKS,
    PATTERNS,
    TRAINED,
    Heatmaps,
    read_heatmaps,
)
from nodal_staging.study.arrays import FloatArray
from nodal_staging.study.seeds import named_seed
from nodal_staging.tables.columns import (
    count,
    estimated,
    number,
    one_of,
    table,
    text,
)

RANDOMISATION = table(
    {
        "cnn": text(),
        "method": text(),
        "patterns": one_of(PATTERNS),
        "network": text(),
        "layers": count(),
        "nodes": count(),
        **estimated("rank_correlation", -1, 1, ends=""),
    },
    unique=["cnn", "method", "patterns", "network"],
)
"""Mean Spearman correlation of the absolute map with that of the trained network.
``network`` names the lowest layer drawn anew, of ``layers`` counted from the logit, or
is ``labels_permuted``; patterns are ``fitted`` on that network, or ``kept``. Empty
where no map has anything to rank."""

FAITHFULNESS = table(
    {
        "cnn": text(),
        "method": text(),
        "nodes": count(),
        "gap": number(),
        "lower": number(),
        "upper": number(),
        "gap_over_random": number(),
        "over_random_lower": number(),
        "over_random_upper": number(),
        "gap_over_edges": number(),
        "over_edges_lower": number(),
        "over_edges_upper": number(),
        **estimated("against_share", 0, 1, ends="against"),
        **estimated("completeness_error", 0, ends="error"),
    },
    unique=["cnn", "method"],
)
"""Mean area between the curves of the support for the side of 0.5 on which the output
lies (in logits, over the share of pixels replaced), least relevant first minus most
relevant first; and how much more it is than that of a random map and of an edge map on
the same nodes. The share of the absolute relevance of the CT that speaks against that
side, where a map has signs; and by how much integrated gradients miss the difference of
the logits, as a part of it."""

OUTSIDE = table(
    {
        "cnn": text(),
        "method": text(),
        "network": text(),
        "nodes": count(),
        **estimated("outside_share", 0, 1, ends=""),
        "outside_area": number(0, 1),
        **estimated("difference", -1, 1),
    },
    unique=["cnn", "method", "network"],
)
"""Share of the absolute relevance outside the node, for xmask its halo; and the trained
network's share minus this network's, on the same nodes. ``network`` is ``trained``,
``labels_permuted`` or ``untrained_<k>``, each a single network."""


@dataclass(frozen=True, slots=True)
class HeatmapAuditFiles:
    """Outputs: ``RANDOMISATION``, ``FAITHFULNESS`` and ``OUTSIDE``."""

    randomisation: str | Path
    faithfulness: str | Path
    halo: str | Path


def audit_heatmaps(
    *,
    checks: Mapping[str, str | Path],
    heatmaps: Mapping[str, str | Path],
    nodes: str | Path,
    bootstrap: BootstrapOptions,
    outputs: HeatmapAuditFiles,
) -> None:
    """Summarise the checks of all CNNs, with intervals over patients.

    Parameters
    ----------
    checks, heatmaps
        CNN to ``heatmap_files.NODE_CHECKS`` and to its heatmaps.
    nodes
        ``tables.NODES``.
    bootstrap
        Replicates, confidence level and the seed of the study.
    outputs
        Files to write.
    """
    known = tables.read(nodes, tables.NODES).set_index("node_id")
    parts: dict[str, list[dict[str, Any]]] = {"r": [], "f": [], "o": []}
    for cnn, path in checks.items():
        drawn = read_heatmaps(heatmaps[cnn])
        node_ids = list(drawn.node_ids)
        seed = named_seed(bootstrap.seed, "audit", "heatmaps", cnn)
        patients = draws_of(known.loc[node_ids], replace(bootstrap, seed=seed))
        found = _Values(tables.read(path, NODE_CHECKS), node_ids, patients)
        parts["r"] += [{"cnn": cnn} | row for row in found.randomisation()]
        parts["f"] += [{"cnn": cnn} | row for row in found.faithfulness(drawn)]
        area = drawn.masks.mean(axis=(1, 2))
        parts["o"] += [{"cnn": cnn} | row for row in found.outside(area)]
    for rows, path, schema in (
        (parts["r"], outputs.randomisation, RANDOMISATION),
        (parts["f"], outputs.faithfulness, FAITHFULNESS),
        (parts["o"], outputs.halo, OUTSIDE),
    ):
        frame = pd.DataFrame(rows, columns=list(schema.columns))
        tables.write(frame, path, schema)


class _Values:
    """The checks of one CNN, one array in the order of the nodes for each."""

    def __init__(
        self, checks: pd.DataFrame, node_ids: list[str], bootstrap: PatientBootstrap
    ) -> None:
        self.bootstrap = bootstrap
        self.nodes = node_ids
        keys = ["check", "method", "patterns", "network", "layers"]
        self.values: dict[tuple[Any, ...], FloatArray] = {
            key: rows.set_index("node_id").loc[node_ids, "value"].to_numpy(float)
            for key, rows in checks.groupby(keys, sort=False)
        }

    def randomisation(self) -> list[dict[str, Any]]:
        """Average the rank correlations."""
        rows = []
        for (check, method, patterns, network, layers), value in self.values.items():
            if check != "rank_correlation":
                continue
            mean = self.bootstrap.mean(value)
            rows.append(
                {
                    "method": method,
                    "patterns": patterns,
                    "network": network,
                    "layers": layers,
                    "nodes": mean.nodes,
                    **mean.named("rank_correlation", "lower", "upper"),
                }
            )
        return rows

    def faithfulness(self, drawn: Heatmaps) -> list[dict[str, Any]]:
        """Average the area gaps, alone and over controls, and what maps add up to."""
        gaps = {key[1]: v for key, v in self.values.items() if key[0] == "area_gap"}
        rows = []
        for method, gap in gaps.items():
            over = (gap, gap - gaps["random"], gap - gaps["edges"])
            alone, random, edges = map(self.bootstrap.mean, over)
            rows.append(
                {
                    "method": method,
                    "nodes": alone.nodes,
                    **alone.named("gap", "lower", "upper"),
                    **random.named(
                        "gap_over_random", "over_random_lower", "over_random_upper"
                    ),
                    **edges.named(
                        "gap_over_edges", "over_edges_lower", "over_edges_upper"
                    ),
                    **self._against(drawn, method),
                    **self._incomplete(method),
                }
            )
        return rows

    def _against(self, drawn: Heatmaps, method: str) -> dict[str, float]:
        """Share what contradicts the side of 0.5 on which the output lies."""
        found = drawn.maps[method]
        if found.explains not in DIRECTED:
            return {}
        mean = self.bootstrap.mean(found.against(drawn.logit))
        return mean.named("against_share", "against_lower", "against_upper")

    def _incomplete(self, method: str) -> dict[str, float]:
        """Divide errors of completeness by what should have been added up to."""
        size, error = (
            self.values.get((check, method, "none", TRAINED, 0))
            for check in ("logit_difference", "completeness_error")
        )
        if size is None or error is None:
            return {}
        part = self.bootstrap.mean(error, over=size)
        return part.named("completeness_error", "error_lower", "error_upper")

    def outside(self, area: FloatArray) -> list[dict[str, Any]]:
        """Average what lies outside the node ``(n,)`` of whose area is given."""
        shares = {
            (key[1], key[3]): value
            for key, value in self.values.items()
            if key[0] == "outside_share"
        }
        rows = []
        for (method, network), share in shares.items():
            mean = self.bootstrap.mean(share)
            less = self.bootstrap.mean(shares[method, "trained"] - share)
            rows.append(
                {
                    "method": method,
                    "network": network,
                    "nodes": mean.nodes,
                    **mean.named("outside_share", "lower", "upper"),
                    "outside_area": float(1 - area.mean()),
                    **less.named("difference", "difference_lower", "difference_upper"),
                }
            )
        return rows
