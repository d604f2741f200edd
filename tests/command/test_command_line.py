"""The command nodal-staging: which Snakemake command it runs, and what it refuses."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from repositories import ENVIRONMENT, ROOT

from nodal_staging_command import snakemake_call, subcommands
from nodal_staging_command.closing import made_by_run
from nodal_staging_command.command_line import main, usage
from nodal_staging_command.study import Study
from nodal_staging_command.subcommands import COMMANDS

OWN = "study: own\ncohort: {source: files, exams: exams.tsv}\n"


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """Return the folder of a study, which is the current one."""
    (tmp_path / "study.yaml").write_text(OWN)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def calls(monkeypatch) -> list[list[str]]:
    """Return the arguments of every Snakemake that a command would run."""
    made: list[list[str]] = []
    monkeypatch.setattr(
        subcommands,
        "run_snakemake",
        lambda arguments, folder: made.append([str(folder), *arguments]) or 0,
    )
    monkeypatch.setattr(snakemake_call, "has_gpu", lambda environment: False)
    return made


def test_the_study_of_the_current_folder_is_run_with_targets_first(folder, calls):
    assert main(["run", "figure_5", "-n", "--forcerun", "train_cnn"]) == 0
    (place, *arguments) = calls[0]
    assert place == str(folder)
    assert arguments[:2] == ["figure_5", "--cores"]
    assert arguments[3:] == [
        *("--snakefile", str(ROOT / "Snakefile")),
        *("--configfile", "study.yaml"),
        *("--quiet", "rules", "reason", "host"),
        *("-n", "--forcerun", "train_cnn"),
    ]


def test_overlays_come_before_the_study(folder, calls):
    (folder / "more.yaml").write_text("seed: 1\n")
    given = ["check", "--overlay", "tests", "--overlay=more.yaml", "--cores", "3"]
    assert main(given) == 0
    arguments = calls[0][1:]
    place = arguments.index("--configfile")
    overlays = [str(ROOT / "config" / "tests.yaml"), "more.yaml", "study.yaml"]
    assert arguments[place + 1 : place + 4] == overlays
    assert arguments.count("--cores") == 1


def test_a_gpu_is_used_by_one_job_at_a_time(folder, calls, monkeypatch):
    monkeypatch.setattr(snakemake_call, "has_gpu", lambda environment: True)
    main(["run"])
    assert "gpu=1" in calls[0]
    main(["run", "--resources", "gpu=0"])
    assert "gpu=1" not in calls[1]
    main(["run", "--workflow-profile", "profiles/slurm"])
    assert not {"gpu=1", "--cores"} & set(calls[2])


def test_the_demonstration_has_no_configuration_of_its_own(folder, calls):
    assert main(["run", "--study", "demo"]) == 0
    assert calls[0][0] == str(ROOT)
    assert not {"--configfile", "--snakefile"} & set(calls[0])


def test_the_demonstration_runs_here_where_the_checkout_may_not_be_written(
    folder, calls, monkeypatch
):
    monkeypatch.setattr("os.access", lambda path, mode: path != ROOT)
    assert main(["run", "--study", "demo"]) == 0
    assert calls[0][0] == str(folder)
    assert str(ROOT / "Snakefile") in calls[0]


@pytest.mark.parametrize("named", ["elsewhere", "elsewhere/mine.yml"])
def test_a_study_elsewhere_runs_in_its_folder(folder, calls, named):
    (folder / "elsewhere").mkdir()
    (folder / "elsewhere" / "mine.yml").write_text(OWN)
    (folder / "elsewhere" / "overlay.yaml").write_text("seed: 3\n")
    assert main(["split", "--study", named]) == 0
    assert calls[0][0] == str(folder / "elsewhere")
    assert calls[0][-2:] == ["--configfile", "mine.yml"]


def test_new_exams_are_named_relative_to_the_study(folder, calls):
    (folder / "new").mkdir()
    (folder / "new" / "exams.tsv").write_text("patient_id\n")
    given = ["predict", "new/exams.tsv", "--name", "clinic", "--config", "seed=3"]
    assert main(given) == 0
    assert calls[0][1] == "predict"
    place = calls[0].index("--config")
    key, _, value = calls[0][place + 1].partition("=")
    assert key == "prediction"
    # Snakemake reads the value as YAML.
    assert yaml.safe_load(value) == {"name": "clinic", "exams": "new/exams.tsv"}
    assert calls[0][place + 2] == "seed=3"
    assert calls[0].count("--config") == 1


def test_the_report_is_found(folder, capsys):
    assert main(["report"]) == 2
    assert "nodal-staging run report" in capsys.readouterr().err
    page = folder / "results" / "own" / "report.html"
    page.parent.mkdir(parents=True)
    page.write_text("")
    assert main(["report"]) == 0
    assert capsys.readouterr().out.strip() == str(page)


def test_the_split_ends_with_its_counts(folder, calls, capsys):
    home = folder / "results" / "own" / "datasets"
    home.mkdir(parents=True)
    header = "node_id\tpatient_id\tlocation\tstatus\tfold\n"
    rows = "N1\tP1\tiliac\tpositive\t{0}\nN2\tP1\tiliac\tnegative\t{1}\n"
    (home / "test.tsv").write_text(header + rows.format(0, 0))
    (home / "status_balanced.tsv").write_text(header + rows.format(1, 2))
    assert main(["split"]) == 0
    test, balanced = capsys.readouterr().out.splitlines()
    start = "results/own/datasets"
    assert test == f"{start}/test.tsv: 2 nodes of 1 patients, 1 positive"
    assert balanced.endswith("2 nodes of 1 patients, 1 positive, 2 folds")
    assert main(["split", "-n"]) == 0
    assert capsys.readouterr().out == ""


def test_targets_are_listed_by_stage(capsys):
    assert main(["targets"]) == 0
    lines = capsys.readouterr().out.splitlines()
    names = [line.split()[0] for line in lines if line.startswith("  ")]
    for name in ("all", "check", "split", "figure_5", "report", "predict"):
        assert name in names
    assert not {"train_cnn", "draw_figure_5"} & set(names)
    assert all(len(line.split(maxsplit=1)) == 2 for line in lines)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_help_text(name, capsys):
    assert main([name, "--help"]) == 0
    text = capsys.readouterr().out
    assert text == usage(name)
    assert text.startswith(f"usage: nodal-staging {name}")
    assert main(["--help"]) == 0
    assert f"  {name}" in capsys.readouterr().out


REFUSED = {
    "no command": (["chek"], "chek is not a command; did you mean check?"),
    "a misspelt target": (["run", "figur_5"], "did you mean figure_5?"),
    "two studies": (["check", "--study", "two"], "name one: --study a.yaml"),
    "no study": (["check", "--study", "empty"], "nodal-staging init FOLDER"),
    "no folder": (["check", "--study", "nowhere"], "no such file or folder"),
    "no value": (["check", "--study"], "write --study PATH"),
    "no overlay": (["check", "--overlay", "papr"], "paper"),
    "a configuration file": (["run", "--configfile", "x.yaml"], "name the study with"),
    "a study as a word": (["check", "two"], "check --study two"),
    "a sheet forgotten": (["predict"], "nodal-staging predict EXAMS"),
    "a surplus word": (["check", "figure_5"], "not an argument of check"),
    "no sheet": (["predict", "C:\\new\\exams.tsv"], "a Windows path"),
    "a tab": (["check", "--study", "tab.yaml"], "line 2: a tab at the start"),
    "no new folder": (["init"], "nodal-staging init FOLDER"),
    "a full folder": (["init", "."], "exists already"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_done_is_one_sentence(folder, calls, capsys, case):
    for name, files in (("two", ("a", "b")), ("empty", ())):
        (folder / name).mkdir()
        for file in files:
            (folder / name / f"{file}.yaml").write_text(OWN)
    (folder / "tab.yaml").write_text("study: own\n\tcohort: {}\n")
    arguments, sentence = REFUSED[case]
    assert main(arguments) == (1 if case == "a tab" else 2)
    said = capsys.readouterr().err
    assert sentence in said
    assert said.count("\n") == 1
    assert not calls


@pytest.mark.workflow
def test_the_command_plans_what_it_prints(tmp_path):
    """In the folder of a new study, by the command and by the line that it prints."""
    run = [sys.executable, "-m", "nodal_staging"]
    call([*run, "init", "my cohort"], tmp_path)
    folder = tmp_path / "my cohort"
    planned = call([*run, "run", "figure_5", "-n", "--quiet", "rules"], folder)
    printed = planned.stderr.splitlines()[0]
    assert printed.startswith("snakemake figure_5 --cores ")
    plain = call([sys.executable, "-m", *shlex.split(printed)], folder)
    stats = [done.stdout.partition("Job stats:")[2] for done in (planned, plain)]
    assert stats[0] == stats[1]
    assert "train_cnn" in stats[0]


def call(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=folder,
        env=ENVIRONMENT | {"PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=True,
    )


def test_the_version_is_printed(capsys):
    assert main(["--version"]) == 0
    assert re.fullmatch(r"nodal-staging \d+\.\d+\.\d+\n", capsys.readouterr().out)


def test_a_folder_with_a_blank_is_quoted(folder, capsys):
    assert main(["init", "my study"]) == 0
    assert "then cd 'my study' and run" in capsys.readouterr().out


def test_the_report_of_a_named_study_is_asked_for_with_its_name(folder, capsys):
    assert main(["report", "--study", "study.yaml"]) == 2
    assert "nodal-staging run report --study study.yaml" in capsys.readouterr().err


def test_the_closing_lines_name_what_was_asked_for(tmp_path):
    study = Study(tmp_path, (), "mine")
    for name in ("report.html", "figures/figure_5.pdf", "tables/table_1.html"):
        (study.results / name).parent.mkdir(parents=True, exist_ok=True)
        (study.results / name).touch()
    assert made_by_run(study, []) == [str(study.results / "report.html")]
    assert made_by_run(study, ["figure_5", "table_1"]) == [
        str(study.results / "figures" / "figure_5.pdf"),
        str(study.results / "tables" / "table_1.html"),
    ]
    assert made_by_run(study, ["stress"]) == [str(study.results)]


def test_every_option_of_snakemake_is_passed_on(folder, calls):
    rare = ["--scheduler", "greedy", "--rerun-trigger", "mtime", "--", "--odd"]
    assert main(["run", *rare]) == 0
    assert calls[0][-len(rare) :] == rare
