"""What the statistics cost, against pROC in the same run.

At the published size (65 and 65 nodes of 117 patients, 10,000 replicates, band of 101
points): all that is said of seven classifiers, pairs and subgroups included, with the
start of R. At 100,000 nodes: interval of the AUC and band alone; pROC is measured on a
few replicates. pROC is listed with the limits that were set for one core of an ordinary
server. Seconds are process time.

    OMP_NUM_THREADS=1 python benchmarks/roc_statistics.py
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from rows import Row, publish

from nodal_staging import tables
from nodal_staging.classifiers.labelled_scores import ScoredClassifier
from nodal_staging.classifiers.scores import score_table
from nodal_staging.estimates import implementation_agreement
from nodal_staging.estimates.patient_bootstrap import BootstrapOptions
from nodal_staging.statistics.auc_differences import compare_aucs
from nodal_staging.statistics.classifier import (
    GRID,
    CurveOptions,
    StatisticsFiles,
    compute_statistics,
)
from nodal_staging.statistics.mcnemar import compare_classifiers
from nodal_staging.statistics.probabilities import Prevalences, ProbabilityOptions
from nodal_staging.statistics.proc import RocCurve, engine
from nodal_staging.statistics.subgroups import compute_subgroups
from nodal_staging.statistics.youden_threshold import ThresholdRule
from nodal_staging.study.classifier_names import is_probability

LEVEL = 0.95
LIMIT = "limit for one core"
PAPER_SIZE_S, LARGE_S = 40, 25
SHIFTS = {
    "cnn_status_balanced": 2.4,
    "cnn_location_balanced": 1.5,
    "cnn_xmask": 1.5,
    "rf_status_balanced": 1.8,
    "rf_location_balanced": 0.5,
    "reader_1": 1.6,
    "reader_2": 1.3,
}


def main() -> None:
    """Measure and publish."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replicates", type=int, default=10_000)
    parser.add_argument("--nodes", type=int, default=100_000)
    parser.add_argument("--proc-replicates", type=int, default=20)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = paper_size(Path(folder), given.replicates)
    rows += large(given.nodes, given.replicates, given.proc_replicates)
    publish(rows)


def paper_size(folder: Path, replicates: int) -> list[Row]:
    """Compute everything that is said of seven classifiers, then ask pROC alone."""
    nodes, scores = study(folder)
    statistics = {name: folder / f"{name}.json" for name in scores}
    start = seconds(engine)
    each = {
        name: seconds(
            lambda name=name: compute_statistics(
                ScoredClassifier.read(name, scores[name]),
                bootstrap=BootstrapOptions(replicates, LEVEL, 1),
                threshold=ThresholdRule("out_of_fold", "lowest"),
                curve=CurveOptions(0.9),
                probabilities=ProbabilityOptions(is_probability(name)),
                prevalences=Prevalences.read(nodes, [0.165]),
                outputs=StatisticsFiles(
                    statistics=statistics[name],
                    roc=folder / f"{name}.roc.tsv",
                    band=folder / f"{name}.band.tsv",
                    calibration=folder / f"{name}.calibration.tsv",
                    decision_curve=folder / f"{name}.decision.tsv",
                ),
            )
        )
        for name in scores
    }
    pairs = seconds(lambda: compare(folder, nodes, scores, statistics))
    print(f"R's start {start:.1f} s, pairs and subgroups {pairs:.1f} s")
    for name, cost in each.items():
        print(f"  {name:22s} {cost:.1f} s")
    total = start + pairs + sum(each.values())
    theirs = 7 * seconds(lambda: by_proc(scores["cnn_xmask"], replicates))
    what = "all statistics of seven classifiers, 130 nodes"
    return [
        Row(what, total, "s", "pROC, interval and band of seven", theirs, 0.5),
        Row(what, total, "s", LIMIT, PAPER_SIZE_S, 1),
    ]


def compare(
    folder: Path, nodes: Path, scores: dict[str, Path], statistics: dict[str, Path]
) -> None:
    """Compare all pairs, by decisions and by areas, and look into subgroups."""
    names = list(scores)
    compare_classifiers(
        classifiers=names,
        scores=list(scores.values()),
        statistics=list(statistics.values()),
        significance=0.005,
        comparisons=folder / "mcnemar.tsv",
    )
    compare_aucs(
        classifiers=names,
        scores=list(scores.values()),
        confidence_level=LEVEL,
        differences=folder / "auc_differences.tsv",
    )
    compute_subgroups(
        classifiers={name: (scores[name], statistics[name]) for name in names},
        nodes=nodes,
        bands_mm=[5, 8, 10],
        confidence_level=LEVEL,
        subgroups=folder / "subgroups.tsv",
    )


def by_proc(path: Path, replicates: int) -> None:
    """Have pROC compute interval and band."""
    frame = tables.read(path, tables.SCORES)
    tested = frame[frame["partition"] == "test"]
    curve = RocCurve(
        tested["score"].to_numpy(float), tested["status"].eq("positive").to_numpy()
    )
    settings = {"level": LEVEL, "replicates": replicates, "seed": 1}
    curve.bootstrap_interval(**settings)
    curve.sensitivity_band(GRID, **settings)


def large(n: int, replicates: int, proc_replicates: int) -> list[Row]:
    """Measure interval and band at a large size."""
    rng = np.random.default_rng(1)
    positive = np.arange(n) < round(0.165 * n)
    score = rng.normal(size=n) + 1.5 * positive

    def ours() -> None:
        drawn = implementation_agreement.bootstrap(
            score, positive, GRID, replicates=replicates, rng=rng
        )
        np.quantile(drawn.auc, [0.025, 0.975])
        np.quantile(drawn.sensitivity, [0.025, 0.5, 0.975], axis=0)

    curve = RocCurve(score, positive)
    settings = {"level": LEVEL, "replicates": proc_replicates, "seed": 1}
    mine = seconds(ours)
    theirs = seconds(lambda: curve.bootstrap_interval(**settings))
    theirs += seconds(lambda: curve.sensitivity_band(GRID, **settings))
    theirs *= replicates / proc_replicates
    what = f"interval and band, {n:,} nodes"
    peer = f"pROC, from {proc_replicates} replicates"
    return [
        Row(what, mine, "s", peer, theirs, 0.1),
        Row(what, mine, "s", LIMIT, LARGE_S, 1),
    ]


def study(folder: Path) -> tuple[Path, dict[str, Path]]:
    """Write nodes and the scores of seven binormal classifiers."""
    rng = np.random.default_rng(7)
    n = 850
    nodes = pd.DataFrame(
        {
            "node_id": [f"N{i:04d}" for i in range(n)],
            "patient_id": [f"P{p:04d}" for p in rng.integers(0, 450, n)],
            "status": np.where(np.arange(n) % 2, "positive", "negative"),
            "location": rng.choice(tables.LOCATIONS[:5], n),
            "short_axis_mm": rng.lognormal(1.9, 0.35, n),
            "n_voxels": 100,
            "flags": "ok",
        }
    )
    rest = [name for name in tables.NODES.columns if name not in nodes]
    measured = nodes.assign(**dict.fromkeys(rest, 1.0))
    tables.write(measured, folder / "nodes.tsv", tables.NODES)
    parts = {"test": nodes[:130], "out_of_fold": nodes[130:]}
    paths = {name: folder / f"{name}.csv" for name in SHIFTS}
    for name, shift in SHIFTS.items():
        frames = []
        for partition, rows in parts.items():
            positive = rows["status"].eq("positive").to_numpy()
            latent = shift * (positive - 0.5) + rng.normal(size=len(rows))
            rating = 1 + np.searchsorted([-1, 0, 1], latent)
            if not name.startswith("reader"):
                score = 1 / (1 + np.exp(-shift * latent))
                frames.append(score_table(rows, score, partition))
            elif partition == "test":
                called = rating >= 3
                frames.append(score_table(rows, rating, partition, positive=called))
        tables.write(pd.concat(frames), paths[name], tables.SCORES)
    return folder / "nodes.tsv", paths


def seconds(work: Callable[[], object]) -> float:
    """Return the process time of some work."""
    start = time.process_time()
    work()
    return time.process_time() - start


if __name__ == "__main__":
    main()
