"""A study whose identifiers, readers and folders have names that nobody expects."""

import json
import re

import pandas as pd
import pytest
from hostile_identifiers import HOSTILE
from repositories import TESTS, copy_repository, snakemake

from nodal_staging import tables
from nodal_staging.study.reader_names import reader_key
from nodal_staging.study.sheet_identifiers import identifier

pytestmark = pytest.mark.workflow

READERS = {"reader_1": "Dr. Mü {R10}", "reader_2": "节点 <b>$R2$"}
SHEETS = ("exams", "nodes", "readings")


@pytest.mark.parametrize("name", ["br{ace}", "a<results>b"])
def test_a_checkout_that_snakemake_would_change_is_refused(tmp_path, name):
    folder = copy_repository(tmp_path / name)
    done = snakemake(folder, "--cores", "1", "--dry-run")
    assert done.returncode == 1
    said = done.stdout + done.stderr
    (sentence,) = re.findall(r"the folder of the workflow, .*", said)
    assert sentence.endswith("in a path; rename the file or folder without it")


def renamed(values: pd.Series, name: str) -> dict[str, str]:
    """Map each identifier to a hostile one."""
    return {
        old: f"{identifier(HOSTILE[place % len(HOSTILE)])[:60]} {name}{place}"
        for place, old in enumerate(sorted(set(values)))
    }


def test_a_study_of_hostile_names(tmp_path):
    """From the sheets to the statistics of readers, in a folder of odd letters."""
    folder = copy_repository(tmp_path / "it's 100% 节点 & <Ü>")
    raw = [f"results/tests/raw/{place}-of-3" for place in (1, 2, 3)]
    raw += ["results/tests/raw/readings.tsv"]
    made = snakemake(folder, "--cores", "2", "--notemp", "--", *raw)
    assert made.returncode == 0, made.stderr[-3000:]
    home = folder / "results" / "tests" / "raw"
    read = {
        name: pd.read_csv(home / f"{name}.tsv", sep="\t", dtype=str) for name in SHEETS
    }
    maps = {
        "patient_id": renamed(read["exams"]["patient_id"], "P"),
        "exam_id": renamed(read["exams"]["exam_id"], "E"),
        "node_id": renamed(read["nodes"]["node_id"], "N"),
        "reader": READERS,
    }
    for name, sheet in read.items():
        for column in maps.keys() & set(sheet.columns):
            sheet[column] = sheet[column].map(maps[column])
        sheet.to_csv(home / f"{name}.tsv", sep="\t", index=False)
    sheets = {name: f"results/tests/raw/{name}.tsv" for name in SHEETS}
    one = {"source": "files", "shards": 1}
    overlay = {"study": "own", "cohort": one | sheets}
    (folder / "own.yaml").write_text(json.dumps(overlay))
    keys = [reader_key(name) for name in READERS.values()]
    targets = [f"results/own/statistics/{key}.json" for key in [*keys, "volume"]]
    targets += ["results/own/figures/uptake.svg", "check"]
    done = snakemake(
        folder, "--cores", "2", "--", *targets, configuration=[*TESTS, "own.yaml"]
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    own = folder / "results" / "own"
    nodes = tables.read(own / "nodes.tsv", tables.NODES)
    assert set(nodes["node_id"]) <= set(maps["node_id"].values())
    assert len(nodes) > 30
    checked = tables.read(own / "check" / "exams.tsv", tables.CHECKED)
    assert set(checked["exam_id"]) == set(maps["exam_id"].values())
    for key in keys:
        scores = tables.read(own / "scores" / f"{key}.csv", tables.SCORES)
        assert set(scores["node_id"]) <= set(nodes["node_id"])
