"""How often intervals of the AUC cover the truth where nodes are nested in patients.

Binormal scores with a share of their variance common to a patient (score ICC), and a
status whose liability has a share common to a patient (label ICC). Each data set is one
of some thousand; an interval at 95 % should cover in 95 of 100.

    python benchmarks/coverage.py --cohorts 2000

prints the table of docs/statistics.md; some 10 minutes.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import norm

from nodal_staging.estimates.agreement import bootstrap
from nodal_staging.estimates.auc import clustered_auc, delong_interval, logit_interval

FloatArray = npt.NDArray[np.float64]

LEVEL = 0.95
PREVALENCE = 0.165
NOWHERE = np.empty(0)
NAMES = ("DeLong", "node bootstrap", "Obuchowski", "Obuchowski logit")


@dataclass(frozen=True)
class Design:
    """Patients, how alike their nodes are, and the AUC between patients."""

    name: str
    patients: int
    score_icc: float
    label_icc: float
    auc: float = 0.858


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
    given = parser.parse_args()
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
) -> Iterator[tuple[FloatArray, npt.NDArray[np.bool_], npt.NDArray[np.str_]]]:
    """Yield score, status and patient of every node of a cohort."""
    shift = np.sqrt(2) * norm.ppf(design.auc)
    cut = norm.ppf(1 - PREVALENCE)
    for _ in range(cohorts):
        nodes = np.maximum(rng.normal(4.72, 0.77, design.patients).round(), 1)
        patient = np.repeat(np.arange(design.patients), nodes.astype(int))
        liability = nested(design.label_icc, patient, rng)
        positive = liability > cut
        score = nested(design.score_icc, patient, rng) + shift * positive
        if min(positive.sum(), (~positive).sum()) >= 2:
            yield score, positive, patient.astype(str)


def nested(
    share: float, patient: npt.NDArray[np.int64], rng: np.random.Generator
) -> FloatArray:
    """Draw standard normals of which a share of the variance is the patient's."""
    common = rng.normal(size=int(patient.max()) + 1)[patient]
    own = rng.normal(size=len(patient))
    return np.sqrt(share) * common + np.sqrt(1 - share) * own


if __name__ == "__main__":
    main()
