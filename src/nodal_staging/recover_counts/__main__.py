"""``python -m nodal_staging.recover_counts table.tsv``."""

import sys

from nodal_staging.recover_counts.command import main

sys.exit(main())
