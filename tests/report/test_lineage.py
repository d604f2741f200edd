"""The record of lineage: sums, what rests on what, where a number comes from."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import pytest

from nodal_staging.report.lineage.graph import (
    CRATE,
    RECORD,
    LineageError,
    files_of,
    read_lineage,
)
from nodal_staging.report.lineage.record import Made, possible_outputs, record_lineage
from nodal_staging.report.lineage.research_object import write_crate
from nodal_staging.report.lineage.trace import trace_file
from nodal_staging.report.lineage.verification import verify_files

CONTENTS = {
    "datasets/test.tsv": "node_id\tstatus\nN1\tpositive\n",
    "shards/1/a.csv": "1\n",
    "shards/1/b.csv": "2\n",
    "scores/cnn_xmask.csv": "node_id,score\nN1,0.91\n",
    "scores/volume.csv": "node_id,score\nN1,0.5\n",
    "tables/table_1.tsv": "classifier\tauc\ncnn_xmask\t0.75\nvolume\t0.5\n",
    "statistics/one.json": '{"auc": {"interval": [0.6, 0.9]}}\n',
    "report.html": "<p>0.75</p>",
}
CODE = "0123456789abcdef"
JOBS = {
    "datasets/test.tsv": ("make_datasets", ["/ward/Doe_Jane/nodes.tsv"]),
    "raw/1": ("simulate_exams/1", []),
    "shards/1": ("measure_nodes/1", ["raw/1"]),
    "scores/cnn_xmask.csv": ("score_cnn/xmask", ["datasets/test.tsv", "shards/1"]),
    "scores/volume.csv": ("score_baselines", ["datasets/test.tsv"]),
    "tables/table_1.tsv": (
        "tabulate_results",
        ["scores/cnn_xmask.csv", "scores/volume.csv"],
    ),
    "statistics/one.json": ("compute_statistics", ["scores/cnn_xmask.csv"]),
    "report.html": ("write_report", ["tables/table_1.tsv"]),
}
"""Output to job and inputs; shards/1 is a folder, and raw/1 was deleted after use."""


def made(results, **other) -> list[Made]:
    """Return what the workflow noted of each output."""
    noted = []
    for path, (job, inputs) in JOBS.items():
        values = {"code": repr(CODE), "seed": "2020", "place": "'/ward/x'"}
        one = Made(
            path=str(results / path),
            made_by=job.partition("/")[0],
            log=str(results / "logs" / f"{job}.log"),
            inputs=tuple(i if i[0] == "/" else str(results / i) for i in inputs),
            parameters=tuple(sorted(values.values())),
            ended=1.0,
            names=values,
            roles=dict.fromkeys(inputs, "nodes"),
            sums=dict.fromkeys(inputs, "sha256:ab12"),
        )
        noted.append(replace(one, **other.get(path.partition("/")[0], {})))
    return noted


def write(folder: Path) -> Path:
    results = folder / "results" / "small"
    for path, content in CONTENTS.items():
        (results / path).parent.mkdir(parents=True, exist_ok=True)
        (results / path).write_text(content)
    for job, _ in JOBS.values():
        log = results / "logs" / f"{job}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(f"INFO x: made with code {CODE}, numpy 2.4.6\n")
    return results


def record(results, **other):
    memory = results.parent.parent / "memory.json"
    noted = made(results, **other)
    record_lineage(results, noted, software="software 1.2.3", memory=memory)


@pytest.fixture
def results(tmp_path) -> Path:
    found = write(tmp_path)
    record(found)
    return found


def findings(results):
    return {one.path: one.kind for one in verify_files(results)[1]}


def test_every_file_has_the_sum_of_its_bytes(results):
    lineage = read_lineage(results)
    assert lineage.files == {
        path: hashlib.sha256(content.encode()).hexdigest()
        for path, content in CONTENTS.items()
    }
    job = lineage.jobs["score_cnn/xmask"]
    assert (job.rule, job.code) == ("score_cnn", CODE)
    assert job.packages == {"numpy": "2.4.6"}
    assert job.parameters == {"place": "a path, not recorded", "seed": 2020}
    assert set(files_of(results)) == CONTENTS.keys()
    assert findings(results) == {}


def test_equal_studies_at_other_places_and_times_have_equal_records(results, tmp_path):
    other = write(tmp_path / "another")
    record(other, tables={"ended": 7.0})
    assert (other / RECORD).read_bytes() == (results / RECORD).read_bytes()
    text = (other / RECORD).read_text()
    assert "ward" not in text
    assert "Doe" not in text
    assert str(tmp_path) not in text
    assert read_lineage(results).outside == {"outside/nodes": "ab12"}


def test_a_digit_that_was_changed_is_named_and_nothing_else(results):
    table = results / "tables" / "table_1.tsv"
    table.write_text(table.read_text().replace("0.75", "0.76"))
    assert findings(results) == {"tables/table_1.tsv": "changed"}
    (found,) = verify_files(results)[1]
    assert found.resting == ["report.html"]
    # A further run that does not make the table again keeps its sum.
    record(results, report={"ended": 2.0})
    assert findings(results) == {"tables/table_1.tsv": "changed"}
    record(results, tables={"ended": 3.0})
    assert findings(results) == {}


def test_a_missing_file_names_all_that_rests_on_it(results):
    (results / "scores" / "cnn_xmask.csv").unlink()
    (found,) = verify_files(results)[1]
    assert (found.path, found.kind) == ("scores/cnn_xmask.csv", "missing")
    rest = ["report.html", "statistics/one.json", "tables/table_1.tsv"]
    assert found.resting == rest
    record(results)
    assert findings(results) == {"scores/cnn_xmask.csv": "missing"}


def test_files_in_a_folder_that_a_job_made_are_its_files(results):
    assert read_lineage(results).maker("shards/1/b.csv") == "measure_nodes/1"
    (results / "shards" / "1" / "b.csv").write_text("3\n")
    (results / "shards" / "1" / "mine.csv").write_text("3\n")
    kinds = {"shards/1/b.csv": "changed", "shards/1/mine.csv": "new"}
    assert findings(results) == kinds
    record(results)
    assert findings(results) == kinds
    resting = verify_files(results)[1][0].resting
    assert "scores/cnn_xmask.csv" in resting
    assert "scores/volume.csv" not in resting


def test_jobs_outside_a_run_keep_the_names_of_their_parameters(results):
    record(results, scores={"names": None, "roles": {}})
    job = read_lineage(results).jobs["score_cnn/xmask"]
    assert job.parameters == {"place": "a path, not recorded", "seed": 2020}
    record(results, scores={"names": None, "ended": 9.0})
    parameters = read_lineage(results).jobs["score_cnn/xmask"].parameters
    assert set(parameters.values()) == {"a path, not recorded", 2020}


def test_temporary_files_of_earlier_runs_can_be_looked_up(results):
    found = possible_outputs(results)
    assert str(results / "raw/1") in found
    assert str(results / "shards/1") in found
    assert {str(results / path) for path in CONTENTS} <= set(found)


def test_a_number_leads_back_to_the_raw_exams(results):
    named = "tables/table_1.tsv:classifier=cnn_xmask:auc"
    lines = trace_file(results, named, {"score_cnn": "Score."})
    assert lines[0].endswith("row classifier=cnn_xmask, auc: 0.75")
    assert "as recorded" in lines[1]
    steps = [line for line in lines if line[:1].isdigit()]
    assert [step.split()[1].rstrip(":") for step in steps] == [
        "tabulate_results",
        "score_cnn",
        "make_datasets",
        "measure_nodes",
        "simulate_exams",
    ]
    assert "2. score_cnn: Score." in lines
    assert "   with: seed = 2020" in lines
    assert "   from: outside/nodes" in lines
    whole = "\n".join(trace_file(results, "tables/table_1.tsv", {}))
    assert "score_baselines" in whole


@pytest.mark.parametrize(
    ("named", "value"),
    [
        ("tables/table_1.tsv:2:auc", "0.5"),
        ("scores/volume.csv:node_id=N1:score", "0.5"),
        ("statistics/one.json:auc:interval:1", "0.9"),
    ],
)
def test_cells_of_tables_and_of_json_are_found(results, named, value):
    assert trace_file(results, named, {})[0].endswith(f": {value}")


@pytest.mark.parametrize(
    ("named", "words"),
    [
        ("tables/none.tsv", "is not in the lineage of small"),
        ("tables/table_1.tsv:3:auc", "it has 2 rows"),
        ("tables/table_1.tsv:1:area", "no column area; known: classifier, auc"),
        ("tables/table_1.tsv:classifier=x:auc", "known: cnn_xmask, volume"),
        ("statistics/one.json:area", "no key area; known: auc"),
        ("report.html:1:auc", "names no cell"),
    ],
)
def test_what_is_not_there_is_refused_with_what_there_is(results, named, words):
    with pytest.raises(LineageError, match=words):
        trace_file(results, named, {})


def test_without_a_record_the_way_to_one_is_named(results):
    (results / RECORD).write_text("{}")
    with pytest.raises(LineageError, match="not a record of lineage"):
        verify_files(results)
    (results / RECORD).unlink()
    with pytest.raises(LineageError, match="does not exist; every run"):
        verify_files(results)


def references(entity):
    for key, value in entity.items():
        if key not in {"conformsTo", "license"}:
            for one in value if isinstance(value, list) else [value]:
                if isinstance(one, dict):
                    yield one["@id"]


def test_the_crate_has_the_structure_of_a_process_run_crate(results):
    """By the rules of RO-Crate 1.1 and of Process Run Crate 0.5."""
    terms = "https://creativecommons.org/licenses/by/4.0/"
    path = write_crate(results, {}, date="2026-01-31", terms=terms)
    crate = json.loads(path.read_text())
    assert crate["@context"][0] == "https://w3id.org/ro/crate/1.1/context"
    entities = {one["@id"]: one for one in crate["@graph"]}
    assert len(entities) == len(crate["@graph"])
    descriptor, root = entities[CRATE], entities["./"]
    assert descriptor["conformsTo"] == {"@id": "https://w3id.org/ro/crate/1.1"}
    assert descriptor["about"] == {"@id": "./"}
    assert (root["@type"], root["datePublished"]) == ("Dataset", "2026-01-31")
    assert root["license"] == {"@id": terms}
    for entity in entities.values():
        assert entity["@type"]
        assert set(references(entity)) <= entities.keys()
    parts = [part["@id"] for part in root["hasPart"]]
    assert sorted(map(unquote, parts)) == sorted([*CONTENTS, RECORD])
    for part in parts:
        assert entities[part]["@type"] == "File"
        size = (results / unquote(part)).stat().st_size
        assert entities[part]["contentSize"] == str(size)
    actions = [one for one in entities.values() if one["@type"] == "CreateAction"]
    assert len(actions) == len(JOBS)
    for action in actions:
        assert entities[action["instrument"]["@id"]]["softwareVersion"] == CODE
        assert action["result"]
    assert findings(results) == {}


def test_no_crate_is_written_of_results_that_were_changed(results):
    (results / "report.html").write_text("other")
    with pytest.raises(LineageError, match=r"report.html is changed"):
        write_crate(results, {}, date="2026-01-31")
    assert not (results / CRATE).exists()
