"""The tutorial on a public collection, followed on a tree made from the phantom."""

import re
import shlex
from collections import Counter

from phantom_autopet import TOUCHING, write_tree
from repositories import ROOT

from nodal_staging import tables
from nodal_staging.cohort.imported.drafted_sheets import LEFT_OUT, LESIONS
from nodal_staging.cohort.imported.pseudonyms import MAPPING
from nodal_staging_command.command_line import main

PAGE = (ROOT / "docs" / "import_tutorial.md").read_text(encoding="utf-8")
COMMAND = re.compile(r"^nodal-staging (import .*)$", re.MULTILINE)


def test_the_commands_print_what_the_tutorial_shows(tmp_path, monkeypatch, capsys):
    (tmp_path / "truth").mkdir()
    cases = write_tree(tmp_path / "autopet", tmp_path / "truth")
    monkeypatch.chdir(tmp_path)
    (command,) = COMMAND.findall(PAGE)
    assert main(shlex.split(command)) == 3
    assert f"```text\n{capsys.readouterr().out}```" in PAGE
    # Components as another program counts them; those that touch are named.
    study = tmp_path / "my_study"
    mapping = tables.read(study / "private" / "mapping.tsv", MAPPING)
    named = {
        f"psma_{exam.replace('/', '_')}": exam_id
        for exam, exam_id in zip(mapping["exam"], mapping["exam_id"], strict=True)
    }
    nodes = tables.read(study / "nodes.tsv", tables.NODE_SHEET)
    counts = Counter(nodes["exam_id"])
    assert {case.name: counts[named[case.name]] for case in cases} == {
        case.name: case.components for case in cases
    }
    lesions = tables.read(study / "lesions.tsv", LESIONS)
    touching = set(lesions.loc[lesions["touching"] == "yes", "exam_id"])
    assert {named[case.name] for case in cases if case.touching} <= touching
    left = tables.read(study / "left_out.tsv", LEFT_OUT)
    reasons = Counter(left["reason"])
    assert reasons["touching_lesions"] >= len(TOUCHING)
    assert reasons["no_lesion"] == sum(case.components == 0 for case in cases)
