"""Configuration files on the command line of Snakemake, before it reads them.

Snakemake loads its loggers before it reads its options, and shows lines of its own code
for a configuration file that does not exist.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from nodal_staging.study.configuration_file import read_configuration_file
from nodal_staging.study.errors import ConfigurationError

OPTIONS = ("--configfile", "--configfiles")


def fault_of_configuration(arguments: Sequence[str]) -> str:
    """Return one sentence on the first configuration file that cannot be read.

    Parameters
    ----------
    arguments
        Of the process. Those of another program than Snakemake have no fault.
    """
    program = Path(arguments[0])
    if "snakemake" not in (program.name, program.parent.name):
        return ""
    try:
        for path in configuration_files(arguments[1:]):
            read_configuration_file(path)
    except ConfigurationError as error:
        return str(error)
    return ""


def configuration_files(arguments: Sequence[str]) -> Iterator[str]:
    """Yield the configuration files of a command line.

    Examples
    --------
    >>> list(configuration_files(["all", "--configfile", "a.yaml", "b.yaml", "-n"]))
    ['a.yaml', 'b.yaml']
    """
    takes = False
    for argument in arguments:
        if argument.startswith("-"):
            name, _, value = argument.partition("=")
            takes = name in OPTIONS
            if takes and value:
                yield value
        elif takes:
            yield argument
