"""How often intervals of the AUC cover the truth where nodes are nested in patients.

Binormal scores with a share of their variance common to a patient (score ICC), and a
status whose liability has a share common to a patient (label ICC). Each data set is one
of some thousand; an interval at 95 % should cover in 95 of 100.

    python benchmarks/coverage.py --cohorts 2000

prints the first table of docs/statistics.md; about 10 minutes.

    python benchmarks/coverage.py --few docs/evidence/few_patients.tsv --cohorts 4000

writes what the second one is made from (``make tables``): few patients, level of the
tests of a difference of two AUCs and of a network and the mean of two readers, and
coverage of the intervals of an AUC and of a difference (0.858 and 0.8); about 10
minutes. Classifiers have half of the variance of their scores in common.
"""

import argparse
import csv
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.stats import norm

from nodal_staging.estimates.auc_intervals import delong_interval, logit_interval
from nodal_staging.estimates.delong import (
    DIFFERENCE,
    NO_VARIANCE,
    clustered_areas,
    clustered_auc,
    delong_areas,
)
from nodal_staging.estimates.implementation_agreement import bootstrap
from nodal_staging.estimates.wald import wald_interval, wald_p

FloatArray = npt.NDArray[np.float64]

LEVEL = 0.95
PREVALENCE = 0.165
NOWHERE = np.empty(0)
NAMES = ("DeLong", "node bootstrap", "Obuchowski", "Obuchowski logit")


FEW_PATIENTS = (20, 35, 60, 120)
SHARES = (PREVALENCE, 0.35)
ICCS = (0.0, 0.3)
COMMON = 0.5
OTHER_AUC = 0.8
"""Of the second classifier where the two differ."""


@dataclass(frozen=True)
class Design:
    """Patients, how alike their nodes are, and the AUC between patients."""

    name: str
    patients: int
    score_icc: float
    label_icc: float
    auc: float = 0.858
    prevalence: float = PREVALENCE


DESIGNS = [
    *(
        Design("all nodes", 549, score, label)
        for score, label in ((0, 0), (0.3, 0.3), (0.3, 0.6), (0.5, 0.6))
    ),
    Design("all nodes", 549, 0.3, 0.3, auc=0.955),
    *(
        Design("15 % of patients", 82, score, label)
        for score, label in ((0, 0), (0.3, 0.3), (0.3, 0.6), (0.5, 0.6))
    ),
    Design("15 % of patients", 82, 0.3, 0.3, auc=0.955),
]


def main() -> None:
    """Simulate and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cohorts", type=int, default=2000)
    parser.add_argument("--replicates", type=int, default=500)
    parser.add_argument("--bootstrapped", type=int, default=500)
    parser.add_argument("--few", type=Path, help="file to write; nothing is printed")
    given = parser.parse_args()
    if given.few is not None:
        write_few(given.few, given.cohorts)
        return
    heads = ("design", "score ICC, label ICC", "AUC", "SD / DeLong SE", *NAMES)
    print("| " + " | ".join(heads) + " |")
    print("|" + "---|" * len(heads))
    for number, design in enumerate(DESIGNS):
        row = simulate(
            design,
            cohorts=given.cohorts,
            replicates=given.replicates,
            bootstrapped=given.bootstrapped,
            rng=np.random.default_rng([1, number]),
        )
        cells = [f"{row['spread']:.2f}", *(f"{row[name]:.3f}" for name in NAMES)]
        iccs = f"{design.score_icc:g}, {design.label_icc:g}"
        first = f"| {design.name} | {iccs} | {design.auc} | "
        print(first + " | ".join(cells) + " |", flush=True)


def simulate(
    design: Design,
    *,
    cohorts: int,
    replicates: int,
    bootstrapped: int,
    rng: np.random.Generator,
) -> dict[str, float]:
    """Return the share of cohorts whose intervals cover, and the spread of the AUC."""
    truth = design.auc
    covered: dict[str, list[bool]] = {name: [] for name in NAMES}
    areas, errors = [], []
    for number, (score, positive, patient) in enumerate(drawn(design, cohorts, rng)):
        error, *delong = delong_interval(score, positive, level=LEVEL)
        area = clustered_auc(score, positive, patient)
        half = norm.ppf((1 + LEVEL) / 2) * area.standard_error
        ends = {
            "DeLong": delong,
            "Obuchowski": (area.estimate - half, area.estimate + half),
            "Obuchowski logit": logit_interval(area, level=LEVEL),
        }
        if number < bootstrapped:
            found = bootstrap(
                score, positive, NOWHERE, replicates=replicates, rng=rng
            ).auc
            ends["node bootstrap"] = tuple(np.quantile(found, [0.025, 0.975]))
        for name, (lower, upper) in ends.items():
            covered[name].append(lower <= truth <= upper)
        areas.append(area.estimate)
        errors.append(error)
    found = {name: float(np.mean(those)) for name, those in covered.items()}
    spread = np.std(areas) / np.sqrt(np.mean(np.square(errors)))
    return found | {"spread": float(spread)}


def drawn(
    design: Design, cohorts: int, rng: np.random.Generator
) -> Iterator[tuple[FloatArray, npt.NDArray[np.bool_], npt.NDArray[np.int64]]]:
    """Yield score, status and patient of every node of a cohort."""
    shift = np.sqrt(2) * norm.ppf(design.auc)
    cut = norm.ppf(1 - design.prevalence)
    for _ in range(cohorts):
        nodes = np.maximum(rng.normal(4.72, 0.77, design.patients).round(), 1)
        patient = np.repeat(np.arange(design.patients), nodes.astype(int))
        liability = nested(design.label_icc, patient, rng)
        positive = liability > cut
        score = nested(design.score_icc, patient, rng) + shift * positive
        if min(len(np.unique(patient[one])) for one in (positive, ~positive)) >= 2:
            yield score, positive, patient


def write_few(path: Path, cohorts: int) -> None:
    """Write level and coverage with few patients, a row for each design."""
    rows = []
    for number, (share, icc, patients) in enumerate(
        product(SHARES, ICCS, FEW_PATIENTS)
    ):
        design = Design("few", patients, icc, icc, prevalence=share)
        found = simulate_few(design, cohorts, np.random.default_rng([2, number]))
        rows.append({"prevalence": share, "icc": icc, "patients": patients} | found)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(
            file, list(rows[0]), delimiter="\t", lineterminator="\n"
        )
        writer.writeheader()
        writer.writerows(rows)


def simulate_few(
    design: Design, cohorts: int, rng: np.random.Generator
) -> dict[str, float]:
    """Return shares of cohorts: rejected differences of 0, and covered AUCs."""
    seen: dict[str, list[bool]] = {}
    for one, positive, patient in drawn(design, cohorts, rng):
        shift = np.sqrt(2) * norm.ppf(design.auc) * positive
        other = nested(design.score_icc, patient, rng)
        mixed = np.sqrt(1 - COMMON) * other + np.sqrt(COMMON) * (one - shift)
        outcome = _rejected(np.stack([one, mixed + shift]), positive, patient)
        lower = np.sqrt(2) * norm.ppf(OTHER_AUC) * positive
        apart = np.stack([one, mixed + lower])
        outcome |= _covered(apart, positive, patient, design.auc - OTHER_AUC)
        third = nested(design.score_icc, patient, rng)
        reader = np.sqrt(1 - COMMON) * third + np.sqrt(COMMON) * (one - shift)
        outcome |= _against_readers(
            np.stack([one, mixed + shift, reader + shift]), positive, patient
        )
        area = clustered_auc(one, positive, patient)
        _, *delong = delong_interval(one, positive, level=LEVEL)
        for name, (lower, upper) in {
            "delong": delong,
            "logit_normal": logit_interval(replace(area, pairs=0), level=LEVEL),
            "logit_t": logit_interval(area, level=LEVEL),
        }.items():
            outcome[f"covers_{name}"] = lower <= design.auc <= upper
        for name, value in outcome.items():
            seen.setdefault(name, []).append(bool(value))
    found = {name: round(float(np.mean(those)), 4) for name, those in seen.items()}
    return {"cohorts": len(seen["covers_delong"])} | found


def _rejected(
    pair: FloatArray, positive: npt.NDArray[np.bool_], patient: npt.NDArray[np.int64]
) -> dict[str, bool]:
    """Say which tests reject that both AUCs are the same."""
    by_node = delong_areas(pair, positive, contrasts=DIFFERENCE)
    areas = clustered_areas(pair, positive, patient, contrasts=DIFFERENCE)
    estimate, variance = areas.contrast([1.0])
    if variance < NO_VARIANCE:
        variance = float(by_node.covariance[0, 0])
    error = np.sqrt(variance)
    return {
        "rejects_delong": wald_p(estimate, np.sqrt(by_node.covariance[0, 0])) < 0.05,
        "rejects_normal": wald_p(estimate, error) < 0.05,
        "rejects_t": wald_p(estimate, error, freedom=areas.freedom[0]) < 0.05,
    }


def _covered(
    pair: FloatArray,
    positive: npt.NDArray[np.bool_],
    patient: npt.NDArray[np.int64],
    truth: float,
) -> dict[str, bool]:
    """Say which intervals of the difference of two AUCs contain the true one."""
    by_node = delong_areas(pair, positive, contrasts=DIFFERENCE)
    areas = clustered_areas(pair, positive, patient, contrasts=DIFFERENCE)
    estimate, variance = areas.contrast([1.0])
    of_nodes = float(by_node.covariance[0, 0])
    error = np.sqrt(variance if variance >= NO_VARIANCE else of_nodes)
    ends = {
        "delong": wald_interval(estimate, np.sqrt(of_nodes), level=LEVEL),
        "normal": wald_interval(estimate, error, level=LEVEL),
        "t": wald_interval(estimate, error, level=LEVEL, freedom=areas.freedom[0]),
    }
    return {
        f"covers_difference_{name}": low <= truth <= high
        for name, (low, high) in ends.items()
    }


def _against_readers(
    scores: FloatArray,
    positive: npt.NDArray[np.bool_],
    patient: npt.NDArray[np.int64],
) -> dict[str, bool]:
    """Say which tests reject that a network is as good as the mean of two readers."""
    contrast = np.array([[1.0, -0.5, -0.5]])
    by_node = delong_areas(scores, positive, contrasts=contrast)
    areas = clustered_areas(scores, positive, patient, contrasts=contrast)
    estimate, variance = areas.contrast([1.0])
    if variance < NO_VARIANCE:
        variance = float(by_node.covariance[0, 0])
    error = np.sqrt(variance)
    return {
        "rejects_readers_normal": wald_p(estimate, error) < 0.05,
        "rejects_readers_t": wald_p(estimate, error, freedom=areas.freedom[0]) < 0.05,
    }


def nested(
    share: float, patient: npt.NDArray[np.int64], rng: np.random.Generator
) -> FloatArray:
    """Draw standard normals of which a share of the variance is the patient's."""
    common = rng.normal(size=int(patient.max()) + 1)[patient]
    own = rng.normal(size=len(patient))
    return np.sqrt(share) * common + np.sqrt(1 - share) * own


if __name__ == "__main__":
    main()
