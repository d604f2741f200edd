"""The truth of a synthetic cohort: who has which nodes, and what sets them apart.

Given the status y of a node its location follows the table below, mixed with the
marginal by ``location_bias``; its three latents (size, attenuation, hilum) are
independent N(delta * y, 1), of whose variance the nodes of a patient share
``score_icc``. Positive nodes cluster in patients by ``label_icc``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from nodal_staging.phantom.label_noise import (
    LabelNoise,
    error_rates,
    label_separation,
)
from nodal_staging.study.arrays import FloatArray, IntArray
from nodal_staging.study.seeds import stream
from nodal_staging.tables import LOCATIONS

LATENTS = ["size", "attenuation", "hilum"]

PAPER_COUNTS: Mapping[str, tuple[int, int]] = {
    "inguinal": (25, 1272),
    "iliac": (130, 345),
    "retroperitoneal": (154, 48),
    "perirectal": (25, 14),
    "mediastinal": (35, 190),
    "axillary": (8, 190),
    "supraclavicular": (30, 45),
    "infraclavicular": (8, 25),
    "cervical": (16, 56),
}
"""Positive and negative nodes by location: a reconstruction that agrees with every
count and share that the paper prints (431 and 2,185 in all)."""

NODES_PER_PATIENT_SD = 0.77


@dataclass(frozen=True, slots=True)
class Dials:
    """What can be turned in the truth model; see the configuration's schema."""

    prevalence: float
    location_bias: float
    delta_size: float
    delta_attenuation: float
    delta_hilum: float
    score_icc: float
    label_icc: float
    label_noise: LabelNoise

    def deltas(self) -> FloatArray:
        """Return the shifts of the latents in the order of ``LATENTS``."""
        return np.array([self.delta_size, self.delta_attenuation, self.delta_hilum])

    def label_separation(self) -> float:
        """Return what label noise leaves of the distance of an AUC from a half."""
        rates, shares = error_rates(self.label_noise), location_shares(self)
        return label_separation(rates, shares, self.prevalence)


def dials_of(phantom: Mapping[str, Any]) -> Dials:
    """Take the dials from the section ``phantom`` of the configuration."""
    return Dials(**{name: phantom[name] for name in Dials.__slots__})


def allocate(shares: npt.ArrayLike, total: int) -> IntArray:
    """Round shares to whole counts of a total by largest remainder.

    A location with any share keeps at least one node where the total allows it.
    """
    weights: FloatArray = np.asarray(shares, dtype=float)
    exact = weights / weights.sum() * total
    counts: IntArray = np.floor(exact).astype(int)
    order = np.argsort(counts - exact, kind="stable")
    counts[order[: total - counts.sum()]] += 1
    while (
        total >= np.count_nonzero(weights)
        and (empty := (counts == 0) & (weights > 0)).any()
    ):
        counts[int(np.argmax(counts))] -= 1
        counts[int(np.argmax(empty))] += 1
    return counts


def location_shares(dials: Dials) -> FloatArray:
    """Return p(location given status), rows negative and positive."""
    counts = np.array([PAPER_COUNTS[location] for location in LOCATIONS], dtype=float)
    table = counts[:, ::-1].T / counts[:, ::-1].T.sum(axis=1, keepdims=True)
    weights = np.array([1 - dials.prevalence, dials.prevalence])
    marginal = weights @ table
    shares: FloatArray = (
        dials.location_bias * table + (1 - dials.location_bias) * marginal
    )
    return shares


def location_counts(dials: Dials, n_nodes: int) -> IntArray:
    """Return whole counts ``(status, location)`` of a cohort of ``n_nodes``."""
    n_positive = round(dials.prevalence * n_nodes)
    negative, positive = location_shares(dials)
    return np.array(
        [allocate(negative, n_nodes - n_positive), allocate(positive, n_positive)]
    )


def draw_nodes(
    patients: list[str], n_nodes: int, dials: Dials, *, seed: int
) -> pd.DataFrame:
    """Draw the nodes of the included patients with their latents.

    Counts by status and location are exact. Positives go to patients by a Gaussian
    propensity with correlation ``label_icc`` within a patient: the slots with the
    highest propensity are positive.

    Returns
    -------
    One row per node: node_id, patient_id, status (true), recorded_status, location,
    and the three latents.
    """
    rng = stream(seed, "phantom", "nodes")
    slots = np.repeat(np.arange(len(patients)), _sizes(len(patients), n_nodes, rng))
    counts = location_counts(dials, n_nodes)
    y = _statuses(slots, int(counts[1].sum()), dials.label_icc, rng)
    location = np.empty(n_nodes, dtype=int)
    for status in (0, 1):
        drawn = np.repeat(np.arange(len(LOCATIONS)), counts[status])
        location[y == status] = rng.permutation(drawn)
    shared = rng.standard_normal((len(patients), len(LATENTS)))[slots]
    own = rng.standard_normal((n_nodes, len(LATENTS)))
    latents = (
        np.outer(y, dials.deltas())
        + np.sqrt(dials.score_icc) * shared
        + np.sqrt(1 - dials.score_icc) * own
    )
    wrong = error_rates(dials.label_noise)[y, location]
    flipped = stream(seed, "phantom", "label_noise").random(n_nodes) < wrong
    names = np.array(["negative", "positive"])
    return pd.DataFrame(
        {
            "node_id": [f"N{number:05}" for number in range(1, n_nodes + 1)],
            "patient_id": np.array(patients)[slots],
            "status": names[y],
            "recorded_status": names[y ^ flipped],
            "location": np.array(LOCATIONS)[location],
            **{name: latents[:, place] for place, name in enumerate(LATENTS)},
        }
    )


def _sizes(n_patients: int, n_nodes: int, rng: np.random.Generator) -> IntArray:
    """Draw nodes per patient around the mean, at least one, with an exact total."""
    mean = n_nodes / n_patients
    drawn = np.rint(rng.normal(mean, NODES_PER_PATIENT_SD, n_patients)).astype(int)
    sizes: IntArray = np.maximum(drawn, 1)
    while (surplus := int(sizes.sum()) - n_nodes) != 0:
        able = np.flatnonzero(sizes > 1) if surplus > 0 else np.arange(n_patients)
        sizes[rng.choice(able)] -= np.sign(surplus)
    return sizes


def _statuses(
    slots: IntArray, n_positive: int, icc: float, rng: np.random.Generator
) -> IntArray:
    """Choose the positive slots by propensity."""
    patient = rng.standard_normal(int(slots.max()) + 1)[slots]
    propensity = np.sqrt(icc) * patient + np.sqrt(1 - icc) * rng.standard_normal(
        len(slots)
    )
    y = np.zeros(len(slots), dtype=int)
    y[np.argsort(-propensity, kind="stable")[:n_positive]] = 1
    return y
