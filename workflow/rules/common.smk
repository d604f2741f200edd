"""What all stages share: the package on the path, code versions, names of things."""

import sys

SOURCE_ROOT = str(workflow.current_basedir.join("../../src"))
SCRIPT_ROOT = str(workflow.current_basedir.join("../scripts"))
if SOURCE_ROOT not in sys.path:
    sys.path.append(SOURCE_ROOT)

from nodal_staging.provenance import code_version

CNNS = ["status_balanced", "location_balanced", "xmask"]
FORESTS = ["status_balanced", "location_balanced"]


def version_of(rule_name):
    """Hash the code that a rule runs, so that results depend on it."""
    return code_version(f"{SCRIPT_ROOT}/{rule_name}.py", SOURCE_ROOT)


wildcard_constraints:
    cnn="|".join(CNNS),
    forest="|".join(FORESTS),
    fold=r"\d+",
    classifier=r"[a-z0-9_]+",
