"""The command line of ``nodal-staging``."""

import os
import shlex
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from importlib.metadata import version
from pathlib import Path

from nodal_staging.study.errors import InputError
from nodal_staging_command.arguments import HELP, CommandError, read_arguments
from nodal_staging_command.subcommands import COMMANDS


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the named subcommand; return its exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given == ["--version"]:
        sys.stdout.write(f"nodal-staging {version('nodal-staging')}\n")
        return 0
    if not given or given[0] in HELP:
        sys.stdout.write(_overview())
        return 0 if given else 2
    try:
        return _run(given[0], given[1:])
    except InputError as error:
        sentence = str(error).replace(f"{Path.cwd()}{os.sep}", "")
        sys.stderr.write(f"nodal-staging: {sentence}\n")
        return 2 if isinstance(error, CommandError) else 1


def _run(name: str, arguments: Sequence[str]) -> int:
    if name not in COMMANDS:
        near = get_close_matches(name, COMMANDS, n=1)
        hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(COMMANDS)}"
        raise CommandError(f"{name} is not a command; {hint}")
    command = COMMANDS[name]
    if set(arguments) & set(HELP):
        sys.stdout.write(usage(name))
        return 0
    given = read_arguments(arguments, command.options)
    surplus = given.words[command.most_words :]
    surplus += [] if command.passes_on else given.passed
    if surplus:
        raise CommandError(_surplus(name, surplus[0]))
    return command.run(given)


def _surplus(name: str, word: str) -> str:
    """Say what to do about a word that a subcommand does not take."""
    if "--study" in COMMANDS[name].options and Path(word).exists():
        named = f"nodal-staging {name} --study {shlex.quote(word)}"
        return f"{word} is not an argument of {name}; name the study: {named}"
    return f"{word} is not an argument of {name}; see nodal-staging {name} --help"


def usage(name: str) -> str:
    """Return the help text of a subcommand."""
    command = COMMANDS[name]
    words = " ".join(filter(None, [name, command.words, "[OPTION ...]"]))
    rows = [
        (f"{option} {described.value}".rstrip(), described.meaning)
        for option, described in command.options.items()
    ]
    if command.passes_on:
        rows.append(("other options", "passed on to Snakemake, such as -n"))
    head = f"usage: nodal-staging {words}\n\n{command.summary}.\n"
    return "\n".join([head, *_columns(rows)]).rstrip() + "\n"


def _overview() -> str:
    rows = [
        (f"{name} {one.words}".rstrip(), one.summary) for name, one in COMMANDS.items()
    ]
    return "\n".join(
        [
            "usage: nodal-staging COMMAND ...",
            "",
            *_columns(rows),
            "",
            "nodal-staging COMMAND --help lists the options of a command,",
            "nodal-staging --version prints the version.\n",
        ]
    )


def _columns(rows: Sequence[tuple[str, str]]) -> list[str]:
    width = max((len(words) for words, _ in rows), default=0)
    return [f"  {words:<{width}}  {meaning}" for words, meaning in rows]
