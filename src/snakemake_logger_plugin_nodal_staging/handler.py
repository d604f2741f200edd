"""The logger that Snakemake loads: it turns records into the lines of a run."""

import atexit
import os
import re
import sys
import threading
from logging import ERROR, WARNING, Handler, LogRecord
from typing import Any

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

from nodal_staging.study.jobs import SCREEN
from snakemake_logger_plugin_nodal_staging.early_errors import (
    fault_of_target,
    sentence_of_workflow,
)
from snakemake_logger_plugin_nodal_staging.job_output import JobOutput, job_output
from snakemake_logger_plugin_nodal_staging.network_cost import read_configuration
from snakemake_logger_plugin_nodal_staging.plan_estimate import PlanEstimate
from snakemake_logger_plugin_nodal_staging.run import Run
from snakemake_logger_plugin_nodal_staging.screen import Screen

TICK_S = 1.0
RESTART = re.compile(r"Trying to restart job (\S+)\.")
LOG_FILE = re.compile(r"Complete log\(s\): (.*)")
SHOWN = re.compile(r"Nothing to be done|Will exit after|Terminating processes")
"""Remarks of Snakemake itself that are shown; the others are in its log file."""
HIDDEN = "Assuming unrestricted shared filesystem usage"
"""A remark before each run on this machine, which is not one of the user's concerns."""
SIGNAL = re.compile(r"died with <Signals\.(\w+)")
REPEATED = re.compile(
    r"Exiting because a job execution failed|At least one job did not complete|"
    r"returned non-zero exit status"
)
"""Errors that say no more than that a job has failed, which has its own line."""


class LogHandler(LogHandlerBase):
    """Show a run in words; anything but a run is shown as Snakemake shows it.

    A dry run, ``--verbose`` and ``--debug-dag`` are left to Snakemake; a dry run ends
    with the time that its jobs would take. After an error
    of its own, this logger passes Snakemake's lines through; it never ends a run.
    """

    has_filter = True
    has_formatter = True
    writes_to_file = False

    def __post_init__(self) -> None:
        """Prepare the screen; a run begins with its first event."""
        common = self.common_settings
        self._is_left_to_snakemake = bool(
            common.dryrun or common.verbose or common.debug_dag
        )
        self._quiet = {what.name.lower() for what in common.quiet or ()}
        self._run: Run | None = None
        self._failed_itself = False
        self._stopped = threading.Event()
        self._plan = PlanEstimate(sys.argv) if common.dryrun else None
        self._plain: Handler | None = None
        self._job_output: JobOutput | None = None

    @property
    def writes_to_stream(self) -> bool:
        """Whether Snakemake leaves the screen to this logger."""
        return not self._is_left_to_snakemake

    @property
    def needs_rulegraph(self) -> bool:
        """Whether Snakemake sends which rule needs which: for the time left."""
        return not self._is_left_to_snakemake

    def emit(self, record: LogRecord) -> None:
        """Put one record on the screen."""
        if self._is_left_to_snakemake:
            self._note_plan(record)
            self._explain(record)
            return
        if not self._failed_itself:
            try:
                if self._handle_record(record) or self._explain(record):
                    return
            except Exception:
                self._give_up()
        self._pass_through(record)

    def close(self) -> None:
        """Print the summary of the run."""
        self._stopped.set()
        self._show_plan()
        self.acquire()
        try:
            if self._run and not self._failed_itself and "all" not in self._quiet:
                self._show_job_output(whole=False)
                self._run.end()
        except Exception:
            self._failed_itself = True
        finally:
            self._give_up()
            self.release()
        super().close()

    def _note_plan(self, record: LogRecord) -> None:
        """Note the jobs of a dry run, for its last line."""
        fields, event = record.__dict__, getattr(record, "event", None)
        if self._plan is None:
            return
        if event == LogEvent.RUN_INFO:
            self._plan.plan(fields.get("stats") or {})
        elif event == LogEvent.JOB_INFO:
            self._plan.note_outputs([str(path) for path in fields.get("output") or ()])

    def _explain(self, record: LogRecord) -> bool:
        """Put one sentence on a mistake of the command or the study on the screen."""
        if record.levelno < ERROR or "all" in self._quiet:
            return False
        text = str(record.msg)
        sentence = fault_of_target(text)
        if not self._is_left_to_snakemake:
            sentence = sentence or sentence_of_workflow(text)
        if sentence:
            print(f"snakemake: {sentence}", file=sys.stderr)
        return bool(sentence)

    def _show_plan(self) -> None:
        """End a dry run with the time that its jobs would take."""
        plan, self._plan = self._plan, None
        if plan and not self._quiet & {"all", "progress"}:
            if sentence := plan.sentence():
                print(sentence)

    def _handle_record(self, record: LogRecord) -> bool:
        """Show a record in words; return False to have it shown as by Snakemake."""
        event = getattr(record, "event", None)
        if event == LogEvent.WORKFLOW_STARTED:
            self._begin()
            return True
        if self._run is None:
            return str(record.msg).startswith(HIDDEN)
        if "all" in self._quiet:
            return True
        self._show_job_output()
        if event is None:
            self._handle_message(self._run, record)
        else:
            self._handle_event(self._run, event, record.__dict__)
        return True

    def _begin(self) -> None:
        """Begin a run, during which the jobs leave the screen to this logger."""
        if "all" not in self._quiet:
            os.environ[SCREEN] = "off"
            self._job_output = job_output()
            atexit.register(self._give_up)
        stream = self._job_output.stream if self._job_output else sys.stderr
        screen = Screen(stream, plain=self.common_settings.nocolor)
        self._run = Run(
            screen,
            each_job="progress" not in self._quiet,
            config=read_configuration(sys.argv),
        )
        threading.Thread(target=self._tick, daemon=True).start()

    def _handle_event(self, run: Run, event: LogEvent, fields: dict[str, Any]) -> None:
        match event:
            case LogEvent.RULEGRAPH:
                links = fields["rulegraph"]["links"]
                run.connect(
                    [(link["sourcerule"], link["targetrule"]) for link in links]
                )
            case LogEvent.RESOURCES_INFO:
                _note_limits(run, fields)
            case LogEvent.RUN_INFO:
                run.plan(fields["stats"])
            case LogEvent.JOB_INFO:
                run.start(fields["jobid"], fields)
            case LogEvent.JOB_FINISHED:
                run.finish(fields["job_id"])
            case LogEvent.JOB_ERROR:
                # Those of a group follow the error of the group.
                if not fields.get("indent"):
                    run.fail(fields["jobid"], fields)
            case LogEvent.GROUP_ERROR:
                run.fail_group(fields)
            case LogEvent.ERROR:
                _note_error(run, str(fields["msg"]).strip())
            case _:
                pass

    def _handle_message(self, run: Run, record: LogRecord) -> None:
        text = str(record.msg).rstrip()
        if found := RESTART.match(text):
            run.restart(found[1])
        elif found := LOG_FILE.match(text):
            run.log_file = found[1]
        elif record.levelno > WARNING:
            if not REPEATED.search(text):
                run.tell(text, "red")
        elif record.levelno == WARNING:
            run.warn(text)
        elif SHOWN.match(text) or not _is_of_snakemake(record):
            run.tell(text)

    def _tick(self) -> None:
        """Keep the time left up to date."""
        while not self._stopped.wait(TICK_S):
            self.acquire()
            try:
                if self._run and not self._failed_itself:
                    self._show_job_output()
                    self._run.show_status()
            except Exception:
                self._give_up()
            finally:
                self.release()

    def _show_job_output(self, *, whole: bool = True) -> None:
        """Show what jobs have printed themselves."""
        if self._job_output and self._run:
            for line in self._job_output.lines(whole=whole):
                self._run.tell(line)

    def _give_up(self) -> None:
        """Leave the screen to Snakemake's lines, and to those of the jobs."""
        self._failed_itself = True
        os.environ.pop(SCREEN, None)
        output, self._job_output = self._job_output, None
        if output:
            output.restore()
            for line in output.lines(whole=False):
                print(line, file=sys.stderr)

    def _pass_through(self, record: LogRecord) -> None:
        """Show a record as Snakemake would without this logger."""
        try:
            if self._plain is None:
                self._plain = self._snakemake_handler()
            self._plain.handle(record)
        except Exception:
            self.handleError(record)

    def _snakemake_handler(self) -> Handler:
        from snakemake.logging import (  # noqa: PLC0415 (it imports this package)
            ColorizingTextHandler,
            DefaultFilter,
            DefaultFormatter,
        )

        common = self.common_settings
        handler: Handler = ColorizingTextHandler(
            common.nocolor,
            sys.stderr,
            DefaultFormatter(common.quiet, common.show_failed_logs),
            DefaultFilter(
                common.quiet,
                common.debug_dag,
                common.verbose,
                False,
                common.printshellcmds,
            ),
        )
        return handler


def _note_limits(run: Run, fields: dict[str, Any]) -> None:
    """Note how much there is of each resource that jobs share."""
    if fields.get("cores"):
        run.limit("_cores", float(fields["cores"]))
    for name, resource in (fields.get("provided_resources") or {}).items():
        amount = getattr(resource, "value", resource)
        if isinstance(amount, int):
            run.limit(name, amount)


def _note_error(run: Run, text: str) -> None:
    """Show an error of Snakemake, unless the line of a failed job says it."""
    if signal := SIGNAL.search(text):
        run.signal = signal[1]
    elif text and not REPEATED.search(text):
        run.tell(fault_of_target(text) or text, "red")


def _is_of_snakemake(record: LogRecord) -> bool:
    """Tell whether Snakemake or a plugin wrote a message, not the workflow."""
    return record.pathname.endswith(".py")
