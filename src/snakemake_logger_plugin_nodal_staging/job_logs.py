"""What the log file of a job contains: its warnings, or why it failed."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

LINE = re.compile(r"(DEBUG|INFO|WARNING|ERROR|CRITICAL) nodal_staging[\w.]*: ")
"""Begins a message in a log that ``nodal_staging.study.jobs.job_log`` writes."""
ENDED = re.compile(r"slurmstepd\S*: error: |[\w.]*(Error|Exception): ")
"""Begins a line on the end of a job in other logs."""
LONGEST = 2_000_000
"""Bytes of a log that are read, from its end."""
TRACEBACK = "Traceback (most recent call last):"


def warnings_of(logs: Sequence[str], since: float) -> list[str]:
    """Return the warnings of a job, each in full.

    Parameters
    ----------
    logs
        Log files of the job.
    since
        When the job started, in seconds since the epoch; older files are not its own.
    """
    found = [text for level, text in _messages(logs, since) if level == "WARNING"]
    return list(dict.fromkeys(found))


def reason_of(logs: Sequence[str], since: float) -> str:
    """Return why a job failed, in one sentence; empty if its log does not say so.

    Of an unexpected failure, the last line of the traceback is added in brackets. A log
    without messages may be that of a scheduler, or of a job that failed before its
    first message; its last line on an error counts.
    """
    messages = list(_messages(logs, since))
    errors = [text for level, text in messages if level == "ERROR"]
    if not errors:
        lines = [line for _, text in messages for line in text.splitlines()]
        return next((line.strip() for line in reversed(lines) if ENDED.match(line)), "")
    sentence, found, trace = errors[-1].partition(TRACEBACK)
    sentence = " ".join(sentence.split())
    return f"{sentence} ({trace.strip().splitlines()[-1]})" if found else sentence


def _messages(logs: Sequence[str], since: float) -> Iterator[tuple[str, str]]:
    """Yield level and text of each message."""
    for path in logs:
        level, lines = "", list[str]()
        for line in _recent_text(Path(path), since).splitlines():
            if start := LINE.match(line):
                yield level, "\n".join(lines)
                level, lines = start[1], [line[start.end() :]]
            else:
                lines.append(line)
        yield level, "\n".join(lines)


def _recent_text(path: Path, since: float) -> str:
    """Return the end of a file; empty if there is none that is new."""
    try:
        # Some file systems keep whole seconds.
        if path.stat().st_mtime < since - 2:
            return ""
        with path.open("rb") as file:
            file.seek(max(path.stat().st_size - LONGEST, 0))
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""
