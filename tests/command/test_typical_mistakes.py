"""Each typical mistake of a new user is one sentence that says what to correct.

What ``nodal-staging check`` does first is done here within the process: the command
finds the study, the workflow checks its configuration, and the first job its sheets.
"""

from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
import yaml
from repositories import ROOT
from snakemake.utils import update_config

from nodal_staging.cohort.sheets import check_sheets
from nodal_staging.study.configuration import check_configuration
from nodal_staging.study.errors import InputError
from nodal_staging_command import subcommands
from nodal_staging_command.command_line import main

SCHEMA = ROOT / "workflow" / "schemas" / "config.schema.yaml"
CHECK = ["check"]


@pytest.fixture
def folder(tmp_path, monkeypatch, capsys) -> Path:
    """Return the folder of a new study, which is the current one."""
    made = tmp_path / "my_study"
    assert main(["init", str(made)]) == 0
    capsys.readouterr()
    monkeypatch.chdir(made)
    return made


def said(arguments: list[str], monkeypatch, capsys) -> str:
    """Return what the command and the first job of the workflow say."""
    started: list[list[str]] = []
    monkeypatch.setattr(
        subcommands,
        "run_snakemake",
        lambda arguments, folder: started.append(list(arguments)) or 0,
    )
    status = main(arguments)
    sentence = capsys.readouterr().err
    if not started:
        assert status != 0
        return sentence
    try:
        start_workflow(started[0])
    except InputError as error:
        return f"{error}\n"
    return ""


def start_workflow(arguments: list[str]) -> None:
    """Check the configuration and the sheets, as the workflow does first."""
    config = yaml.safe_load((ROOT / "config" / "config.yaml").read_text())
    start = arguments.index("--configfile") + 1
    for name in arguments[start:]:
        update_config(config, yaml.safe_load(Path(name).read_text()))
    check_configuration(config, SCHEMA)
    cohort = config["cohort"]
    check_sheets(
        exams=cohort["exams"],
        nodes=cohort["nodes"],
        readings=cohort["readings"],
        labelled=True,
        output="sheets.json",
        period=cohort["criteria"]["period"],
    )


Mistake = Callable[[Path], object]


def replaced(name: str, old: str, new: str, count: int = -1) -> Mistake:
    """Return a mistake: other words in a file of the study."""

    def make(folder: Path) -> None:
        text = (folder / name).read_text()
        assert old in text
        (folder / name).write_text(text.replace(old, new, count))

    return make


def written(name: str, content: bytes) -> Mistake:
    """Return a mistake: a file with another content."""
    return lambda folder: (folder / name).write_bytes(content)


def workbook(folder: Path) -> None:
    """Save the exams in a workbook with two sheets, neither of which is named so."""
    book = openpyxl.Workbook()
    book.active.append(["patient_id", "exam_id", "ct"])
    book.create_sheet().append(["patient_id", "exam_id", "ct"])
    book.save(folder / "exams.xlsx")
    replaced("study.yaml", "exams: exams.tsv", "exams: exams.xlsx")(folder)


def two_studies(folder: Path) -> None:
    content = (folder / "study.yaml").read_bytes()
    (folder / "study.yaml").unlink()
    for name in ("a.yaml", "b.yaml"):
        (folder / name).write_bytes(content)


def with_readings(name: str, old: str, new: str) -> Mistake:
    def make(folder: Path) -> None:
        replaced("study.yaml", "readings: null", "readings: readings.tsv")(folder)
        replaced(name, old, new)(folder)

    return make


def nothing(folder: Path) -> None:
    """Make no mistake in the folder."""


STUDY, EXAMS, NODES = "study.yaml", "exams.tsv", "nodes.tsv"
NAME = "study: my_study"

MISTAKES: dict[str, tuple[list[str], Mistake, str]] = {
    # What is typed.
    "a misspelt command": (["chek"], nothing, "did you mean check?"),
    "a misspelt target": (["run", "figur_5"], nothing, "did you mean figure_5?"),
    "a figure with a blank": (["run", "figure", "5"], nothing, "did you mean"),
    "a target for check": (["check", "figure_5"], nothing, "not an argument of check"),
    "no folder to create": (["init"], nothing, "nodal-staging init FOLDER"),
    "a study once more": (["init", "."], nothing, "exists already; name another"),
    "another folder": (["check", "--study", ".."], nothing, "init FOLDER"),
    "a wrong folder": (["check", "--study", "my"], nothing, "correct the path"),
    "no value": (["check", "--study"], nothing, "write --study PATH"),
    "a misspelt option": (["run", "--coress", "3"], nothing, "did you mean --cores?"),
    "two studies": (CHECK, two_studies, "name one: --study a.yaml"),
    "a misspelt overlay": (
        ["run", "--overlay", "paper_netwrk"],
        nothing,
        "paper_network",
    ),
    "the option of Snakemake": (
        ["run", "--configfile", "study.yaml"],
        nothing,
        "name the study with --study",
    ),
    "new exams that are not there": (
        ["predict", "no.tsv"],
        nothing,
        "correct the path",
    ),
    "new exams on Windows": (["predict", "C:\\new.tsv"], nothing, "a Windows path"),
    "a report too early": (["report"], nothing, "nodal-staging run report"),
    # The configuration as a file.
    "a tab": (CHECK, replaced(STUDY, "  source", "\tsource"), "indent with blanks"),
    "no colon": (CHECK, replaced(STUDY, NAME, "study my_study"), "not YAML"),
    "no blank after a colon": (CHECK, replaced(STUDY, NAME, "study:mine"), "line "),
    "an indented key": (CHECK, replaced(STUDY, NAME, f" {NAME}"), "indentation"),
    "an open quotation": (CHECK, replaced(STUDY, NAME, 'study: "my'), "quotation"),
    "a key twice": (CHECK, replaced(STUDY, NAME, f"{NAME}\ncohort: {{}}"), "twice"),
    "another encoding": (
        CHECK,
        written(STUDY, "# größer\nstudy: a\n".encode("latin-1")),
        "UTF-8",
    ),
    "an empty file": (CHECK, written(STUDY, b""), "expected keys and values"),
    "no name": (CHECK, replaced(STUDY, NAME, "seed: 1"), "study: my_study"),
    # Its keys.
    "upper case": (CHECK, replaced(STUDY, NAME, "study: My_Study"), "a to z"),
    "a blank in the name": (CHECK, replaced(STUDY, NAME, "study: my study"), "a to z"),
    "a number as name": (CHECK, replaced(STUDY, NAME, "study: 2020"), "a to z"),
    "a misspelt key": (CHECK, replaced(STUDY, "  exams:", "  exmas:"), "mean exams?"),
    "a key elsewhere": (
        CHECK,
        replaced(STUDY, "datasets:\n  test_share", "test_share"),
        "did you mean datasets.test_share?",
    ),
    "a word not known": (CHECK, replaced(STUDY, ": files", ": file"), "'files'"),
    "percent": (CHECK, replaced(STUDY, "0.15", "15"), "test_share"),
    "a decimal comma": (CHECK, replaced(STUDY, "0.15", "0,15"), "a decimal comma"),
    "a missing sheet": (
        CHECK,
        replaced(STUDY, "exams.tsv", "ex.tsv"),
        "correct the path",
    ),
    "a Windows path": (
        CHECK,
        replaced(STUDY, "exams: exams.tsv", "exams: C:\\study\\exams.tsv"),
        "a Windows path",
    ),
    "the home folder": (
        CHECK,
        replaced(STUDY, "exams: exams.tsv", "exams: ~/exams.tsv"),
        "write the path in full",
    ),
    "a folder for a sheet": (
        CHECK,
        replaced(STUDY, "exams: exams.tsv", "exams: ."),
        "expected a file",
    ),
    "no exams": (CHECK, replaced(STUDY, "exams: exams.tsv", "exams:"), "cohort.exams"),
    "none for null": (
        CHECK,
        replaced(STUDY, "readings: null", "readings: none"),
        "cohort.readings",
    ),
    "one sheet twice": (
        CHECK,
        replaced(STUDY, "nodes: nodes.tsv", "nodes: exams.tsv"),
        "cohort.nodes",
    ),
    "scores that are not there": (
        CHECK,
        replaced(STUDY, "external_scores: {}", "external_scores: {mine: mine.csv}"),
        "external_scores.mine",
    ),
    # The sheets.
    "a misspelt column": (CHECK, replaced(EXAMS, "patient_id", "patientid"), "patient"),
    "a missing column": (CHECK, replaced(NODES, "location", "remark"), "location"),
    "a header that is lost": (
        CHECK,
        lambda folder: (folder / EXAMS).write_text(
            "".join((folder / EXAMS).read_text().splitlines(keepends=True)[1:])
        ),
        "patient_id",
    ),
    "a wrong location": (CHECK, replaced(NODES, "iliac", "pelvis"), "iliac"),
    "a wrong status": (CHECK, replaced(NODES, "positive", "maybe"), "negative"),
    "an empty cell": (CHECK, replaced(NODES, "positive", ""), "status"),
    "a node twice": (CHECK, replaced(NODES, "N002", "N001"), "N001"),
    "an exam twice": (CHECK, replaced(EXAMS, "E002", "E001"), "E001"),
    "an exam that is not there": (CHECK, replaced(NODES, "E002", "E009"), "E009"),
    "another patient": (CHECK, replaced(NODES, "P002", "P001"), "P001"),
    "a blank after a name": (CHECK, replaced(EXAMS, "P002\t", "P002 \t"), "blank"),
    "a formula": (CHECK, replaced(NODES, "N002", "=N002"), "formula"),
    "no rows": (
        CHECK,
        written(EXAMS, b"patient_id\texam_id\tct\n"),
        "exams.tsv: the sheet has a header but no rows",
    ),
    "an empty sheet": (CHECK, written(EXAMS, b""), "add a header"),
    "an old workbook": (
        CHECK,
        written(EXAMS, bytes.fromhex("d0cf11e0a1b11ae1") + bytes(512)),
        ".xlsx",
    ),
    "a workbook of two sheets": (CHECK, workbook, "exams"),
    "a PDF": (CHECK, written(EXAMS, b"%PDF-1.7\n"), "PDF"),
    "a pointer of Git LFS": (
        CHECK,
        written(EXAMS, b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n"),
        "Git LFS",
    ),
    "a wrong rating": (
        CHECK,
        with_readings("readings.tsv", "very unlikely", "perhaps"),
        "likely",
    ),
    "a node that nobody has": (
        CHECK,
        with_readings("readings.tsv", "N003", "N009"),
        "N009",
    ),
}


def test_without_a_mistake_nothing_is_said(folder, monkeypatch, capsys):
    assert said(CHECK, monkeypatch, capsys) == ""


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_one_sentence_that_helps(folder, name, monkeypatch, capsys):
    arguments, make, words = MISTAKES[name]
    make(folder)
    sentence = said(arguments, monkeypatch, capsys)
    assert words in sentence
    assert sentence.count("\n") == 1
    assert len(sentence) < 500
    for internal in ("Traceback", "Error", "nodal_staging.", "pandas", "jsonschema"):
        assert internal not in sentence


def test_there_are_all_the_mistakes_that_were_seen():
    assert len(MISTAKES) >= 47
