"""The commands verify, why and crate: exit statuses and what is printed."""

from pathlib import Path

import pytest

from nodal_staging.report.lineage.record import Made, record_lineage
from nodal_staging_command.command_line import main


@pytest.fixture
def table(tmp_path, monkeypatch) -> Path:
    """Return the only result of a study, whose folder is the current one."""
    (tmp_path / "study.yaml").write_text("study: own\ncohort: {source: files}\n")
    monkeypatch.chdir(tmp_path)
    results = tmp_path / "results" / "own"
    path = results / "tables" / "table_1.tsv"
    path.parent.mkdir(parents=True)
    path.write_text("classifier\tauc\nvolume\t0.5\n")
    made = Made(
        path=str(path),
        made_by="tabulate_results",
        log=str(results / "logs" / "tabulate_results.log"),
        inputs=(),
        parameters=(),
        ended=1.0,
    )
    memory = tmp_path / "memory.json"
    record_lineage(results, [made], software="software 1.2.3", memory=memory)
    return path


def test_verify_ends_with_1_if_a_file_differs(table, capsys):
    assert main(["verify"]) == 0
    assert capsys.readouterr().out == "1 of 1 files are as recorded\n"
    table.write_text(table.read_text().replace("0.5", "0.6"))
    assert main(["verify"]) == 1
    printed = "changed: tables/table_1.tsv\n0 of 1 files are as recorded\n"
    assert capsys.readouterr().out == printed


def test_why_takes_a_path_below_the_results_or_from_here(table, capsys):
    assert main(["why", "tables/table_1.tsv:1:auc"]) == 0
    first = capsys.readouterr().out
    assert first.startswith("tables/table_1.tsv, row 1, auc: 0.5\n")
    assert "1. tabulate_results: Write Table 1" in first
    assert main(["why", "results/own/tables/table_1.tsv:1:auc"]) == 0
    assert capsys.readouterr().out == first


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["why"], 2, "why needs a file"),
        (["why", "tables/none.tsv"], 1, "is not in the lineage of own"),
        (["crate", "--date", "today"], 2, "write --date 2026-01-31"),
    ],
)
def test_a_wrong_argument_is_named(table, capsys, arguments, status, words):
    assert main(arguments) == status
    assert words in capsys.readouterr().err


def test_crate_prints_the_path_of_the_metadata(table, capsys):
    assert main(["crate", "--date", "2026-01-31"]) == 0
    path = table.parents[1] / "ro-crate-metadata.json"
    assert capsys.readouterr().out == f"{path}\n"
    assert path.is_file()
