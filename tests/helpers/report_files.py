"""A small study from which a report can be written: simulated scores and maps."""

from pathlib import Path

import numpy as np
import pandas as pd
from evaluation import evaluate
from reader_files import perceive, write_reader
from score_files import normal_scores, write_scores
from studies import measured_nodes

from nodal_staging import tables
from nodal_staging.attribution.localisation import localise
from nodal_staging.audit.heatmaps import HeatmapAuditFiles, audit_heatmaps
from nodal_staging.audit.location import audit_location
from nodal_staging.audit.pattern_layers import PATTERN_LAYERS
from nodal_staging.audit.relevance_regions import (
    LocalisationFiles,
    measure_localisation,
)
from nodal_staging.audit.verdict import write_verdict
from nodal_staging.classifiers.scores import score_table
from nodal_staging.estimates.patient_bootstrap import BootstrapOptions
from nodal_staging.figures import style
from nodal_staging.figures.heatmap_panels import NetworkFiles
from nodal_staging.figures.heatmaps import draw_figure_6, draw_figure_7
from nodal_staging.figures.legend import Legend
from nodal_staging.heatmaps.heatmap_files import (
    NODE_CHECKS,
    Heatmap,
    Heatmaps,
    write_heatmaps,
)
from nodal_staging.nodes.uptake_check import check_uptake
from nodal_staging.paper.scorecard.judgement import SCORECARD
from nodal_staging.report.artefacts import Artefacts, ReaderStudy
from nodal_staging.statistics.auc_differences import compare_aucs
from nodal_staging.statistics.mcnemar import compare_classifiers
from nodal_staging.statistics.precision.precision_tables import (
    PrecisionFiles,
    compute_precision,
)
from nodal_staging.statistics.reader_study.reader_tables import (
    ReaderStudyFiles,
    study_readers,
)
from nodal_staging.study.files import write_json

CNNS = ["status_balanced", "location_balanced", "xmask"]
METHODS = {
    "pattern_attribution": "share",
    "integrated_gradients": "logit",
    "gradient": "size",
    "edges": "control",
    "random": "control",
    "centre": "control",
}
FIGURES = [
    *(f"figure_{number}" for number in range(1, 8)),
    "subgroups",
    "calibration",
    "decision_curves",
    "faithfulness",
    "readers",
]
READER_TABLES = ("areas", "points", "agreement", "fixed", "random")
CUTOFF_SUV = 3.0
SIGNIFICANCE = 0.005
PART = {"what": "AUC", "value": 0.9, "lower": 0.8, "upper": 0.95}
TESTED, TUNING = 60, 80
WINDOW_HU = (-160, 240)


def report_study(
    folder: Path,
    *,
    synthetic: bool = True,
    protocol: str = "patient",
    threshold_source: str = "out_of_fold",
) -> Artefacts:
    """Write a study of three CNNs on 60 test nodes."""
    folder.mkdir(parents=True, exist_ok=True)
    nodes = measured_nodes(TESTED + TUNING, seed=7, patients=50)
    hot = 6.0 * nodes["status"].eq("positive")
    nodes["suv_max"] = np.random.default_rng(8).exponential(1.5, len(nodes)) + hot
    tables.write(nodes, folder / "nodes.tsv", tables.NODES)
    _write_scores(folder, nodes)
    for cnn in CNNS:
        evaluate(
            classifier=f"cnn_{cnn}",
            scores=folder / f"cnn_{cnn}.csv",
            nodes=folder / "nodes.tsv",
            replicates=100,
            confidence_level=0.95,
            seed=1,
            threshold_source=threshold_source,
            youden_tie="lowest",
            target_sensitivity=0.9,
            statistics=folder / f"cnn_{cnn}.json",
            roc=folder / f"cnn_{cnn}.roc.tsv",
            band=folder / f"cnn_{cnn}.band.tsv",
        )
    _write_heatmaps(folder, nodes[:TESTED])
    _write_audit(folder, protocol, threshold_source)
    _write_patterns(folder / "patterns.tsv")
    _write_cohort(folder, protocol)
    _write_ceilings(folder / "ceilings.tsv")
    _write_precision(folder)
    _write_readers(folder, nodes[:TESTED])
    _write_trainings(folder)
    check_uptake(
        nodes=folder / "nodes.tsv",
        cutoff_suv=CUTOFF_SUV,
        output=folder / "disagreements.tsv",
    )
    _write_figures(folder)
    return _artefacts(folder, synthetic=synthetic)


def _artefacts(folder: Path, *, synthetic: bool) -> Artefacts:
    by_cnn = {
        kind: {cnn: folder / f"{start}{cnn}{end}" for cnn in CNNS}
        for kind, start, end in (
            ("statistics", "cnn_", ".json"),
            ("scores", "cnn_", ".csv"),
            ("heatmaps", "", ".h5"),
        )
    }
    read = ("mcnemar", "auc_differences", "scorecard")
    read += ("precision", "detectable", "disagreements")
    read += ("location", "localisation", "localisation_differences")
    read += ("localisation_controls",)
    read += ("randomisation", "faithfulness", "halo", "patterns")
    read += ("characteristics", "nodes")
    return Artefacts(
        **by_cnn,
        **{name: folder / f"{name}.tsv" for name in read},
        **{n: folder / f"{n}.json" for n in ("flow", "certificate", "verdict")},
        claims=folder / "claims.json",
        significance=SIGNIFICANCE,
        classifiers={f"cnn_{cnn}": folder / f"cnn_{cnn}.json" for cnn in CNNS},
        readers=ReaderStudy.of([folder / f"{name}.tsv" for name in READER_TABLES]),
        trainings={
            cnn: [folder / f"history_{n}.tsv" for n in (0, 1, 2)] for cnn in CNNS
        },
        cutoff_suv=CUTOFF_SUV,
        provenance=folder / "provenance.json",
        figures={name: folder / f"{name}.svg" for name in FIGURES},
        ceilings=folder / "ceilings.tsv" if synthetic else None,
    )


def _write_scores(folder: Path, nodes: pd.DataFrame) -> None:
    rng = np.random.default_rng(3)
    parts = (nodes[:TESTED], "test"), (nodes[TESTED:], "out_of_fold")
    for number, cnn in enumerate(CNNS):
        rows = [
            score_table(frame, normal_scores(frame, 2 - number / 2, rng), partition)
            for frame, partition in parts
        ]
        write_scores(folder / f"cnn_{cnn}.csv", *rows)


def _write_heatmaps(folder: Path, tested: pd.DataFrame) -> None:
    rng = np.random.default_rng(4)
    rows, columns = np.mgrid[:48, :48] - 24
    radius = rng.uniform(3, 9, TESTED)[:, None, None]
    masks = rows**2 + columns**2 < radius**2
    ids = list(tested["node_id"])
    for cnn in CNNS:
        maps = {}
        for method, explains in METHODS.items():
            drawn = rng.exponential(size=(TESTED, 48, 48)).astype(np.float32)
            drawn /= drawn.max(axis=(1, 2), keepdims=True)
            maps[method] = Heatmap(
                drawn, np.zeros(TESTED), np.ones((TESTED, 1)), explains
            )
        images = rng.uniform(size=(TESTED, 48, 48)).astype(np.float32) * 0.3
        images = np.where(masks, images + 0.5, images).astype(np.float32)
        scores = tables.read(folder / f"cnn_{cnn}.csv", tables.SCORES)[:TESTED]
        logit = np.log(scores["score"] / (1 - scores["score"])).to_numpy(float)
        write_heatmaps(folder / f"{cnn}.h5", Heatmaps(ids, logit, images, masks, maps))
        _write_checks(folder / f"{cnn}.checks.tsv", ids, maps, masks)


def _write_checks(path: Path, ids: list[str], maps, masks) -> None:
    rng = np.random.default_rng(5)
    outside = 1 - localise(maps["pattern_attribution"].map, masks).share[:, 0]
    found = [
        ("rank_correlation", "pattern_attribution", "fitted", "logit", 1, 0.95),
        ("rank_correlation", "pattern_attribution", "kept", "logit", 1, 0.8),
        ("rank_correlation", "gradient", "none", "logit", 1, 0.4),
        ("rank_correlation", "gradient", "none", "labels_permuted", 9, 0.3),
        ("area_gap", "pattern_attribution", "fitted", "trained", 0, 2.0),
        ("area_gap", "edges", "none", "trained", 0, 0.5),
        ("area_gap", "random", "none", "trained", 0, 0.1),
        ("area_gap", "integrated_gradients", "none", "trained", 0, 1.0),
        ("logit_difference", "integrated_gradients", "none", "trained", 0, 2.0),
        ("completeness_error", "integrated_gradients", "none", "trained", 0, 0.25),
        ("outside_share", "pattern_attribution", "fitted", "trained", 0, None),
        ("outside_share", "pattern_attribution", "fitted", "untrained_1", 9, 0.8),
    ]
    columns = ["check", "method", "patterns", "network", "layers"]
    frames = []
    for *names, mean in found:
        near = outside if mean is None else mean + rng.normal(0, 0.02, len(ids))
        row = dict(zip(columns, names, strict=True))
        frames.append(pd.DataFrame({"node_id": ids, **row, "value": near}))
    tables.write(pd.concat(frames), path, NODE_CHECKS)


def _write_audit(folder: Path, protocol: str, threshold_source: str) -> None:
    bootstrap = BootstrapOptions(100, 0.95, 1)
    scores = {cnn: folder / f"cnn_{cnn}.csv" for cnn in CNNS}
    heatmaps = {cnn: folder / f"{cnn}.h5" for cnn in CNNS}
    nodes = folder / "nodes.tsv"
    compare_aucs(
        classifiers=[f"cnn_{cnn}" for cnn in CNNS],
        scores=list(scores.values()),
        confidence_level=0.95,
        differences=folder / "auc_differences.tsv",
    )
    audit_location(
        scores={f"cnn_{cnn}": path for cnn, path in scores.items()},
        nodes=nodes,
        location=folder / "location.tsv",
        bootstrap=bootstrap,
    )
    measure_localisation(
        heatmaps=heatmaps,
        scores=scores,
        statistics={cnn: folder / f"cnn_{cnn}.json" for cnn in CNNS},
        nodes=nodes,
        ring_mm=5,
        bootstrap=bootstrap,
        outputs=LocalisationFiles(
            localisation=folder / "localisation.tsv",
            differences=folder / "localisation_differences.tsv",
            controls=folder / "localisation_controls.tsv",
        ),
    )
    audit_heatmaps(
        checks={cnn: folder / f"{cnn}.checks.tsv" for cnn in CNNS},
        heatmaps=heatmaps,
        nodes=nodes,
        bootstrap=bootstrap,
        outputs=HeatmapAuditFiles(
            randomisation=folder / "randomisation.tsv",
            faithfulness=folder / "faithfulness.tsv",
            halo=folder / "halo.tsv",
        ),
    )
    write_verdict(
        location=folder / "location.tsv",
        ceilings=None,
        truth=None,
        protocol=protocol,
        threshold_source=threshold_source,
        confidence_level=0.95,
        output=folder / "verdict.json",
    )


def _write_patterns(path: Path) -> None:
    """Write a layer that is as it should be, one to be watched, and one of nothing."""
    nothing = [64, 0.0, 64, 0, None, None, None]
    layers = {
        "block1_conv1": [16, 0.25, 0, 0, 0.125, 2.5, 8.0],
        "dense1": [1024, 0.5, 3, 2, 0.0008, 12.25, 1250.0],
        "dense2": nothing,
    }
    rows = [[cnn, name, *row] for cnn in CNNS for name, row in layers.items()]
    frame = pd.DataFrame(rows, columns=list(PATTERN_LAYERS.columns))
    tables.write(frame, path, PATTERN_LAYERS)


def _write_cohort(folder: Path, protocol: str) -> None:
    write_json(
        folder / "flow.json",
        {
            "screened": {"patients": 60, "exams": 66},
            "included": {"patients": 50},
            "excluded_exams": {"low_dose": 9, "unreadable": 7},
            "criteria": {"low_dose": "a low-dose CT"},
        },
    )
    entry = {"nodes": 80, "positive": 40, "patients": 40, "shared_patients": 0}
    entry |= {"test_nodes_with_sibling": 17, "identical_patches": []}
    names = ("status_balanced", "location_balanced")
    write_json(
        folder / "certificate.json",
        {
            "protocol": protocol,
            "normaliser_source": "fixed HU window",
            "test": {"positive": 31, "negative": 29, "patients": 25},
            "training": dict.fromkeys(names, entry),
        },
    )
    cells = pd.DataFrame(
        {
            "partition": ["all", "test_nodes"],
            "characteristic": "Age, years",
            "value": ["68 ± 7", "67 ± 8"],
        }
    )
    tables.write(cells, folder / "characteristics.tsv", tables.CHARACTERISTICS)
    verdicts = ["holds"] * 4 + ["does not hold"] * 3 + ["cannot be told"]
    told = {"text": "A claim", "rule": "A rule", "parts": [PART], "remarks": []}
    claims = [
        told | {"key": f"C{n}", "verdict": verdict}
        for n, verdict in enumerate(verdicts, start=1)
    ]
    write_json(folder / "claims.json", {"level": 0.95, "claims": claims})
    _write_results(folder)
    record = {"config": {"study": "small", "seed": 2020}, "python": "3.11"}
    record |= {
        "statistics_engine": "pROC",
        "machine": "Linux",
        "packages": {"h5py": "3"},
    }
    record |= {"code_sha256": "c0de" * 16, "artefacts_sha256": {"nodes.tsv": "ab" * 32}}
    write_json(folder / "provenance.json", record)


def _write_results(folder: Path) -> None:
    """Compare the CNNs' errors, and set one number of the paper next to ours."""
    compare_classifiers(
        classifiers=[f"cnn_{cnn}" for cnn in CNNS],
        scores=[folder / f"cnn_{cnn}.csv" for cnn in CNNS],
        statistics=[folder / f"cnn_{cnn}.json" for cnn in CNNS],
        significance=SIGNIFICANCE,
        comparisons=folder / "mcnemar.tsv",
    )
    row = {"section": "Cohort", "quantity": "Patients", "printed": "117", "ours": "50"}
    row |= {"unit": "count", "status": "differs", "value": 50.0}
    row |= {"lower": None, "upper": None, "note": None}
    tables.write(pd.DataFrame([row]), folder / "scorecard.tsv", SCORECARD)


def _write_ceilings(path: Path) -> None:
    row = {"ceiling_of": "node_only", "auc": 0.8, "standard_error": 0.05}
    row |= {"ceiling": 0.86, "ceiling_standard_error": 0.01}
    row |= {"realistic_ceiling": 0.84, "difference": -0.06, "z": -1.2, "status": "at"}
    frame = pd.DataFrame([{"classifier": f"cnn_{cnn}"} | row for cnn in CNNS])
    tables.write(frame, path, tables.CEILINGS)


def _write_precision(folder: Path) -> None:
    options = {"sizes": [30], "areas": [0.8], "shares": [0.8], "power": 0.8}
    compute_precision(
        statistics=[folder / f"cnn_{cnn}.json" for cnn in CNNS],
        pairs=10,
        confidence_level=0.95,
        significance=0.005,
        options=options | {"discordance": [0.2], "differences": [0.15]},
        outputs=PrecisionFiles(
            precision=folder / "precision.tsv",
            differences=folder / "detectable.tsv",
            needed=folder / "nodes_needed.tsv",
            pages=[],
        ),
    )


def _write_readers(folder: Path, tested: pd.DataFrame) -> None:
    rng = np.random.default_rng(6)
    study_readers(
        readers={
            name: write_reader(
                folder / f"{name}.csv", tested, perceive(tested, shift, rng)
            )
            for name, shift in (("reader_1", 1.0), ("reader_2", 1.5))
        },
        networks={
            f"cnn_{cnn}": (folder / f"cnn_{cnn}.csv", folder / f"cnn_{cnn}.json")
            for cnn in CNNS
        },
        bootstrap=BootstrapOptions(100, 0.95, 1),
        outputs=ReaderStudyFiles(
            **{name: folder / f"{name}.tsv" for name in READER_TABLES},
            imrmc=folder / "imrmc.csv",
            mrmcaov=folder / "mrmcaov.csv",
            pages=[],
        ),
    )


def _write_trainings(folder: Path) -> None:
    """Write a training and two folds, watched at the last of three epochs."""
    for number in range(3):
        history = pd.DataFrame(
            {
                "epoch": [1, 2, 3],
                "loss": [0.9, 0.6, 0.5],
                "accuracy": [0.5, 0.6, 0.7],
                "held_out_loss": [np.nan, np.nan, 0.5 + number / 10],
                "held_out_auc": [np.nan, np.nan, 0.9 - number / 10],
            }
        )
        tables.write(history, folder / f"history_{number}.tsv", tables.HISTORY)


def _write_figures(folder: Path) -> None:
    for name in FIGURES:
        figure = style.new_figure(180, 60)
        figure.text(0.5, 0.5, name)
        legend = Legend(f"Title & more of {name}", f"n < 1,234 in {name}.")
        style.save(figure, [folder / f"{name}.svg"], legend=legend)
    draws = {"figure_6": (draw_figure_6, CNNS), "figure_7": (draw_figure_7, CNNS[1:])}
    for name, (draw, cnns) in draws.items():
        draw(
            networks={
                cnn: NetworkFiles(
                    folder / f"{cnn}.h5",
                    folder / f"cnn_{cnn}.csv",
                    folder / f"cnn_{cnn}.json",
                )
                for cnn in cnns
            },
            nodes=folder / "nodes.tsv",
            window_hu=WINDOW_HU,
            synthetic=True,
            output=[folder / f"{name}.svg"],
        )
