"""What runs again after a change: what a person expects, and nothing else.

The cohort is one of files. Its results are those of the synthetic study, whose sheets
it takes over, so nothing has to run: Snakemake is told that they are up to date.
"""

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from repositories import TESTS, copy_repository, planned_jobs, snakemake

pytestmark = pytest.mark.workflow

REPORT = {"record_provenance", "write_report"}
RECOMPUTED = {"recompute_statistics"}
COMPARISONS = {
    "compare_aucs",
    "compute_subgroups",
    "list_remarks",
    "compute_precision",
    "correct_for_reference",
    "tabulate_results",
    "write_scorecard",
    "audit_location",
    "audit_ceilings",
    "measure_shortcut",
    "reweight_mixes",
    "draw_mixes",
    "write_verdict",
    "check_claims",
    "draw_decision_curves",
    "draw_figure_5",
    "draw_subgroups",
}
READINGS = {
    "simulate_readers",
    "check_sheets",
    "score_reader",
    "compute_statistics",
    "compare_classifiers",
    "study_readers",
    "draw_readers",
}
ROBUSTNESS = {"measure_robustness", "draw_robustness"}
# Settings, and the rules that run again after their change.
SETTINGS = [
    ({"phantom": {"shards_at_once": 3}}, set()),
    ({"prediction": {"name": "other"}}, set()),
    ({"external": {"margin": 0.1}}, set()),
    ({"learning_curve": {"percents": [30]}}, set()),
    ({"replay": {"epochs": [2]}}, set()),
    ({"compare": ["own", "other"]}, set()),
    ({"recover_counts": {"significance": 0.01}}, set()),
    ({"selection": {"candidates": {"published_depth": None}}}, set()),
    ({"cohort": {"on_bad_exam": "fail"}}, {"accept_exams", "accept_nodes"}),
    (
        {"phantom": {"readers": {"noise": [0.3, 0.6, 0.9]}}},
        READINGS | COMPARISONS | RECOMPUTED | REPORT,
    ),
    ({"cohort": {"second_look": {"required": True}}}, {"accept_second_look"} | REPORT),
    ({"cohort": {"suv_cutoff": 4.0}}, {"check_uptake", "draw_uptake"} | REPORT),
    (
        {"attribution": {"ring_mm": 6}},
        {"measure_localisation", "check_claims"} | REPORT,
    ),
    (
        {"attribution": {"fresh_networks": 2}},
        {"explain_cnn", "measure_localisation", "audit_heatmaps", "tabulate_patterns"}
        | {"draw_faithfulness", "draw_figure_6", "draw_figure_7"}
        | {"draw_unsigned_heatmaps", "check_claims"}
        | REPORT,
    ),
    ({"audit_power": {"rehearsals": 3}}, {"rehearse_audit"} | REPORT),
    ({"robustness": {"plausible": {"hu_shift": 5}}}, ROBUSTNESS | REPORT),
    ({"robustness": {"tolerated_calls": 0.1}}, REPORT),
    ({"precision": {"power": 0.9}}, {"compute_precision"} | RECOMPUTED | REPORT),
    (
        {"reference": {"unit": "patient"}},
        {"correct_for_reference", "write_scorecard"} | REPORT,
    ),
    (
        {"forest": {"trees": 30}},
        {"score_forest", "compute_simple_statistics", "compare_with_simple"}
        | {"measure_counterfactual", "draw_counterfactual"}
        | ROBUSTNESS
        | COMPARISONS
        | RECOMPUTED
        | REPORT,
    ),
    (
        {"statistics": {"significance": 0.01}},
        {"compute_precision", "compare_classifiers", "tabulate_results"}
        | {"check_claims", "write_scorecard"}
        | RECOMPUTED
        | REPORT,
    ),
]

OWN = [*TESTS, "own.yaml"]
AFTER_STATISTICS = dict.fromkeys(
    [
        "compare_classifiers",
        "compare_aucs",
        "compute_subgroups",
        "list_remarks",
        "study_readers",
        "draw_readers",
        "compute_precision",
        "correct_for_reference",
        "tabulate_results",
        "write_scorecard",
        "audit_location",
        "measure_shortcut",
        "reweight_mixes",
        "draw_mixes",
        "write_verdict",
        "check_claims",
        "draw_decision_curves",
        "draw_subgroups",
        "draw_figure_5",
        "recompute_statistics",
        "record_provenance",
        "write_report",
    ],
    1,
)


@pytest.fixture(scope="module")
def own(study, tmp_path_factory) -> Path:
    """Return a repository with a finished study of files."""
    folder = copy_repository(tmp_path_factory.mktemp("reruns") / "repository")
    finished = study / "results" / "tests"
    shutil.copytree(finished, folder / "results" / "own")
    (folder / "results" / "own" / "raw").rename(folder / "hospital")
    sheets = {name: f"hospital/{name}.tsv" for name in ("exams", "nodes", "readings")}
    overlay = {"study": "own", "cohort": {"source": "files"} | sheets}
    (folder / "own.yaml").write_text(json.dumps(overlay))
    everything = ("--touch", "--forceall", "--cores", "1")
    touched = snakemake(folder, *everything, configuration=OWN)
    assert touched.returncode == 0, touched.stdout[-3000:] + touched.stderr[-3000:]
    assert planned_jobs(folder, configuration=OWN) == {}
    return folder


@contextmanager
def changed(path: Path, text: str) -> Iterator[None]:
    before = path.read_text()
    assert before != text
    path.write_text(text)
    try:
        yield
    finally:
        path.write_text(before)


def replaced(path: Path, old: str, new: str) -> str:
    text = path.read_text()
    assert text.count(old) >= 1
    return text.replace(old, new, 1)


def test_a_new_exam_recomputes_its_shard_and_what_depends_on_the_cohort(own):
    exams, nodes = (own / "hospital" / f"{name}.tsv" for name in ("exams", "nodes"))
    header, first = (line.split("\t") for line in exams.read_text().splitlines()[:2])
    row = dict(zip(header, first, strict=True))
    new = row | {"patient_id": "P900", "exam_id": "E900"}
    node = ["P900", "E900", "N900", "", "1", "iliac", "positive"]
    more_exams = exams.read_text() + "\t".join(new.values()) + "\n"
    more_nodes = nodes.read_text() + "\t".join(node) + "\n"
    with changed(exams, more_exams), changed(nodes, more_nodes):
        jobs = planned_jobs(own, configuration=OWN)
    by_shard = ["inspect_exams", "measure_nodes", "extract_patches"]
    assert [jobs.pop(rule) for rule in by_shard] == [1, 1, 1]
    assert jobs.pop("check_sheets") == 1
    assert jobs["gather_slabs"] == 1
    assert jobs["select_cohort"] == jobs["gather_nodes"] == jobs["make_datasets"] == 1
    assert jobs["train_cnn"] == 3
    assert "write_recipe" not in jobs


def test_a_new_reader_recomputes_comparisons_and_what_follows(own):
    readings = own / "hospital" / "readings.tsv"
    lines = readings.read_text().splitlines()
    reader = lines[1].split("\t")[0]
    own_rows = [line for line in lines if line.startswith(f"{reader}\t")]
    new = [line.replace(reader, "reader_zoe", 1) for line in own_rows]
    with changed(readings, "\n".join([*lines, *new]) + "\n"):
        jobs = planned_jobs(own, configuration=OWN)
    one = {"check_sheets": 1, "score_reader": 1, "compute_statistics": 1}
    assert jobs == AFTER_STATISTICS | one


@pytest.mark.parametrize(
    ("figure", "also"),
    [
        ("uptake", ["write_report"]),
        ("figure_5", ["write_report"]),
    ],
)
def test_the_style_of_a_figure_redraws_that_figure(own, figure, also):
    module = own / f"src/nodal_staging/figures/{figure}.py"
    old = next(
        line for line in module.read_text().splitlines() if "style.new_figure(" in line
    )
    new = old.replace("new_figure(", "new_figure(1 + ")
    with changed(module, replaced(module, old, new)):
        expected = dict.fromkeys([f"draw_{figure}", *also], 1)
        assert planned_jobs(own, configuration=OWN) == expected


def test_the_schema_of_a_table_recomputes_who_writes_or_reads_it(own):
    module = own / "src/nodal_staging/tables/categories.py"
    with changed(module, replaced(module, '"perirectal",\n    "media', '"media')):
        assert "train_cnn" in planned_jobs(own, configuration=OWN)
    module = own / "src/nodal_staging/statistics/mcnemar.py"
    old = '"p_holm": number(0, 1)'
    with changed(module, replaced(module, old, '"p_holm": number(0, 2)')):
        jobs = planned_jobs(own, configuration=OWN)
    assert "compare_classifiers" in jobs
    assert not jobs.keys() & {"train_cnn", "extract_patches", "compute_statistics"}


def test_a_corrected_reading_recomputes_that_reader_alone(own):
    readings = own / "hospital" / "readings.tsv"
    lines = readings.read_text().splitlines()
    reader, node, rating = lines[-1].split("\t")
    other = "likely" if rating != "likely" else "unlikely"
    lines[-1] = "\t".join((reader, node, other))
    with changed(readings, "\n".join(lines) + "\n"):
        jobs = planned_jobs(own, configuration=OWN)
    one = {"check_sheets": 1, "score_reader": 1, "compute_statistics": 1}
    assert jobs == AFTER_STATISTICS | one


@pytest.mark.parametrize(("overlay", "rules"), SETTINGS, ids=lambda one: str(one)[:50])
def test_a_setting_runs_again_what_reads_it(study, tmp_path, overlay, rules):
    changes = tmp_path / "changes.yaml"
    changes.write_text(json.dumps(overlay))
    jobs = planned_jobs(study, configuration=[*TESTS, str(changes)])
    assert jobs.keys() == rules


def test_other_instructions_of_the_cpu_train_again_like_another_rate(study, tmp_path):
    plans = []
    for change in ({"cpu_instructions": "avx2"}, {"learning_rate": 0.001}):
        changes = tmp_path / "changes.yaml"
        changes.write_text(json.dumps({"training": change}))
        plans.append(planned_jobs(study, configuration=[*TESTS, str(changes)]))
    jobs, of_another_rate = plans
    assert jobs == of_another_rate
    assert (jobs["train_cnn"], jobs["train_folds"]) == (3, 3)
    # Of the CNNs alone; forests, baselines and readers are kept.
    assert jobs["compute_statistics"] == 3
    kept = {"simulate_exams", "extract_patches", "make_datasets", "score_forest"}
    assert not jobs.keys() & (kept | {"score_logistic", "score_baselines"})


def test_results_of_other_versions_are_named_in_the_plan(study, tmp_path):
    log = study / "results" / "tests" / "logs" / "train_cnn" / "xmask.log"
    before, mark, versions = log.read_text().rpartition("made with ")
    older = re.sub(r"tensorflow [\d.]+", "tensorflow 1.0.0", versions)
    with changed(log, before + mark + older):
        done = snakemake(study, "--cores", "1", "--dry-run")
    said = done.stdout + done.stderr
    assert "train_cnn (1 job): tensorflow 1.0.0; installed is 2." in said
    assert "Nothing to be done" in said
