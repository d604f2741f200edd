"""The whole study on a dozen synthetic patients, as a user runs it.

One copy of the repository is run from scratch, then asked what it would run again
after this and that; a second one is killed on its way and run on.
"""

import itertools
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import time
import zipfile
import zlib
from datetime import timedelta
from html import escape
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
from reader_pages import ReaderPage, answer, save
from repositories import (
    A_FEW,
    ENVIRONMENT,
    FIGURES,
    ILLUSTRATED,
    PARTS,
    ROOT,
    SNAKEMAKE,
    TESTS,
    copy_repository,
    planned_jobs,
    release_stale_lock,
    snakemake,
    sums,
)

from nodal_staging import tables
from nodal_staging.audit.decodability import DECODABILITY
from nodal_staging.classifiers.cnn.candidates import LEADERBOARD
from nodal_staging.classifiers.cnn.predicted_nodes import PREDICTIONS
from nodal_staging.figures import style
from nodal_staging.figures.legend import Illustration
from nodal_staging.phantom.scan_headers import FIRST_DAY
from nodal_staging.report.study_comparison import COMPARED_CLASSIFIERS, STUDY_FACTS
from nodal_staging.statistics.patients.staged_patients import STAGES
from nodal_staging.statistics.refits import SPREAD
from nodal_staging.study.files import read_json, write_json
from nodal_staging.tables.rounding import half_up

pytestmark = pytest.mark.workflow


def planned(folder: Path, *targets: str) -> set[str]:
    """Return the rules that a run would run now."""
    return set(planned_jobs(folder, *targets))


@pytest.fixture(scope="module")
def results(study) -> Path:
    return study / "results" / "tests"


def test_everything_a_reader_wants_is_there(results):
    for name in ("report.html", "provenance.json", "audit/verdict.json"):
        assert (results / name).stat().st_size > 0
    unsigned = ["unsigned_heatmaps", "unsigned_heatmaps_pair"]
    drawn = [*ILLUSTRATED, *unsigned]
    for suffix, figure in itertools.product(("pdf", "svg", "png"), drawn):
        assert (results / "figures" / f"{figure}.{suffix}").stat().st_size > 1000
    for table in ("mcnemar", "auc_differences", "subgroups"):
        assert (results / "statistics" / f"{table}.tsv").stat().st_size > 0
    for table in ("table_1", "mcnemar", "auc_differences"):
        for suffix in ("tsv", "md", "tex", "html"):
            assert (results / "tables" / f"{table}.{suffix}").stat().st_size > 0


def test_a_second_run_has_nothing_to_do(study):
    assert planned(study) == set()


def test_touching_everything_reruns_nothing(study):
    for part in PARTS:
        for path in (study / part).rglob("*"):
            path.touch()
    (study / "Snakefile").touch()
    for path in (study / "results").rglob("*"):
        path.touch()
    assert planned(study) == set()


@pytest.mark.parametrize(
    ("name", "suffix"),
    [("figure_1", "svg"), ("figure_4", "pdf"), ("figure_6", "png")],
)
def test_a_lost_figure_is_one_job_and_the_report_that_shows_it(
    study, results, name, suffix
):
    figure = results / "figures" / f"{name}.{suffix}"
    content = figure.read_bytes()
    figure.unlink()
    try:
        assert planned(study) == {f"draw_{name}", "write_report"}
        assert planned(study, name) == {f"draw_{name}"}
    finally:
        figure.write_bytes(content)


def edited(path: Path, old: str, new: str, study: Path) -> set[str]:
    """Return what would run if a module were edited; the module is restored."""
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    try:
        return planned(study)
    finally:
        path.write_text(text)


def test_an_edit_reruns_what_depends_on_it_and_nothing_else(study):
    package = study / "src" / "nodal_staging"
    style = package / "figures" / "style.py"
    drawn = edited(style, '"font.size": 7,', '"font.size": 7.5,', study)
    assert drawn == {
        *(f"draw_{figure}" for figure in ILLUSTRATED),
        "draw_unsigned_heatmaps",
        "draw_training",
        "draw_uptake",
        "write_report",
    }
    pictures = edited(
        package / "nodes" / "example_pictures.py",
        "AXIAL_FIELD_MM = 80.0",
        "X = 1",
        study,
    )
    assert pictures == {
        "simulate_examples",
        "picture_examples",
        "draw_figure_1",
        "write_report",
    }
    readers = edited(
        package / "classifiers" / "readers.py",
        "positive=rating >= 3",
        "positive=rating >= 2",
        study,
    )
    assert {"score_reader", "compute_statistics", "tabulate_results"} <= readers
    assert not readers & {
        "train_cnn",
        "train_folds",
        "extract_patches",
        "make_datasets",
    }


def test_a_comment_reruns_nothing(study):
    path = study / "src" / "nodal_staging" / "nodes" / "patch_files.py"
    assert edited(path, "import h5py", "import h5py  # HDF5", study) == set()


def test_a_killed_run_with_another_number_of_cores_ends_in_the_same_bytes(
    study, results, tmp_path
):
    folder = copy_repository(tmp_path / "repository")
    first = subprocess.Popen(
        [*SNAKEMAKE, *TESTS, "--cores", "2", "--", *A_FEW],
        cwd=folder,
        env=ENVIRONMENT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    marker = folder / "results" / "tests" / "nodes.tsv"
    while not marker.exists() and first.poll() is None:
        time.sleep(0.2)
    time.sleep(2)
    assert first.poll() is None
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    release_stale_lock(folder)
    again = snakemake(folder, "--cores", "1", "--resources", "gpu=0", "--", *A_FEW)
    assert again.returncode == 0, again.stdout[-3000:] + again.stderr[-3000:]
    made, known = sums(folder / "results" / "tests"), sums(results)
    assert {f"results/tests/{path}" for path in made} >= set(A_FEW)
    assert made == {path: known[path] for path in made}


def test_a_run_killed_while_it_deleted_raw_exams_loses_none(study, results):
    shard = results / "raw" / "2-of-3"
    assert not shard.exists()
    (shard / "E0001").mkdir(parents=True)
    (shard / ".files").write_text("200\n")
    assert planned(study) == set()
    assert not shard.exists()


def after_raw(results: Path) -> list[Path]:
    """Return every file of the results but the synthetic hospital's."""
    return [
        path
        for path in results.rglob("*")
        if path.is_file() and "raw" not in path.relative_to(results).parts
    ]


def inflated(content: bytes) -> bytes:
    """Return a file with whatever zlib streams it holds, as PDF and PNG do.

    Letters of 16 bits, and those that PDF sets apart, ``(CAN) 15 (ARY)``, are joined.
    """
    parts = [content]
    for start in re.finditer(rb"x[\x01\x5e\x9c\xda]", content):
        try:
            parts.append(zlib.decompressobj().decompress(content[start.start() :]))
        except zlib.error:
            continue
    plain = b"\n".join(parts).replace(b"\0", b"")
    return re.sub(rb"\)\s*-?[\d.]+\s*\(", b"", plain)


def test_what_a_figure_says_would_be_found(tmp_path):
    figure = style.new_figure(50, 50)
    figure.text(0.5, 0.5, "CANARY")
    figure.savefig(tmp_path / "leak.png", metadata={"Title": "CANARY"})
    style.save(figure, [tmp_path / "leak.pdf"])
    pdf = (tmp_path / "leak.pdf").read_bytes()
    assert b"CANARY" not in pdf
    assert b"CANARY" in inflated(pdf)
    assert b"CANARY" in inflated((tmp_path / "leak.png").read_bytes())


def test_no_identifier_leaves_the_raw_data(results):
    """Neither words nor UIDs nor dates, of headers, file names or NRRD keys."""
    exams = pd.read_csv(results / "raw" / "exams.tsv", sep="\t")
    days = [FIRST_DAY + timedelta(days=day) for day in exams["day"]]
    births = [
        f"{day.year - int(age)}0105"
        for day, age in zip(days, exams["age"], strict=True)
    ]
    dates = {f"{day:%Y%m%d}" for day in days} | set(births)
    date = re.compile(rf"(?<!\d)({'|'.join(dates)})(?!\d)".encode())
    logs = (results.parents[1] / ".snakemake" / "log").iterdir()
    for path in [*after_raw(results), *logs]:
        content = inflated(path.read_bytes())
        assert b"CANARY" not in content, path.name
        assert not re.search(rb"2\.25\.\d{20}", content), path.name
        if path.suffix not in {".h5", ".png", ".pdf"}:
            assert not date.search(content), path.name


def test_no_identifier_hides_in_compressed_datasets(results):
    files = [path for path in after_raw(results) if path.suffix == ".h5"]
    assert files

    def check(name, item):
        words = [name, *map(str, item.attrs.values())]
        if isinstance(item, h5py.Dataset) and item.dtype.kind in "SO":
            words += [str(value) for value in item[...].ravel()]
        assert not any("CANARY" in word or "2.25." in word for word in words)

    for path in files:
        with h5py.File(path) as file:
            check("/", file)
            file.visititems(check)


def test_the_report_shows_every_figure_with_its_legend(results):
    page = (results / "report.html").read_text()
    assert page.count("data:image/svg+xml;base64,") == len(ILLUSTRATED)
    for figure in FIGURES:
        drawn = Illustration.read(results / "figures" / f"{figure}.svg")
        assert f"{drawn.label}. {drawn.legend.title}" in page
        assert escape(drawn.legend.caption) in page


def test_the_flow_counts_everybody(results):
    flow = read_json(results / "cohort" / "flow.json")
    excluded = sum(flow["excluded_patients"].values())
    assert flow["screened"]["patients"] == flow["included"]["patients"] + excluded
    assert flow["included"]["patients"] == 14


@pytest.fixture(scope="module")
def measured(results):
    nodes = pd.read_csv(results / "nodes.tsv", sep="\t").set_index("node_id")
    truth = pd.read_csv(results / "raw" / "truth.tsv", sep="\t").set_index("node_id")
    return nodes.join(truth[["size", "attenuation", "suv_peak"]].add_prefix("true_"))


def test_what_was_planted_is_measured(measured):
    assert len(measured) == 72
    assert (
        np.corrcoef(np.log(measured["volume_mm3"]), measured["true_size"])[0, 1] > 0.9
    )
    assert np.corrcoef(measured["median_hu"], measured["true_attenuation"])[0, 1] > 0.7
    peaks = np.corrcoef(np.log(measured["suv_max"]), np.log(measured["true_suv_peak"]))
    assert peaks[0, 1] > 0.9


def test_the_report_is_offline_and_repeats_the_statistics(results):
    page = (results / "report.html").read_text()
    linked = re.findall(r"""\b(?:src|href)=["']?([^"'> ]+)""", page)
    assert linked
    files = {link for link in linked if not link.startswith(("#", "data:"))}
    assert files and not [name for name in files if not (results / name).exists()]
    for name in ("cnn_status_balanced", "rf_status_balanced", "reader_1", "volume"):
        auc = read_json(results / "statistics" / f"{name}.json")["auc"]["estimate"]
        assert f"{half_up(auc, 3)}" in page
    assert "Synthetic cohort with known truth" in page


def test_own_files_give_the_same_nodes(results, tmp_path):
    """A cohort of one's own takes the same path; here, the phantom's raw files."""
    folder = copy_repository(tmp_path / "repository")
    files = (
        "--cores",
        "2",
        "--notemp",
        "--until",
        "simulate_exams",
        "simulate_readers",
    )
    simulated = snakemake(folder, *files)
    assert simulated.returncode == 0, simulated.stdout[-3000:]
    raw = (folder / "results" / "tests" / "raw").rename(tmp_path / "hospital")
    overlay = {"study": "own", "cohort": {"source": "files"}}
    for name in ("exams", "nodes", "readings"):
        overlay["cohort"][name] = str(raw / f"{name}.tsv")
    (folder / "own.yaml").write_text(json.dumps(overlay))
    same = ("nodes.tsv", "cohort/flow.json", "cohort/exams.tsv", "examples/pictures.h5")
    wanted = [f"results/own/{name}" for name in same]
    done = subprocess.run(
        [*SNAKEMAKE, *TESTS, "own.yaml", "--cores", "2", "--", *wanted],
        cwd=folder,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    own = folder / "results" / "own"
    for name in same:
        assert (own / name).read_bytes() == (results / name).read_bytes()
    assert not (own / "raw").exists()


def test_every_interval_says_how_it_was_made(results):
    for path in sorted((results / "statistics").glob("*.json")):
        intervals = read_json(path)["auc"]["intervals"]
        bootstrap = intervals["bootstrap"]
        assert bootstrap["method"] == "bootstrap"
        assert bootstrap["replicates"] == 200
        assert 1 <= bootstrap["seed"] < 2**31
        assert "pROC" in bootstrap["engine"]
        assert intervals["delong"]["method"] == "delong"


def test_no_classifier_beats_its_ceiling(results):
    ceilings = pd.read_csv(results / "audit" / "ceilings.tsv", sep="\t")
    assert (ceilings["status"] != "leak").all()


def test_certificate_finds_no_leak(results):
    certificate = read_json(results / "datasets" / "certificate.json")
    for entry in certificate["training"].values():
        assert entry["shared_patients"] == entry["shared_nodes"] == 0
        assert entry["identical_patches"] == []


@pytest.mark.parametrize(
    ("overlay", "words"),
    [
        (
            "phantom: {patientz: 3}",
            "phantom.patientz is not a key here; did you mean patients?",
        ),
        (
            "statistics: {replicates: 5}",
            "config: statistics.replicates: 5 is less than the minimum",
        ),
        ("cohort: {source: elsewhere}", "config: cohort.source"),
    ],
)
def test_a_wrong_key_is_named(tmp_path, overlay, words):
    folder = copy_repository(tmp_path / "repository")
    (folder / "wrong.yaml").write_text(overlay)
    done = subprocess.run(
        [*SNAKEMAKE, "--configfile", "config/config.yaml", "wrong.yaml", "-n"],
        cwd=folder,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert words in done.stdout + done.stderr
    # No line of the code that refused the key.
    assert "configuration.py" not in done.stdout + done.stderr


# Last, since they add to the results that others compare.


def test_what_is_made_on_request(study, results):
    targets = ["leaderboard", "learning_curve", "replay", "recover_counts"]
    done = snakemake(
        study, "--cores", "2", "--resources", "gpu=1", "--quiet", "host", "--", *targets
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert not planned(study)
    board = tables.read(results / "selection/leaderboard.tsv", LEADERBOARD)
    assert "configured" in set(board["candidate"])
    curve = tables.read(results / "tables/learning_curve.tsv", tables.LEARNING_CURVE)
    assert set(zip(curve["percent"], curve["repeat"], strict=True)) == {
        (100, 0),
        (50, 1),
    }
    drawn = tables.read(results / "replay/status_balanced.tsv", tables.REPLAY)
    assert set(drawn["epoch"]) == {1, 2}
    for page in ("tables/readers", "tables/precision", "recover_counts/recovered"):
        assert "<table" in (results / f"{page}.html").read_text()
    exported = pd.read_csv(results / "readers" / "imrmc.csv")
    tested = pd.read_csv(results / "datasets" / "test.tsv", sep="\t")
    assert set(exported["caseID"]) == set(tested["node_id"])
    for figure in ("figures/learning_curve", "replay/status_balanced"):
        assert (results / f"{figure}.png").stat().st_size > 0


def test_other_trainings_and_the_probe_are_made_on_request(study, results, tmp_path):
    twice = tmp_path / "twice.yaml"
    twice.write_text(json.dumps({"training": {"refits": 2}}))
    arguments = (
        "--cores",
        "2",
        "--quiet",
        "host",
        "--",
        "refits",
        "decodability",
        "patients",
    )
    done = snakemake(study, *arguments, configuration=[*TESTS, str(twice)])
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    spread = tables.read(results / "statistics" / "refit_spread.tsv", SPREAD)
    assert spread["trainings"].tolist() == [2, 2, 2]
    probed = tables.read(results / "audit" / "decodability.tsv", DECODABILITY)
    # The location-balanced CNN has so few nodes that all locations are one level.
    assert set(probed["cnn"]) == {"status_balanced", "xmask"}
    assert {"trained", "untrained_1", "pixels"} <= set(probed["features"])
    staged = tables.read(results / "patients" / "stages.tsv", STAGES)
    tested = tables.read(results / "datasets" / "all_test_nodes.tsv", tables.DATASET)
    assert set(staged["patient_id"]) == set(tested["patient_id"])
    assert not planned(study)


def test_the_commands_of_the_readers_document_run(study, results):
    """Also those of the page; its answers are written as the page exports them."""
    text = (ROOT / "docs" / "readers.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```bash\n(.*?)```", text, re.DOTALL)
    targets = []
    for line in "".join(blocks).splitlines():
        program, subcommand, target, *options = shlex.split(line)
        assert (program, subcommand) == ("nodal-staging", "run")
        if target == "reader_import":
            page = ReaderPage(results, pd.read_csv(results / "nodes.tsv", sep="\t"))
            for reader in ("A", "B"):
                save(answer(page, reader, {}), study / f"{reader}.csv")
        done = snakemake(study, "--cores", "2", *options, "--", target)
        assert done.returncode == 0, done.stderr[-3000:]
        targets.append(target)
    assert {"reader_study", "reader_page", "reader_import"} == set(targets)
    tested = set(pd.read_csv(results / "datasets" / "test.tsv", sep="\t")["node_id"])
    read = tables.read(results / "readers" / "readings.tsv", tables.READING_SHEET)
    assert {reader: set(own["node_id"]) for reader, own in read.groupby("reader")} == {
        "A": tested,
        "B": tested,
    }
    table = re.findall(r"^\| (`[^|]*) \|", text, re.MULTILINE)
    listed = re.findall(r"`([a-z_]+/[\w.]+)`", "".join(table))
    assert len(listed) >= 9
    for name in listed:
        assert (results / name).is_file()


def refused_without_status(study, new):
    """An external validation trains nothing, and needs a status."""
    asked = ["--config", f"prediction={json.dumps(new)}", "--", "validate_external"]
    planned = snakemake(study, "-n", "--quiet", "host", "--forceall", *asked)
    assert planned.returncode == 0, planned.stdout + planned.stderr
    text = planned.stdout + planned.stderr
    rules = set(re.findall(r"^(?:local)?rule (\w+):", text, re.MULTILINE))
    assert "predict_external_nodes" in rules
    assert not {rule for rule in rules if rule.startswith(("train", "score", "fit"))}
    assert "compute_statistics" not in rules
    done = snakemake(study, "--cores", "2", *asked)
    assert done.returncode != 0
    assert "no node of an included exam has a status" in done.stdout + done.stderr


def test_new_exams_are_predicted(study, results):
    """The exams of another hospital, whose nodes nobody has judged."""
    fresh = study / "results" / "fresh"
    other = ["--config", "study=fresh", "seed=77", "--"]
    done = snakemake(
        study, "--cores", "2", "--notemp", *other, "results/fresh/nodes.tsv"
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    new = {"name": "fresh", "exams": str(fresh / "raw" / "exams.tsv")}
    nodes = pd.read_csv(fresh / "raw" / "nodes.tsv", sep="\t", dtype=str)
    nodes.drop(columns=["location", "status"]).to_csv(
        fresh / "raw" / "unjudged.tsv", sep="\t", index=False
    )
    new["nodes"] = str(fresh / "raw" / "unjudged.tsv")
    done = snakemake(
        study,
        "--cores",
        "2",
        "--config",
        f"prediction={json.dumps(new)}",
        "--",
        "predict",
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    measured = tables.read(fresh / "nodes.tsv", tables.NODES)
    for cnn in ("status_balanced", "location_balanced", "xmask"):
        path = results / "predictions" / "fresh" / f"cnn_{cnn}.tsv"
        found = tables.read(path, PREDICTIONS)
        assert set(measured["node_id"]) <= set(found["node_id"])
        assert found["location"].eq("unknown").all()
    exams = tables.read(results / "predictions/fresh/exams.tsv", tables.EXAMS)
    assert not exams["reason"].eq("follow_up").any()
    refused_without_status(study, new)
    shutil.rmtree(fresh)
    shutil.rmtree(results / "predictions")


def test_two_studies_are_compared_without_running_either(study, results):
    """The second is a copy with another seed and other shares of a reader."""
    changed = results.with_name("changed")
    left_out = shutil.ignore_patterns("raw", "patches*", "attribution", "models")
    shutil.copytree(results, changed, ignore=left_out)
    record = read_json(changed / "provenance.json")
    record["config"]["seed"] += 1
    write_json(changed / "provenance.json", record)
    own = read_json(changed / "statistics" / "reader_1.json")
    own["metrics"]["sensitivity"]["estimate"] = 0.125
    write_json(changed / "statistics" / "reader_1.json", own)
    text = (ROOT / "docs" / "compare.md").read_text(encoding="utf-8")
    (line,) = re.findall(r"```bash\n(.*?)\n```", text, re.DOTALL)
    program, subcommand, target, *options = shlex.split(line)
    assert (program, subcommand) == ("nodal-staging", "run")
    named = {"first": results.name, "second": changed.name}
    options = [re.sub("first|second", lambda m: named[m[0]], o) for o in options]
    plan = snakemake(study, "-n", "--quiet", "host", *options, "--", target).stdout
    assert set(re.findall(r"^rule (\w+):", plan, re.M)) == {
        "compare",
        "compare_studies",
    }
    done = snakemake(study, "--cores", "1", *options, "--", target)
    assert done.returncode == 0, done.stderr[-3000:]
    home = results / "compare" / "tests_changed"
    compared = tables.read(home / "classifiers.tsv", COMPARED_CLASSIFIERS)
    assert set(compared["comparison"]) == {"paired"}
    assert (compared["auc_difference"] == 0).all()
    reader = compared.set_index("classifier").loc["reader_1"]
    assert reader["sensitivity_b"] == 0.125
    facts = tables.read(home / "facts.tsv", STUDY_FACTS)
    differing = facts[facts["part"].isin(["configuration", "version", "code"])]
    assert differing["item"].tolist() == ["seed"]
    again = snakemake(study, "-n", *options, "--", target)
    assert "Nothing to be done" in again.stdout + again.stderr
    refused = snakemake(study, "-n", "--config", "compare=[tests, tests]", "--", target)
    assert "tests and tests are the same study" in refused.stdout + refused.stderr
    shutil.rmtree(changed)


def test_the_report_of_snakemake_contains_every_figure_and_table(study, results):
    """By the command of the guide, with the configuration of this study."""
    text = (ROOT / "docs" / "own_files.md").read_text(encoding="utf-8")
    (line,) = re.findall(r"^snakemake (--report .*?) --snakefile", text, re.MULTILINE)
    done = snakemake(study, *shlex.split(line))
    assert done.returncode == 0, done.stderr[-3000:]
    archive = study / shlex.split(line)[1]
    with zipfile.ZipFile(archive) as packed:
        names = {Path(name).name for name in packed.namelist()}
        first = packed.read(f"{archive.stem}/report.html").decode()
    assert {f"{name}.png" for name in ILLUSTRATED} <= names
    # The course of a reading is made on request.
    pages = {path.name for path in (results / "tables").glob("*.html")}
    assert pages - {"reading.html"} <= names
    assert "Start here" in first
    archive.unlink()
