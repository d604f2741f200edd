"""The command ``nodal-staging``: what can be asked for without a study."""

import sys
from collections.abc import Callable, Sequence

from nodal_staging.paper.recover_counts.command import main as recover_counts

COMMANDS: dict[str, Callable[[Sequence[str]], int]] = {
    "recover-counts": recover_counts,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the named command; return its exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given or given[0] not in COMMANDS:
        known = ", ".join(COMMANDS)
        sys.stderr.write(f"usage: nodal-staging COMMAND ...; commands: {known}\n")
        return 2
    return COMMANDS[given[0]](given[1:])


if __name__ == "__main__":
    sys.exit(main())
