"""Nodes put into patches of other patients at every location, and their scores.

For cohorts in which no node can be rendered again. In a synthetic cohort copies are
transplanted too, whose exact effects are known.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nodal_staging import tables
from nodal_staging.classifiers.cnn.sampling import HALF_DEPTH
from nodal_staging.nodes.patch_files import read_slabs
from nodal_staging.nodes.transplants import transplant
from nodal_staging.phantom.copies import COPIES, choose_nodes
from nodal_staging.study.arrays import Int16Array, UInt8Array
from nodal_staging.study.seeds import stream

FEWEST_HOSTS = 5
"""Where no host has a smaller node, the host is drawn among this many smallest."""

PLANNED = [*COPIES.columns, "donor"]

MEASURED = ["volume_mm3", "short_axis_mm", "long_axis_mm", "median_hu"]


@dataclass(frozen=True, slots=True)
class TransplantOptions:
    """How many test nodes are transplanted, into how many hosts at each location."""

    nodes: int
    renderings: int
    seed: int


@dataclass(frozen=True, slots=True, eq=False)
class Transplants:
    """Transplanted nodes: rows of ``COPIES``, images in HU and masks.

    ``images`` and ``masks`` are the central slices ``(n, z, y, x)``.
    """

    copies: pd.DataFrame
    images: Int16Array
    masks: UInt8Array


def of_nodes(
    nodes: str | Path, test: str | Path, options: TransplantOptions
) -> pd.DataFrame:
    """Plan transplants of test nodes into patches of any node of another patient.

    Parameters
    ----------
    nodes, test
        ``tables.NODES`` and the test set (``tables.DATASET``).
    options
        How many.

    Returns
    -------
    As ``plan_transplants``.
    """
    measured = tables.read(nodes, tables.NODES)
    known = measured["location"].isin(tables.LOCATIONS)
    measured = measured[known & measured["status"].isin(tables.STATUS)]
    chosen = choose_nodes(
        measured, tables.read(test, tables.DATASET), options.nodes, seed=options.seed
    )
    donors = pd.DataFrame(chosen, columns=measured.columns)
    donors = donors.assign(
        donor=donors["node_id"],
        original=donors["node_id"],
        own_location=donors["location"],
    )
    return plan_transplants(donors, measured, options)


def of_copies(copies: pd.DataFrame, options: TransplantOptions) -> pd.DataFrame:
    """Plan transplants of copies, from their own locations into other copies.

    Parameters
    ----------
    copies
        ``COPIES``; those of the first rendering are used.
    options
        How many; each node is transplanted once to each location.
    """
    first = copies[(copies["changed"] == "location") & (copies["rendering"] == 1)]
    own = first[first["location"] == first["own_location"]]
    donors = own.assign(donor=own["node_id"])
    return plan_transplants(donors, first, options)


def plan_transplants(
    donors: pd.DataFrame, hosts: pd.DataFrame, options: TransplantOptions
) -> pd.DataFrame:
    """Choose a host of another patient for each donor at each location.

    A host has a node that is not larger than the donor, where there is one, so that
    little of it has to be replaced. Locations without enough hosts are left out.

    Parameters
    ----------
    donors
        ``donor`` (the name of its patch), and columns of ``COPIES``.
    hosts
        ``node_id``, ``patient_id``, ``location`` and ``volume_mm3`` of patches.
    options
        How many hosts at each location, and the seed.

    Returns
    -------
    ``COPIES`` without latents, with the patches ``donor`` and ``recipient``; no rows
    where no location has hosts.
    """
    rows: list[dict[str, Any]] = []
    for node in donors.to_dict("records"):
        others = hosts[hosts["patient_id"] != node["patient_id"]]
        rng = stream(options.seed, "audit", "transplants", node["original"])
        for location in tables.LOCATIONS:
            here = others[others["location"] == location]
            names = _fitting(here, node["volume_mm3"], options.renderings)
            if len(names) >= options.renderings:
                drawn = rng.choice(names, options.renderings, replace=False)
                rows += [
                    _row(node, location, number, str(name))
                    for number, name in enumerate(drawn, start=1)
                ]
    frame = pd.DataFrame(rows, columns=PLANNED)
    whole = frame.groupby("location")["original"].transform("nunique")
    return frame[whole == len(donors)].reset_index(drop=True)


def _fitting(here: pd.DataFrame, volume_mm3: float, wanted: int) -> list[str]:
    """Name the hosts that fit, else the smallest, in the order of their names."""
    fitting = here[here["volume_mm3"] <= volume_mm3]
    if len(fitting) < wanted:
        order = here.sort_values(["volume_mm3", "node_id"])
        fitting = order.head(max(wanted, FEWEST_HOSTS))
    return sorted(fitting["node_id"])


def _row(
    node: dict[str, Any], location: str, rendering: int, recipient: str
) -> dict[str, Any]:
    """Return the row of one transplant."""
    return {
        "node_id": f"{node['original']}.{rendering}.{location}",
        **{name: node[name] for name in ("original", "patient_id", "status")},
        "own_location": node["own_location"],
        "location": location,
        "changed": "location",
        "rendering": rendering,
        "dose": 0.0,
        **{name: node[name] for name in MEASURED},
        "donor": node["donor"],
        "recipient": recipient,
    }


def make_transplants(
    planned: pd.DataFrame, patches: str | Path, *, spacing_mm: float, seed: int
) -> Transplants:
    """Transplant the nodes of a plan.

    Parameters
    ----------
    planned
        As ``plan_transplants`` returns it.
    patches
        Patch file of all donors and recipients.
    spacing_mm
        Distance of its voxels.
    seed
        The study's seed.
    """
    names = sorted({*planned["donor"], *planned["recipient"]})
    slabs, masks = read_slabs([patches], names, half_depth=HALF_DEPTH)
    place = {name: number for number, name in enumerate(names)}
    shape = (len(planned), *slabs.shape[1:])
    images, inside = np.empty(shape, np.int16), np.empty(shape, np.uint8)
    for number, row in enumerate(planned.to_dict("records")):
        donor, recipient = place[row["donor"]], place[row["recipient"]]
        images[number], inside[number] = transplant(
            (slabs[donor], masks[donor]),
            (slabs[recipient], masks[recipient]),
            spacing_mm=spacing_mm,
            rng=stream(seed, "audit", "transplants", row["node_id"]),
        )
    return Transplants(planned, images, inside)
