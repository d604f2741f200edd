"""The command nodal-staging import: what it prepares, prints and refuses."""

import numpy as np
import pytest
from dicom_files import write_series

from nodal_staging_command.command_line import main


@pytest.fixture
def tree(tmp_path):
    write_series(
        tmp_path / "tree" / "a",
        np.zeros((20, 8, 8)),
        PatientID="MRN0815",
        StudyInstanceUID="1.2.3.9",
    )
    return tmp_path / "tree"


def test_a_study_is_prepared_and_the_next_step_is_named(tree, tmp_path, capsys):
    study = tmp_path / "study"
    assert main(["import", "dicom", str(tree), str(study)]) == 0
    said = capsys.readouterr().out
    assert "1 exam of 1 patient, 0 with PET" in said
    assert "nodal-staging check" in said
    assert (study / "study.yaml").is_file()
    assert not (study / "readings.tsv").exists()
    assert "MRN0815" not in said + (study / "exams.tsv").read_text()


def test_what_is_left_open_has_an_exit_status_of_its_own(tree, tmp_path):
    header = {"PatientID": "MRN0815", "StudyInstanceUID": "1.2.3.9"}
    series = {"SeriesInstanceUID": "1.2.3.8"} | header
    write_series(tree / "b", np.zeros((20, 8, 8)), **series)
    assert main(["import", "dicom", str(tree), str(tmp_path / "study")]) == 3


def test_the_examples_of_init_are_replaced_and_sheets_of_a_person_are_not(
    tree, tmp_path, capsys
):
    study = tmp_path / "study"
    main(["init", str(study)])
    assert main(["import", "dicom", str(tree), str(study)]) == 0
    assert "P001" not in (study / "exams.tsv").read_text()
    before = (study / "exams.tsv").read_bytes()
    assert main(["import", "dicom", str(tree), str(study)]) == 2
    assert "exams.tsv exists already" in capsys.readouterr().err
    assert (study / "exams.tsv").read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["import"], "needs a kind and a folder"),
        (["import", "nifty", "{tree}"], "import knows no nifty; known: dicom"),
        (["import", "dicom", "{tree}/nowhere"], "is not a folder"),
        (["import", "dicom", "{tree}", "{tree}/study"], "lies in the folder that"),
        (["import", "dicom", "{tree}", "x", "--pattern", "("], "no regular expression"),
        (["import", "dicom", "{tree}", "x", "--pattern", "a"], "needs the groups"),
    ],
)
def test_what_cannot_be_imported_is_refused(
    arguments, words, tree, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    assert main([word.format(tree=tree) for word in arguments]) == 2
    assert words in capsys.readouterr().err
    assert not (tmp_path / "x").exists()


def test_a_wrong_salt_is_refused_in_one_sentence(tree, tmp_path, capsys):
    (tmp_path / "salt").write_text("short")
    given = ["import", "dicom", str(tree), str(tmp_path / "s"), "--salt"]
    assert main([*given, str(tmp_path / "salt")]) == 1
    assert "expected a salt of at least 16 characters" in capsys.readouterr().err
