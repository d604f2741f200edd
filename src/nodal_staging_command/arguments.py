"""What a person typed: words and options of a subcommand, and options of Snakemake."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from nodal_staging.study.errors import InputError

HELP = ("-h", "--help")


class CommandError(InputError):
    """A command cannot be carried out as it was typed."""


@dataclass(frozen=True, slots=True)
class Option:
    """An option of a subcommand.

    Attributes
    ----------
    value
        What stands after it, for the help text; empty if nothing does.
    meaning
        For the help text.
    """

    value: str
    meaning: str


@dataclass(slots=True)
class Given:
    """The arguments of a subcommand.

    Attributes
    ----------
    words
        Targets, folders or sheets, before the first option of Snakemake.
    options
        Values of the subcommand's own options; an option without a value has an
        empty one.
    passed
        Options of Snakemake and their values, in their order.
    """

    words: list[str] = field(default_factory=list)
    options: dict[str, list[str]] = field(default_factory=dict)
    passed: list[str] = field(default_factory=list)

    def last(self, option: str) -> str | None:
        """Return the value of an option, the last one of several."""
        values = self.options.get(option)
        return values[-1] if values else None


def read_arguments(arguments: Sequence[str], options: Mapping[str, Option]) -> Given:
    """Separate the arguments of a subcommand from those of Snakemake.

    Everything from the first unknown option on is Snakemake's, except the options of
    the subcommand, which may stand anywhere.

    Parameters
    ----------
    arguments
        After the name of the subcommand.
    options
        The subcommand's own options by name.

    Raises
    ------
    CommandError
        If an option lacks its value.

    Examples
    --------
    >>> given = read_arguments(
    ...     ["figure_5", "-n", "--study", "a", "--forcerun", "train_cnn"],
    ...     {"--study": Option("PATH", "")},
    ... )
    >>> given.words, given.options, given.passed
    (['figure_5'], {'--study': ['a']}, ['-n', '--forcerun', 'train_cnn'])
    """
    given = Given()
    rest = iter(arguments)
    for argument in rest:
        name, equals, value = argument.partition("=")
        if name in options:
            if not equals and options[name].value:
                value = _next(rest, name, options[name])
            given.options.setdefault(name, []).append(value)
        elif given.passed or argument.startswith("-"):
            given.passed.append(argument)
        else:
            given.words.append(argument)
    return given


def _next(rest: Iterator[str], name: str, option: Option) -> str:
    value = next(rest, "")
    if not value:
        raise CommandError(f"{name} needs a value; write {name} {option.value}")
    return value
