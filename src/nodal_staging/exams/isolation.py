"""Isolation: read untrusted files in a child process that may crash.

A native decoder may end the interpreter, a bomb may fill the memory, a damaged file
may keep a loop running. Exams are read in a child with bounds on memory and time, and
so are all compressed slices of a series together; the parent gets the result or one
clear error. To start a child takes as long as to read the headers of a small exam, so
one child reads the exams of a shard until one of them is refused.
"""

import contextlib
import faulthandler
import multiprocessing
import pickle
import resource
import signal
import traceback
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.context import ForkProcess
from pathlib import Path
from typing import Any, Generic, TypeVar

from nodal_staging.study.errors import InputError
from nodal_staging.study.library_messages import silent_libraries

Result = TypeVar("Result")

MEGABYTE = 1024 * 1024
NO_ANSWER = ("none", None)


class ReaderDiedError(InputError):
    """The process that read a file ended without a result."""

    reason = "reader_died"


class DefectError(RuntimeError):
    """An error of the software itself, with the traceback of the child."""


def isolated(
    function: Callable[..., Result],
    *arguments: Any,
    memory_mb: int = 4000,
    seconds: float = 600,
) -> Result:
    """Call a function in a child process and return what it returns.

    Call it within ``naming``, which names what the child read when it died.

    Parameters
    ----------
    function, arguments
        What is called; its result must be picklable.
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
    bound = partial(function, *arguments)  # handed on by the fork, never pickled
    call = IsolatedCalls(bound, memory_mb=memory_mb, seconds=seconds)
    with contextlib.closing(call):
        return call()


class IsolatedCalls(Generic[Result]):
    """Calls of one function, all in one child process, which the first one starts.

    Use it with ``contextlib.closing``, which ends the child. Call it within ``naming``,
    as :func:`isolated`. After a child that died, the next call starts another one.

    Parameters
    ----------
    function
        What is called; the arguments of a call and its result must be picklable.
    memory_mb
        Memory that the child may take beyond what it starts with.
    seconds
        Wall time of one call after which the child is killed.
    trusted_after_error
        Whether a child that refused an input is used again. Not, where the next call
        reads files of another exam.
    """

    def __init__(
        self,
        function: Callable[..., Result],
        *,
        memory_mb: int = 4000,
        seconds: float = 600,
        trusted_after_error: bool = True,
    ) -> None:
        self._function = function
        self._memory_mb = memory_mb
        self._seconds = seconds
        self._trusted_after_error = trusted_after_error
        self._child: tuple[ForkProcess, Connection] | None = None

    def __call__(self, *arguments: Any) -> Result:
        """Call the function in the child and return what it returns.

        Raises
        ------
        InputError, ReaderDiedError, DefectError
            As :func:`isolated`.
        """
        child, connection = self._child or self._start()
        try:
            connection.send(arguments)
            kind, content = _receive(connection, self._seconds)
        except OSError:  # the child died between two calls
            kind, content = NO_ANSWER
        except BaseException:  # the rest of an answer would be taken for the next one
            self.close()
            raise
        if kind == "result":
            result: Result = content
            return result
        if kind != "input" or not self._trusted_after_error:
            self.close()
        if kind == "input":
            raise content
        if kind == "defect":
            raise DefectError(content)
        raise ReaderDiedError(_death(kind, child.exitcode, self._seconds))

    def _start(self) -> tuple[ForkProcess, Connection]:
        """Start the child."""
        context = multiprocessing.get_context("fork")
        own, other = context.Pipe()
        child = context.Process(
            target=_serve, args=(other, own, self._function, self._memory_mb)
        )
        child.start()
        other.close()
        self._child = child, own
        return self._child

    def close(self) -> None:
        """End the child: it leaves at the end of the calls, or it is killed."""
        if self._child is None:
            return
        child, connection = self._child
        self._child = None
        connection.close()
        child.join(timeout=1)
        if child.is_alive():
            child.kill()
            child.join()


def _serve(
    connection: Connection,
    parents: Connection,
    function: Callable[..., Any],
    memory_mb: int,
) -> None:
    """Bound this process, and answer calls until the parent closes its end."""
    parents.close()  # else this process would not notice that the parent has died
    faulthandler.disable()  # its dump would go past every log, with paths
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _bound_memory(memory_mb)
    with contextlib.suppress(EOFError, OSError):
        while True:
            _answer(connection, function, connection.recv())


def _answer(
    connection: Connection, function: Callable[..., Any], arguments: tuple[Any, ...]
) -> None:
    """Call the function and send what came of it."""
    try:
        with silent_libraries():
            answer = ("result", function(*arguments))
    except InputError as error:
        answer = ("input", error)
    except MemoryError:
        answer = ("memory", None)
    except Exception:
        answer = ("defect", traceback.format_exc())
    try:
        connection.send_bytes(pickle.dumps(answer, protocol=5))
    except MemoryError:
        connection.send_bytes(pickle.dumps(("memory", None)))


def _bound_memory(memory_mb: int) -> None:
    """Limit the address space to what is in use now and so much more."""
    statistics = Path("/proc/self/statm")
    if not statistics.exists():  # not Linux: time alone is bounded
        return
    in_use = int(statistics.read_text().split()[0]) * resource.getpagesize()
    limit = in_use + memory_mb * MEGABYTE
    _, most = resource.getrlimit(resource.RLIMIT_AS)  # of a child within a child
    if most != resource.RLIM_INFINITY:
        limit = min(limit, most)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _receive(receiver: Connection, seconds: float) -> tuple[str, Any]:
    """Wait for the answer; there is none where the child closed the pipe or is late."""
    try:
        if not receiver.poll(seconds):
            return NO_ANSWER
        answer: tuple[str, Any] = pickle.loads(receiver.recv_bytes())  # noqa: S301
    except (EOFError, OSError):
        return NO_ANSWER
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
