"""Work on untrusted files in a process of its own, whose death is survivable.

A native decoder may end the interpreter, a bomb may fill the memory, a damaged file
may keep a loop running. Each exam, and each compressed slice, is read in a child
with bounds on memory and time; the parent gets the result or one clear error.
"""

import faulthandler
import multiprocessing
import pickle
import resource
import signal
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TypeVar

from nodal_staging.study.errors import InputError, naming

Result = TypeVar("Result")

MEGABYTE = 1024 * 1024


class ReaderDiedError(InputError):
    """The process that read a file ended without a result."""

    reason = "reader_died"


class DefectError(RuntimeError):
    """An error of the software itself, with the traceback of the child."""


def isolated(
    function: Callable[..., Result],
    *arguments: Any,
    role: str,
    memory_mb: int = 4000,
    seconds: float = 600,
) -> Result:
    """Call a function in a child process and return what it returns.

    Parameters
    ----------
    function, arguments
        What is called; its result must be picklable.
    role
        How messages call what is read, for example ``exam E0001, column ct``.
    memory_mb
        Memory that the child may take beyond what it starts with.
    seconds
        Wall time after which the child is killed.

    Raises
    ------
    InputError
        As the function raised it.
    ReaderDiedError
        If the child died, ran out of memory or took too long.
    DefectError
        If the function failed in any other way.
    """
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(
        target=_run, args=(sender, function, arguments, memory_mb), daemon=False
    )
    child.start()
    sender.close()
    try:
        answer = _receive(receiver, seconds)
    finally:
        receiver.close()
        child.join(timeout=1)
        if child.is_alive():
            child.kill()
            child.join()
    kind, content = answer
    if kind == "result":
        result: Result = content
        return result
    if kind == "input":
        raise content  # which names its file already
    if kind == "defect":
        raise DefectError(content)
    with naming(role):
        raise ReaderDiedError(_death(kind, child.exitcode, seconds))


def _run(
    sender: Connection,
    function: Callable[..., Any],
    arguments: tuple[Any, ...],
    memory_mb: int,
) -> None:
    """Bound this process, call the function and send what came of it."""
    faulthandler.disable()  # its dump would go past every log, with paths
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _bound_memory(memory_mb)
    try:
        answer = ("result", function(*arguments))
    except InputError as error:
        answer = ("input", error)
    except MemoryError:
        answer = ("memory", None)
    except Exception:
        answer = ("defect", traceback.format_exc())
    try:
        sender.send_bytes(pickle.dumps(answer, protocol=5))
    except MemoryError:
        sender.send_bytes(pickle.dumps(("memory", None)))
    sender.close()


def _bound_memory(memory_mb: int) -> None:
    """Limit the address space to what is in use now and so much more."""
    statistics = Path("/proc/self/statm")
    if not statistics.exists():  # not Linux: time alone is bounded
        return
    in_use = int(statistics.read_text().split()[0]) * resource.getpagesize()
    limit = in_use + memory_mb * MEGABYTE
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _receive(receiver: Connection, seconds: float) -> tuple[str, Any]:
    """Wait for the answer; there is none where the child closed the pipe or is late."""
    try:
        if not receiver.poll(seconds):
            return "none", None
        answer: tuple[str, Any] = pickle.loads(receiver.recv_bytes())  # noqa: S301
    except (EOFError, OSError):
        return "none", None
    return answer


def _death(kind: str, exit_code: int | None, seconds: float) -> str:
    """Say how the child ended."""
    if kind == "memory":
        return (
            "reading takes more memory than is allowed; the file is damaged or not of "
            "one exam: restore it from the archive"
        )
    restore = "the file is damaged: restore it from the archive"
    if exit_code == -signal.SIGKILL:
        return (
            f"reading did not end within {seconds:g} seconds or was killed; {restore}"
        )
    if exit_code is not None and exit_code < 0:
        return f"the reader died ({signal.Signals(-exit_code).name}); {restore}"
    return f"the reader ended without a result; {restore}"
