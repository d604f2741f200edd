"""Simulated radiologists, who see noisy latents and answer on the four-point scale.

The paper's operating points (sensitivity and specificity 0.80 and 0.93, 0.50 and
0.98) lie beyond what size, attenuation and hilum of this truth can give, so each
reader's cut stands where both fall short of the paper by the same number of standard
deviations: midway between the published pair in probit space.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import ndtri

from nodal_staging import tables
from nodal_staging.phantom.truth import LATENTS, PAPER_COUNTS, Dials
from nodal_staging.study.seeds import stream
from nodal_staging.tables import RATINGS

OPERATING_POINTS = [(0.80, 0.93), (0.50, 0.98)]
"""Published sensitivity and specificity; further readers take them in turn."""

OUTER_CUTS = 1.0
"""Distance of the outer cuts from the middle one, in standard deviations."""


def simulate_readers(
    *,
    truth: str | Path,
    dials: Dials,
    noise: list[float],
    sees_location: bool,
    seed: int,
    output: str | Path,
) -> None:
    """Write the sheet of the readings of a synthetic cohort.

    Parameters
    ----------
    truth
        Every node of the cohort (``tables.TRUTH``).
    dials, noise, sees_location, seed
        As for :func:`read_nodes`.
    output
        ``tables.READING_SHEET``.
    """
    readings = read_nodes(
        tables.read(truth, tables.TRUTH),
        dials,
        noise=noise,
        sees_location=sees_location,
        seed=seed,
    )
    tables.write(readings, output, tables.READING_SHEET)


def read_nodes(
    nodes: pd.DataFrame,
    dials: Dials,
    *,
    noise: list[float],
    sees_location: bool,
    seed: int,
) -> pd.DataFrame:
    """Let every reader rate every node.

    Parameters
    ----------
    nodes
        As ``truth.draw_nodes`` gives them.
    dials
        Shifts of the latents.
    noise
        Standard deviation of each reader's perception of each latent.
    sees_location
        Whether readers weigh how often a location is positive.
    seed
        The study's seed.

    Returns
    -------
    ``tables.READING_SHEET``.
    """
    readings = []
    for number, deviation in enumerate(noise, start=1):
        evidence = _evidence(nodes, dials, deviation, sees_location, number, seed)
        cut = _middle_cut(evidence, nodes["status"] == "positive", number)
        spread = float(np.std(evidence))
        cuts = cut + OUTER_CUTS * spread * np.array([-1, 0, 1])
        rating = np.array(RATINGS)[np.searchsorted(cuts, evidence)]
        readings.append(
            pd.DataFrame(
                {
                    "reader": f"reader_{number}",
                    "node_id": nodes["node_id"],
                    "rating": rating,
                }
            )
        )
    return pd.concat(readings)


def _evidence(
    nodes: pd.DataFrame,
    dials: Dials,
    noise: float,
    sees_location: bool,
    number: int,
    seed: int,
) -> np.ndarray:
    """Return the log-likelihood ratio of what a reader perceives."""
    rng = stream(seed, "phantom", "reader", number)
    seen = nodes[LATENTS].to_numpy() + noise * rng.standard_normal((len(nodes), 3))
    weights = dials.deltas() / (1 + noise**2)
    # Where nothing sets positive nodes apart, a reader still goes by the same signs.
    evidence = seen @ (weights if weights.any() else np.ones(len(LATENTS)))
    if sees_location:
        prior = {place: np.log(a / b) for place, (a, b) in PAPER_COUNTS.items()}
        evidence = evidence + nodes["location"].map(prior).to_numpy(float)
    result: np.ndarray = evidence
    return result


def _middle_cut(evidence: np.ndarray, positive: pd.Series, number: int) -> float:
    """Find the cut that misses the published pair by equal probit distances."""
    sensitivity, specificity = OPERATING_POINTS[(number - 1) % len(OPERATING_POINTS)]
    aim = ndtri(sensitivity) - ndtri(specificity)
    cuts = np.quantile(evidence, np.linspace(0.02, 0.98, 193))
    y = positive.to_numpy()
    seen_sensitivity = np.array([(evidence[y] > cut).mean() for cut in cuts])
    seen_specificity = np.array([(evidence[~y] <= cut).mean() for cut in cuts])
    bounded = [
        np.clip(rate, 0.005, 0.995) for rate in (seen_sensitivity, seen_specificity)
    ]
    balance = ndtri(bounded[0]) - ndtri(bounded[1])
    return float(cuts[int(np.argmin(np.abs(balance - aim)))])
