"""What single jobs are said to have done, from their logs and files."""

import doctest
import json
import os
import time

import pytest

from nodal_staging.study.errors import InputError
from nodal_staging.study.jobs import SCREEN, job_log, logger
from snakemake_logger_plugin_nodal_staging import progress, words
from snakemake_logger_plugin_nodal_staging.closing import to_open
from snakemake_logger_plugin_nodal_staging.durations import remember, remembered
from snakemake_logger_plugin_nodal_staging.findings import finding
from snakemake_logger_plugin_nodal_staging.job_logs import reason_of, warnings_of


def ended(path, failure) -> None:
    """Write the log of a job that warns twice and then fails."""
    try:
        with job_log(path, code="abc"):
            logger.warning("exam A:\n  no weight")
            logger.info("between")
            logger.warning("exam B")
            logger.warning("exam B")
            if failure:
                raise failure
    except SystemExit:
        pass


def test_warnings_are_read_in_full_from_the_log_that_jobs_write(tmp_path):
    path = tmp_path / "job.log"
    ended(path, None)
    assert warnings_of([str(path)], 0) == ["exam A:\n  no weight", "exam B"]
    assert reason_of([str(path)], 0) == ""


def test_a_wrong_input_is_its_sentence(tmp_path):
    path = tmp_path / "job.log"
    ended(path, InputError("nodes.tsv, row 3: SUVmax is negative;\ncorrect it"))
    expected = "nodes.tsv, row 3: SUVmax is negative; correct it"
    assert reason_of([str(path)], 0) == expected


def test_a_defect_is_named_with_the_last_line_of_its_traceback(tmp_path):
    path = tmp_path / "job.log"
    ended(path, ZeroDivisionError("by zero"))
    sentence = reason_of([str(path)], 0)
    assert sentence.endswith("defect of the software (ZeroDivisionError: by zero)")
    assert "\n" not in sentence
    assert "job_log" not in sentence


def test_the_log_of_an_earlier_run_is_not_read(tmp_path):
    path = tmp_path / "job.log"
    ended(path, InputError("old"))
    os.utime(path, (time.time() - 60,) * 2)
    assert reason_of([str(path)], time.time()) == ""
    assert reason_of([str(tmp_path / "none.log")], 0) == ""


def test_jobs_leave_the_screen_to_a_logger_that_asks_for_it(
    tmp_path, capsys, monkeypatch
):
    ended(tmp_path / "a.log", InputError("on the screen"))
    assert "on the screen" in capsys.readouterr().err
    monkeypatch.setenv(SCREEN, "off")
    ended(tmp_path / "b.log", InputError("in the file"))
    assert capsys.readouterr().err == ""
    assert reason_of([str(tmp_path / "b.log")], 0) == "in the file"


def test_numbers_come_from_the_files_of_the_job_or_not_at_all(tmp_path):
    history = tmp_path / "2.history.tsv"
    history.write_text(
        "fold\tepoch\tloss\taccuracy\theld_out_loss\theld_out_auc\n"
        "1\t1\t0.9\t0.5\t0.9\t0.6\n1\t2\t0.7\t0.6\t0.8\t0.8421\n"
        "2\t1\t0.9\t0.5\t\t\n2\t2\t0.7\t0.6\t0.8\t0.7\n"
    )
    outputs = [str(tmp_path / "2.csv"), str(history)]
    assert finding("train_folds", outputs) == "AUC 0.84, 0.70 held out"
    statistics = tmp_path / "volume.json"
    statistics.write_text(json.dumps({"auc": {"estimate": 0.71352}}))
    assert finding("compute_statistics", [str(statistics)]) == "AUC 0.714"
    statistics.write_text(json.dumps({"auc": None}))
    assert finding("compute_statistics", [str(statistics)]) == ""
    assert finding("compute_statistics", []) == ""
    assert finding("unheard_of", outputs) == ""
    history.unlink()
    assert finding("train_folds", outputs) == ""


def test_durations_are_kept_by_study(tmp_path):
    memory = tmp_path / "below" / "durations.json"
    network = "1 min a training"
    assert remembered("results/demo", network, memory) == {}
    remember("results/demo", network, {"a": 2.0, "b": 3.0}, memory)
    remember("results/mine", network, {"a": 90.0}, memory)
    remember("results/demo", "50 min a training", {"a": 80.0}, memory)
    remember("results/demo", network, {"b": 4.0}, memory)
    assert remembered("results/demo", network, memory) == {"a": 2.0, "b": 4.0}
    assert remembered("results/mine", network, memory) == {"a": 90.0}
    assert os.listdir(memory.parent) == [memory.name]
    memory.write_text("[1, 2")
    assert remembered("results/demo", network, memory) == {}


def test_the_report_comes_first_and_stands_for_what_it_contains():
    made = {
        "draw_figure_1": ["f1.pdf", "f1.svg"],
        "draw_figure_5": ["f5.svg", "f5.pdf"],
        "tabulate_results": ["mcnemar.html", "table_1.html"],
    }
    assert [line.split()[-1] for line in to_open(made)] == [
        "table_1.html",
        "f5.pdf",
        "f1.pdf",
    ]
    with_report = to_open(made | {"write_report": ["report.html"]})
    assert with_report[0].split() == ["Report:", "report.html"]
    assert not any("f1.pdf" in line for line in with_report)


@pytest.mark.parametrize("module", [words, progress])
def test_examples_give_what_they_say(module):
    found = doctest.testmod(module)
    assert found.attempted
    assert not found.failed
