"""A small study from which a report can be written: simulated scores and maps."""

from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
from evaluation import evaluate
from reader_files import perceive, write_reader
from score_files import normal_scores, write_scores
from studies import measured_nodes

from nodal_staging import tables
from nodal_staging.attribution.localisation import localise
from nodal_staging.audit.counterfactual.effect_tables import (
    CALIBRATION,
    EFFECTS,
    IDEAL,
    QUANTITIES,
)
from nodal_staging.audit.heatmaps import HeatmapAuditFiles, audit_heatmaps
from nodal_staging.audit.location import audit_location
from nodal_staging.audit.mixes.reweighting import Scored, reweight_mixes
from nodal_staging.audit.pattern_layers import PATTERN_LAYERS
from nodal_staging.audit.rehearsal import Evidence
from nodal_staging.audit.relevance_regions import (
    LocalisationFiles,
    measure_localisation,
)
from nodal_staging.audit.robustness.largest_changes import Example, write_examples
from nodal_staging.audit.robustness.robustness_tables import ROBUSTNESS, STABILITY
from nodal_staging.audit.robustness.score_changes import (
    Outcome,
    ScoreChanges,
    frame_of,
    logits,
    not_used,
)
from nodal_staging.audit.robustness.stability import (
    stability,
    stable_nodes,
)
from nodal_staging.audit.shortcut import measure_shortcut
from nodal_staging.audit.shortcut_power import Plan, Rehearsals, rehearse_audit
from nodal_staging.audit.verdict import write_verdict
from nodal_staging.classifiers.labelled_scores import read_partition
from nodal_staging.classifiers.scores import score_table
from nodal_staging.datasets.balance import BALANCE
from nodal_staging.datasets.split import Split
from nodal_staging.estimates.patient_bootstrap import BootstrapOptions, PatientBootstrap
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
from nodal_staging.paper.reference.reference_tables import (
    StudyFiles,
    correct_for_reference,
)
from nodal_staging.paper.scorecard.judgement import SCORECARD
from nodal_staging.report.artefacts import Artefacts, ReaderStudy
from nodal_staging.statistics.auc_differences import compare_aucs
from nodal_staging.statistics.best_simple import compare_with_simple
from nodal_staging.statistics.mcnemar import compare_classifiers
from nodal_staging.statistics.precision.precision_tables import (
    PrecisionFiles,
    compute_precision,
)
from nodal_staging.statistics.reader_study.reader_tables import (
    ReaderStudyFiles,
    study_readers,
)
from nodal_staging.statistics.recomputation.recompute import (
    Results,
    recompute_statistics,
)
from nodal_staging.statistics.refits import Trainings, compare_refits
from nodal_staging.statistics.result_remarks import REMARKS
from nodal_staging.statistics.subgroups import compute_subgroups
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
    "uptake",
    "training",
    "subgroups",
    "calibration",
    "decision_curves",
    "faithfulness",
    "counterfactual",
    "mixes",
    "robustness",
    "readers",
]
CURVES = ("roc", "band", "calibration", "decision_curve")
READER_TABLES = ("areas", "points", "agreement", "fixed", "random")
CUTOFF_SUV = 3.0
SIGNIFICANCE = 0.005
SHIFTS = [("identity", 0.0, 0.0), ("hu_shift", 20.0, 1.0), ("dilate", 1.0, -2.0)]
"""Perturbation, strength, and the shift of all logits."""
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
    write_cnn_scores(folder, nodes)
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
            **{kind: folder / f"cnn_{cnn}.{kind}.tsv" for kind in CURVES},
        )
    _write_heatmaps(folder, nodes[:TESTED])
    _write_audit(folder, protocol, threshold_source)
    _write_patterns(folder / "patterns.tsv")
    write_robustness(folder)
    write_robust_examples(folder / "examples.h5")
    _write_cohort(folder, protocol)
    _write_ceilings(folder / "ceilings.tsv")
    _write_effects(folder / "effects.tsv")
    _write_calibration(folder / "calibration.tsv")
    _write_precision(folder)
    _write_refits(folder)
    _write_reference(folder)
    _write_simple(folder)
    _write_readers(folder, nodes[:TESTED])
    _write_subgroups(folder)
    _write_trainings(folder)
    check_uptake(
        nodes=folder / "nodes.tsv",
        cutoff_suv=CUTOFF_SUV,
        output=folder / "disagreements.tsv",
    )
    recompute_statistics(
        written_results(folder),
        significance=SIGNIFICANCE,
        level=0.95,
        output=folder / "recomputation.tsv",
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
    read = ("mcnemar", "auc_differences", "scorecard", "reference")
    read += ("over_simple", "simple_choice")
    read += ("precision", "detectable", "disagreements")
    read += ("shortcut", "reweighted", "power")
    read += ("location", "localisation", "localisation_differences")
    read += ("localisation_controls",)
    read += ("randomisation", "faithfulness", "halo", "patterns")
    read += ("robustness", "stability")
    read += ("refits", "refit_spread", "recomputation")
    read += ("balance", "characteristics", "nodes", "lost", "node_flags", "remarks")
    return Artefacts(
        matrix=None,
        matrix_reading=None,
        **by_cnn,
        **{name: folder / f"{name}.tsv" for name in read},
        **{n: folder / f"{n}.json" for n in ("flow", "certificate", "verdict")},
        claims=folder / "claims.json",
        table_1=folder / "table_1.tsv",
        subgroups=folder / "subgroups.tsv",
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
        effects=folder / "effects.tsv",
        examples=folder / "examples.h5",
        calibration=folder / "calibration.tsv" if synthetic else None,
    )


def written_results(folder: Path) -> Results:
    """Return the files of a written study whose numbers are recomputed."""
    names = [f"cnn_{cnn}" for cnn in CNNS]
    # The baselines are CNNs under other names.
    own = {name: name for name in names}
    own |= {"volume": "cnn_xmask", "location": "cnn_location_balanced"}
    readers = ("reader_1", "reader_2")
    return Results(
        scores={name: folder / f"{of}.csv" for name, of in own.items()}
        | {name: folder / f"{name}.csv" for name in readers},
        statistics={name: folder / f"{of}.json" for name, of in own.items()}
        | {name: folder / f"{name}.json" for name in readers},
        curves={
            kind: {name: folder / f"{of}.{kind}.tsv" for name, of in own.items()}
            | {name: folder / f"{name}.{kind}.tsv" for name in readers}
            for kind in CURVES
        },
        nodes=folder / "nodes.tsv",
        mcnemar=folder / "mcnemar.tsv",
        auc_differences=folder / "auc_differences.tsv",
        over_simple=folder / "over_simple.tsv",
        simple_choice=folder / "simple_choice.tsv",
        subgroups=folder / "subgroups.tsv",
        precision=folder / "precision.tsv",
        detectable=folder / "detectable.tsv",
        needed=folder / "nodes_needed.tsv",
        readers={name: name for name in readers},
        reader_study={name: folder / f"{name}.tsv" for name in READER_TABLES},
        refits=[folder / "refits.tsv", folder / "refit_spread.tsv"],
        refit_scores={
            cnn: [folder / f"cnn_{CNNS[place - 1]}.csv"]
            for place, cnn in enumerate(CNNS)
        },
    )


def write_cnn_scores(folder: Path, nodes: pd.DataFrame) -> None:
    """Write the scores of three CNNs, of the first nodes as test set."""
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
    measure_shortcut(
        scores={},
        test_scores={f"cnn_{cnn}": path for cnn, path in scores.items()},
        nodes=nodes,
        bootstrap=bootstrap,
        output=folder / "shortcut.tsv",
    )
    reweight_mixes(
        scored={
            f"cnn_{cnn}": Scored(path, folder / f"cnn_{cnn}.json")
            for cnn, path in scores.items()
        },
        nodes=nodes,
        mixes={},
        bootstrap=bootstrap,
        output=folder / "reweighted.tsv",
    )
    rehearse_audit(
        nodes=nodes,
        plan=Plan(
            split=Split(protocol, 0.3, 1),
            folds=2,
            rehearsals=Rehearsals(0.01, [1.0], [], 2, Evidence(0.8, 0.3)),
            bootstrap=bootstrap,
        ),
        output=folder / "power.tsv",
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
        shortcut=folder / "shortcut.tsv",
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


def write_robustness(folder: Path) -> None:
    """Write what shifted logits do to three classifiers, at a threshold of 0.5."""
    changes, summaries = [], []
    for name in (*(f"cnn_{cnn}" for cnn in CNNS), "volume"):
        source = name if name.startswith("cnn_") else "cnn_xmask"
        tested = read_partition(folder / f"{source}.csv", "test", classifier=name)
        options = BootstrapOptions(100, 0.95, 1)
        drawn = PatientBootstrap(tested.positive, tested.patient_id, options)
        latent = logits(tested.score)
        found = [
            Outcome(step, strength, score[None], score[None] >= 0.5)
            for step, strength, shift in SHIFTS
            for score in [1 / (1 + np.exp(-latent - shift))]
        ]
        compared = ScoreChanges(found[0], list(tested.node_id), drawn)
        rows = [compared.row(one) for one in found]
        rows.append(not_used("mirror", 1.0, len(latent)))
        changes += [{"classifier": name} | row for row in rows]
        nodes = stable_nodes(found[0], found[1:], tested.node_id, tested.positive)
        summaries.append({"classifier": name} | stability(nodes, drawn))
    tables.write(frame_of(changes), folder / "robustness.tsv", ROBUSTNESS)
    tables.write(pd.DataFrame(summaries), folder / "stability.tsv", STABILITY)


def write_robust_examples(path: Path) -> None:
    """Write a node of each CNN, once in the middle and once moved by three pixels."""
    mask = np.zeros((2, 48, 48), bool)
    mask[0, 20:28, 20:28] = mask[1, 20:28, 23:31] = True
    image = np.where(mask, np.float32(0.75), np.float32(0.25))
    shown = Example("N0007", "shift", 3.0, (0.125, 0.875), image, mask)
    write_examples(path, {f"cnn_{cnn}": [shown] for cnn in CNNS})


def _write_losses(path: Path) -> None:
    """Write two nodes of one exam that were not measured, and one without SUV."""
    cells = {"patient_id": "P1", "exam_id": "E1", "reason": "truncated_pixels"}
    cells |= {"problem": "exam E1, column ct: cut short", "fix": "restore it"}
    rows = [
        cells | {"node_id": node_id, "stage": stage}
        for node_id, stage in (
            ("X1", "measurement"),
            ("X2", "measurement"),
            ("X3", "uptake"),
        )
    ]
    tables.write(pd.DataFrame(rows), path, tables.LOSSES)


def _write_flags(path: Path) -> None:
    """Write two nodes with several components, of which one overlaps another."""
    cells = {"patient_id": "P1", "problem": "implausible", "fix": "draw it again"}
    rows = [
        cells | {"node_id": node_id, "flag": flag}
        for node_id, flag in (
            ("N0001", "overlap"),
            ("N0001", "several_components"),
            ("N0002", "several_components"),
        )
    ]
    tables.write(pd.DataFrame(rows), path, tables.NODE_FLAGS)


def _write_cohort(folder: Path, protocol: str) -> None:
    _write_losses(folder / "lost.tsv")
    _write_flags(folder / "node_flags.tsv")
    remark = {"code": "small_test_set", "place": "test set", "sentence": "Too few."}
    tables.write(pd.DataFrame([remark]), folder / "remarks.tsv", REMARKS)
    write_json(
        folder / "flow.json",
        {
            "screened": {"patients": 60, "exams": 66},
            "included": {"patients": 50, "exams": 50},
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
            "given": False,
            "split_sha256": "5eed" * 16,
            "normaliser_source": "fixed HU window",
            "test": {"positive": 31, "negative": 29, "patients": 25},
            "training": dict.fromkeys(names, entry),
        },
    )
    _write_balance(folder / "balance.tsv")
    cells = pd.DataFrame(
        {
            "partition": ["all", "test_nodes"],
            "characteristic": "Age, years",
            "value": ["68 ± 7", "67 ± 8"],
        }
    )
    tables.write(cells, folder / "characteristics.tsv", tables.CHARACTERISTICS)
    verdicts = ["holds"] * 4 + ["does not hold"] * 3 + ["inconclusive"]
    told = {"text": "A claim", "rule": "A rule", "parts": [PART], "remarks": []}
    claims = [
        told | {"key": f"C{n}", "verdict": verdict}
        for n, verdict in enumerate(verdicts, start=1)
    ]
    write_json(folder / "claims.json", {"level": 0.95, "claims": claims})
    _write_results(folder)
    record = {"config": {"study": "small", "seed": 2020}, "python": "3.11"}
    record |= {
        "software": "nodal-staging 1.2.3",
        "statistics_engine": "pROC",
        "machine": "Linux",
        "cpu_instructions": {"oneDNN": "AVX2"},
        "packages": {"h5py": "3"},
    }
    record |= {
        "package_sha256_when_recorded": "c0de" * 16,
        "code_versions": {"train_cnn": {"01ab": 2, "02cd": 1}},
        "results_of_other_code": {"train_cnn": {"01ab": 2}},
        "artefacts_sha256": {"nodes.tsv": "ab" * 32},
    }
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


def _write_refits(folder: Path) -> None:
    """Let every CNN be the other trainings of the next one."""
    compare_refits(
        {
            cnn: Trainings(
                [folder / f"cnn_{cnn}.csv", folder / f"cnn_{CNNS[place - 1]}.csv"],
                folder / f"cnn_{cnn}.json",
            )
            for place, cnn in enumerate(CNNS)
        },
        level=0.95,
        refits=folder / "refits.tsv",
        spread=folder / "refit_spread.tsv",
    )


def _write_balance(path: Path) -> None:
    """Write twelve cells; the last but one is most unlike, the last has few nodes."""
    rows = [
        {"location": location, "status": status, "short_axis_mm": "below 5"}
        | {"nodes": 8, "share": 0.08, "test_nodes": 2, "test_share": 0.1}
        | {"standardised_difference": -0.05 * place if place < 11 else None}
        for place, (location, status) in enumerate(
            product(tables.LOCATIONS[:6], tables.STATUS)
        )
    ]
    tables.write(pd.DataFrame(rows), path, BALANCE)


def _write_effects(path: Path) -> None:
    """Write effects of the location: one CNN follows it, the others do not."""
    moving = {"location_share": 0.23, "excess_share": 0.15, "calls_changed": 0.72}
    rows = [
        {"classifier": name, "quantity": quantity, "value": value}
        | {"lower": value - 0.05, "upper": value + 0.05, "nodes": 30}
        for name in (*(f"cnn_{cnn}" for cnn in CNNS), IDEAL)
        for quantity in QUANTITIES
        for value in [moving.get(quantity, 0.1) if name == "cnn_xmask" else 0.01]
    ]
    tables.write(pd.DataFrame(rows), path, EFFECTS)


def _write_calibration(path: Path) -> None:
    row = {"correlation": 0.9, "lower": 0.85, "upper": 0.95, "nodes": 30}
    row |= {"correlation_of_locations": 0.97, "slope_of_locations": 0.8}
    row |= {"exact_location_share": 0.23, "transplanted_location_share": 0.2}
    frame = pd.DataFrame([{"classifier": f"cnn_{cnn}"} | row for cnn in CNNS])
    tables.write(frame, path, CALIBRATION)


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


def _write_reference(folder: Path) -> None:
    names = [f"cnn_{cnn}" for cnn in CNNS]
    options = {"sensitivity": [0.8, 0.7, 0.9], "specificity": [0.97, 0.95, 0.98]}
    correct_for_reference(
        published=Path(__file__).parents[2] / "config" / "published_numbers.tsv",
        study=StudyFiles(
            statistics={name: folder / f"{name}.json" for name in names},
            scores={name: folder / f"{name}.csv" for name in names},
            nodes=folder / "nodes.tsv",
            truth=None,
        ),
        options=options | {"from": "a review", "unit": "node"},
        bootstrap=BootstrapOptions(100, 0.95, 1),
        frame=folder / "reference.tsv",
        pages=[folder / "reference.html"],
    )


def _write_simple(folder: Path) -> None:
    compare_with_simple(
        cnns={f"cnn_{cnn}": folder / f"cnn_{cnn}.csv" for cnn in CNNS[:2]},
        simple={
            "volume": folder / "cnn_xmask.csv",
            "location": folder / "cnn_location_balanced.csv",
        },
        confidence_level=0.95,
        choice=folder / "simple_choice.tsv",
        differences=folder / "over_simple.tsv",
    )


def _write_readers(folder: Path, tested: pd.DataFrame) -> None:
    rng = np.random.default_rng(6)
    readers = {
        name: write_reader(folder / f"{name}.csv", tested, perceive(tested, shift, rng))
        for name, shift in (("reader_1", 1.0), ("reader_2", 1.5))
    }
    for name, scores in readers.items():
        evaluate(
            classifier=name,
            scores=scores,
            nodes=folder / "nodes.tsv",
            replicates=100,
            statistics=folder / f"{name}.json",
            **{kind: folder / f"{name}.{kind}.tsv" for kind in CURVES},
        )
    study_readers(
        readers=readers,
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


def _write_subgroups(folder: Path) -> None:
    compute_subgroups(
        classifiers={
            f"cnn_{cnn}": (folder / f"cnn_{cnn}.csv", folder / f"cnn_{cnn}.json")
            for cnn in CNNS
        },
        nodes=folder / "nodes.tsv",
        bands_mm=[5, 8],
        confidence_level=0.95,
        subgroups=folder / "subgroups.tsv",
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
        path = folder / f"history_{number}.tsv"
        if number:
            tables.write(history.assign(fold=number), path, tables.FOLD_HISTORY)
        else:
            tables.write(history, path, tables.HISTORY)


def _write_figures(folder: Path) -> None:
    for name in FIGURES:
        figure = style.new_figure(180, 60)
        figure.text(0.5, 0.5, name)
        legend = Legend(f"Title & more of {name}", f"n < 1,234 in {name}.")
        outputs = [folder / f"{name}.{kind}" for kind in ("svg", "pdf")]
        style.save(figure, outputs, legend=legend)
    for linked in ("table_1.tsv", "subgroups.tsv"):
        (folder / linked).touch()
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
