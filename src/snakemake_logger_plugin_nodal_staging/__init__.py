"""Show a run of the workflow in words: one line for each job that ends, and a summary.

Snakemake finds the package by its name. ``profiles/default`` switches it on;
``--logger snakemake`` shows Snakemake's own output instead. The log file of Snakemake
(``.snakemake/log``) contains everything in both cases. A configuration file that cannot
be read ends Snakemake with one sentence.
"""

import sys
from pathlib import Path

# The package beside this one, also where PYTHONPATH names that of another checkout.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from snakemake_logger_plugin_nodal_staging.configuration_files import (
    fault_of_configuration,
)
from snakemake_logger_plugin_nodal_staging.handler import LogHandler

__all__ = ["LogHandler"]

if fault := fault_of_configuration(sys.argv):
    sys.exit(f"snakemake: {fault}")
