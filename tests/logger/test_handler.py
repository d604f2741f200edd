"""The logger keeps to the interface of Snakemake; no error of its own ends a run."""

import logging
import os
import re

import pytest
from snakemake.settings.enums import Quietness
from snakemake_interface_logger_plugins.common import LogEvent
from snakemake_interface_logger_plugins.tests import (
    MockOutputSettings,
    TestLogHandlerBase,
)

from nodal_staging.study.jobs import SCREEN
from snakemake_logger_plugin_nodal_staging import LogHandler
from snakemake_logger_plugin_nodal_staging.early_errors import fault_of_target
from snakemake_logger_plugin_nodal_staging.run import Run

JOB = {
    "rule_name": "measure_nodes",
    "wildcards": {"scatteritem": "1-of-2"},
    "output": ["results/small/nodes/1-of-2.tsv"],
    "log": [],
    "resources": {"_cores": 1},
    "jobid": 7,
}


class TestInterface(TestLogHandlerBase):
    """The tests that come with the interface."""

    __test__ = True

    def get_log_handler_cls(self):
        return LogHandler

    def get_log_handler_settings(self):
        return None


def record(event=None, msg="", level=logging.INFO, **fields) -> logging.LogRecord:
    made = logging.LogRecord("snakemake", level, "x.py", 1, msg, (), None)
    made.__dict__.update(fields)
    if event:
        made.event = event
    return made


@pytest.fixture
def handler(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = LogHandler(MockOutputSettings(), None)
    yield made
    made.close()
    assert SCREEN not in os.environ


def started(handler) -> None:
    handler.emit(record(LogEvent.WORKFLOW_STARTED))
    handler.emit(record(LogEvent.RESOURCES_INFO, cores=2))
    handler.emit(record(LogEvent.RUN_INFO, stats={"measure_nodes": 2, "total": 2}))


def test_a_job_is_named_in_words(handler, capsys):
    started(handler)
    assert os.environ[SCREEN] == "off"
    handler.emit(record(LogEvent.JOB_INFO, **JOB))
    handler.emit(record(LogEvent.JOB_FINISHED, job_id=7))
    handler.close()
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("2 jobs on 2 cores, about ")
    assert lines[1].endswith("] Measurement of nodes, shard 1 of 2: 1 s")
    # The other job has not run.
    assert re.fullmatch(r"Stopped after .*: 1 of 2 jobs\.", lines[2])


def test_control_characters_of_a_message_do_not_reach_the_screen(handler, capsys):
    started(handler)
    handler.emit(record(msg="odd \x1b]0;title\x07 name", level=logging.WARNING))
    shown = capsys.readouterr().err
    assert "odd ?]0;title? name" in shown


def test_after_an_error_of_its_own_it_shows_snakemakes_lines(
    handler, capsys, monkeypatch
):
    started(handler)

    def breaks(*_):
        raise RuntimeError("a defect of the logger")

    monkeypatch.setattr(Run, "finish", breaks)
    handler.emit(record(LogEvent.JOB_INFO, **JOB))
    message = "Finished jobid: 7 (Rule: measure_nodes)"
    handler.emit(record(LogEvent.JOB_FINISHED, msg=message, job_id=7))
    handler.emit(record(msg="A warning.", level=logging.WARNING))
    shown = capsys.readouterr().err
    assert message in shown
    assert "A warning." in shown
    assert "defect" not in shown
    # Later jobs show their messages themselves.
    assert SCREEN not in os.environ


def test_events_without_the_expected_fields_end_nothing(handler):
    started(handler)
    for event in LogEvent:
        handler.emit(record(event))


@pytest.mark.parametrize("option", ["dryrun", "verbose", "debug_dag"])
def test_plans_and_searches_for_errors_are_left_to_snakemake(option):
    settings = MockOutputSettings()
    setattr(settings, option, True)
    handler = LogHandler(settings, None)
    assert not handler.writes_to_stream
    assert not handler.needs_rulegraph


@pytest.mark.parametrize("daemon", ["slurmstepd", "slurmstepd-node1"])
def test_a_group_of_a_cluster_fails_with_one_sentence_and_is_tried_again(
    handler, capsys, tmp_path, daemon
):
    log = tmp_path / "slurm.log"
    started(handler)
    for job in (7, 8):
        handler.emit(record(LogEvent.JOB_INFO, **JOB | {"jobid": job}))
    log.write_text(f"{daemon}: error: *** JOB 5 ON node CANCELLED AT 12:00 ***\n")
    infos = [JOB | {"jobid": job} for job in (7, 8)]
    handler.emit(
        record(LogEvent.GROUP_ERROR, job_error_info=infos, aux_logs=[str(log)])
    )
    for info in infos:
        handler.emit(record(LogEvent.JOB_ERROR, **info, rule_msg=None, indent=True))
    handler.emit(record(msg="Trying to restart job 0c1f-22."))
    shown = capsys.readouterr().err
    assert shown.count("Failed: ") == 1
    assert "CANCELLED AT 12:00" in shown
    assert f"  Log: {log}" in shown
    handler.close()
    assert "failed" not in capsys.readouterr().err


def test_the_scheduler_names_the_reason_where_no_log_does(handler, capsys):
    started(handler)
    handler.emit(record(LogEvent.JOB_INFO, **JOB))
    told = "SLURM-job '5' failed, status 'TIMEOUT'. For further error details see x."
    handler.emit(record(LogEvent.JOB_ERROR, **JOB, rule_msg=told))
    shown = capsys.readouterr().err
    assert "shard 1 of 2: SLURM-job '5' failed, status 'TIMEOUT'.\n" in shown


@pytest.mark.parametrize(("made", "ended"), [(2, "Finished"), (1, "Stopped")])
def test_without_progress_the_closing_line_counts_the_jobs_that_ended(
    tmp_path, monkeypatch, capsys, made, ended
):
    """Snakemake says nothing of jobs that end; files of the last ones do."""
    monkeypatch.chdir(tmp_path)
    settings = MockOutputSettings()
    settings.quiet = {Quietness.PROGRESS}
    handler = LogHandler(settings, None)
    started(handler)
    for place in (1, 2):
        path = f"results/small/nodes/{place}-of-2.tsv"
        shown = {"jobid": place, "output": [path]}
        handler.emit(record(LogEvent.JOB_INFO, **JOB | shown))
        if place <= made:
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).touch()
    handler.close()
    lines = capsys.readouterr().err.splitlines()
    assert re.fullmatch(rf"{ended} after .*: {made} of 2 jobs\.", lines[-1])
    assert not list(tmp_path.rglob("*durations*"))


NO_RULE = "No rule to produce {} (if you use input functions make sure that they ...)."


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        ("figure5", "no target is named figure5; did you mean figure_5?"),
        ("my_study.yaml", "my_study.yaml is a configuration file and not a target"),
    ],
)
def test_a_misspelt_target_is_one_sentence(handler, capsys, target, sentence):
    text = NO_RULE.format(target)
    handler.emit(record(LogEvent.ERROR, text, logging.ERROR))
    shown = capsys.readouterr().err
    assert shown.startswith(f"snakemake: {sentence}")
    assert shown.count("\n") == 1
    assert fault_of_target(NO_RULE.format("results/demo/x.tsv")) == ""
    assert fault_of_target("another error") == ""


def test_an_error_of_the_workflow_is_shown_without_its_code(handler, capsys):
    text = (
        'WorkflowError in file "/a/rules/common.smk", line 71:\n'
        "config: cohort.nodes: there is no such file\n"
        '  File "/a/rules/common.smk", line 71, in <module>'
    )
    handler.emit(record(LogEvent.ERROR, text, logging.ERROR))
    shown = capsys.readouterr().err
    assert shown == "snakemake: config: cohort.nodes: there is no such file\n"
