"""``python -m nodal_staging``, the same as the command ``nodal-staging``."""

import sys

from nodal_staging_command.command_line import main

if __name__ == "__main__":
    sys.exit(main())
