"""Copies of nodes: the same node rendered at every location of the body.

Shape, surface, texture and orientation of a node are drawn once; a copy differs from
another in its location, in the patient it is rendered in, or in one latent that was
changed on purpose. What a score does from copy to copy is therefore the effect of what
was changed, and of nothing else.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from nodal_staging import tables
from nodal_staging.phantom.truth import LATENTS
from nodal_staging.study.seeds import stream
from nodal_staging.tables.columns import (
    count,
    identifier,
    number,
    one_of,
    optional_text,
    table,
)

DOSES = (-1.5, 0.0, 1.5)
"""By how many standard deviations a latent is changed."""

COPIES = table(
    {
        "node_id": identifier(unique=True),
        "original": identifier(),
        "patient_id": identifier(),
        "status": one_of(tables.STATUS),
        "own_location": one_of(tables.LOCATIONS),
        "location": one_of(tables.LOCATIONS),
        "changed": one_of(["location", *LATENTS]),
        "rendering": count(),
        "dose": number(),
        "recipient": optional_text(),
        "size": number(nullable=True),
        "attenuation": number(nullable=True),
        "hilum": number(nullable=True),
        "volume_mm3": number(0),
        "short_axis_mm": number(0),
        "long_axis_mm": number(0),
        "median_hu": number(),
    },
)
"""Copies of nodes, of ``original`` at ``own_location``. ``changed`` is what was set:
the location, or a latent by ``dose`` standard deviations; copies of one ``rendering``
lie in the same patient. Status is the true one; measurements are those of the copy. A
node that was put in the place of a ``recipient`` has its own measurements, and no
latents unless the cohort is synthetic."""


@dataclass(frozen=True, slots=True)
class CopyOptions:
    """What is copied.

    Attributes
    ----------
    nodes
        How many nodes of the test set, half of them positive.
    renderings
        In how many patients each of them is rendered at all locations.
    dosed_nodes
        Of how many of them the latents are changed.
    seed
        The study's seed.
    """

    nodes: int
    renderings: int
    dosed_nodes: int
    seed: int


def plan_copies(
    truth: pd.DataFrame, test: pd.DataFrame, options: CopyOptions
) -> pd.DataFrame:
    """Return the copies to render (``COPIES`` without measurements).

    The first renderings hold a node at all locations. The last one, of some nodes,
    holds every latent at every dose, each copy at another location; over nine nodes
    each dose visits each location once (a Latin square), so that no dose is tied to a
    location.
    """
    chosen = choose_nodes(truth, test, options.nodes, seed=options.seed)
    rows = [
        _planned(node, location, rendering=rendering)
        for node in chosen
        for rendering in range(1, options.renderings + 1)
        for location in tables.LOCATIONS
    ]
    last = options.renderings + 1
    doses = [(name, dose) for name in LATENTS for dose in DOSES]
    for number_of, node in enumerate(chosen[: options.dosed_nodes]):
        for place, (name, dose) in enumerate(doses):
            location = tables.LOCATIONS[(place + number_of) % len(tables.LOCATIONS)]
            rows.append(_planned(node, location, last, changed=name, dose=dose))
    return pd.DataFrame(rows)


def choose_nodes(
    truth: pd.DataFrame, test: pd.DataFrame, count: int, *, seed: int
) -> list[dict[str, Any]]:
    """Choose test nodes, half of them positive, from as many patients as possible.

    Parameters
    ----------
    truth, test
        ``tables.TRUTH`` and ``tables.DATASET``.
    count
        How many; fewer where a status has too few.
    seed
        The study's seed.

    Returns
    -------
    Rows of the truth, a positive and a negative node in turn.
    """
    known = truth[truth["node_id"].isin(test["node_id"])]
    known = known.sort_values("node_id", ignore_index=True)
    order = stream(seed, "audit", "copies").permutation(len(known))
    known = known.iloc[order]
    turn = known.groupby("patient_id").cumcount()
    known = known.iloc[np.argsort(turn.to_numpy(), kind="stable")]
    sides = [
        known[known["status"] == status].head(count // 2).to_dict("records")
        for status in reversed(tables.STATUS)
    ]
    return [node for pair in zip(*sides, strict=False) for node in pair]


def _planned(
    node: dict[str, Any],
    location: str,
    rendering: int,
    *,
    changed: str = "location",
    dose: float = 0.0,
) -> dict[str, Any]:
    """Return the row of one copy."""
    latents = {name: node[name] + dose * (name == changed) for name in LATENTS}
    return {
        "node_id": f"{node['node_id']}.{rendering}.{location}",
        "original": node["node_id"],
        "patient_id": node["patient_id"],
        "status": node["status"],
        "own_location": node["location"],
        "location": location,
        "changed": changed,
        "rendering": rendering,
        "dose": dose,
        "recipient": None,
        **latents,
    }
