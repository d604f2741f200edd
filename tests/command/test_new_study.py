"""What nodal-staging init writes can be checked at once."""

import yaml
from repositories import ROOT
from snakemake.utils import update_config

from nodal_staging import tables
from nodal_staging.cohort.sheets import check_sheets
from nodal_staging.study.configuration import check_configuration
from nodal_staging.study.files import read_json
from nodal_staging_command.command_line import main


def test_a_new_study_has_a_configuration_and_sheets_that_pass(
    tmp_path, capsys, monkeypatch
):
    folder = tmp_path / "data" / "My Cohort-2"
    assert main(["init", str(folder)]) == 0
    assert "nodal-staging check" in capsys.readouterr().out
    monkeypatch.chdir(folder)
    config = yaml.safe_load((ROOT / "config" / "config.yaml").read_text())
    own = yaml.safe_load((folder / "study.yaml").read_text())
    update_config(config, own)
    assert config["study"] == "my_cohort_2"
    check_configuration(config, ROOT / "workflow" / "schemas" / "config.schema.yaml")
    check_sheets(
        exams=folder / own["cohort"]["exams"],
        nodes=folder / own["cohort"]["nodes"],
        readings=folder / "readings.tsv",
        labelled=True,
        output=tmp_path / "sheets.json",
    )
    assert read_json(tmp_path / "sheets.json")
    sheets = {
        "exams": tables.EXAM_SHEET,
        "nodes": tables.NODE_SHEET,
        "readings": tables.READING_SHEET,
    }
    for name, schema in sheets.items():
        assert len(tables.read(folder / f"{name}.tsv", schema)) == 3


def test_the_next_steps_name_this_checkout(tmp_path):
    main(["init", str(tmp_path / "a")])
    text = (tmp_path / "a" / "README.md").read_text()
    assert f"source {ROOT}/.venv/bin/activate" in text
    assert "CHECKOUT" not in text
    assert "STUDY_NAME" not in text
    assert (ROOT / "config" / "README.md").is_file()


def test_files_of_a_study_are_not_overwritten(tmp_path, capsys):
    (tmp_path / "nodes.tsv").write_text("mine")
    assert main(["init", str(tmp_path)]) == 2
    assert "nodes.tsv exists already" in capsys.readouterr().err
    assert (tmp_path / "nodes.tsv").read_text() == "mine"
    assert not (tmp_path / "study.yaml").exists()
