"""What all stages share: the package on the path, code versions, names of things."""

import os
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

SOURCE_ROOT = str(workflow.current_basedir.join("../../src"))
SCRIPT_ROOT = str(workflow.current_basedir.join("../scripts"))
if SOURCE_ROOT not in sys.path:
    sys.path.append(SOURCE_ROOT)

# Jobs see the packages of their environment alone, also in an environment of conda.
os.environ.update(PYTHONNOUSERSITE="1")

import nodal_staging
from nodal_staging.study.configuration import (
    candidate_options,
    check_configuration,
    deciding_options,
    external_scores,
    family_of,
    recipe_options,
)
from nodal_staging.study.code_version import code_version
from nodal_staging.study.package_versions import mixed_versions
from nodal_staging.study.run_record import record_run
from nodal_staging.study.sheet_rows import readers_of
from nodal_staging.study.sheet_rows import rows_by_reader, rows_by_shard, whole_sheets

# Versions are those of the code beside the workflow, so no other may run.
if os.path.realpath(nodal_staging.__path__[0]) != os.path.realpath(
    f"{SOURCE_ROOT}/nodal_staging"
):
    raise WorkflowError(
        f"expected the package nodal_staging of {SOURCE_ROOT}, found that of "
        f"{nodal_staging.__path__[0]}; take it out of PYTHONPATH or uninstall it"
    )

# The only private part of Snakemake in use: a limit that holds without an option of the
# command line or of a profile. It changes no result, so no rule has it as a parameter.
# A job in a cluster reads this file again and finds the limit already there.
if "raw_shards" not in workflow.global_resources:
    workflow.register_resource("raw_shards", config["phantom"]["shards_at_once"])

check_configuration(
    config, workflow.current_basedir.join("../schemas/config.schema.yaml")
)


onstart:
    record_run(".snakemake", local=workflow.local_exec)


# Results of other versions of packages are kept: nobody retrains for a new NumPy unasked.
if mixed := mixed_versions(f"results/{config['study']}/logs"):
    logger.warning(
        f"results/{config['study']} holds results of other versions than those in this "
        "environment, and keeps them; --forcerun RULE makes them again:\n  "
        + "\n  ".join(mixed)
    )

# What a run found of the code and the sheets, for those after it in this folder.
MEMORY = ".snakemake/nodal_staging"
SYNTHETIC = config["cohort"]["source"] == "synthetic"

# The sheets of the cohort: yours, or those that the phantom writes.
SHEETS = (
    {name: f"<results>/raw/{name}.tsv" for name in ("exams", "nodes", "readings")}
    if SYNTHETIC
    else {name: config["cohort"][name] for name in ("exams", "nodes", "readings")}
)
# A shard depends on its own rows of your sheets (rows_of), not on their dates. Only
# sources can be ancient: what follows a job that runs is not asked for its parameters.
SHARD_SHEETS = (
    SHEETS
    if SYNTHETIC
    else {name: path and ancient(path) for name, path in SHEETS.items()}
)
SHARD_ROWS = (
    {}
    if SYNTHETIC
    else rows_by_shard(
        list(filter(None, [SHEETS["exams"], SHEETS["nodes"]])),
        config["cohort"]["shards"],
        f"{MEMORY}/shard_rows",
    )
)
READER_ROWS = (
    [] if SYNTHETIC else rows_by_reader(SHEETS["readings"], f"{MEMORY}/reader_rows")
)
if not SHEETS["nodes"]:
    SHEETS["nodes"] = "<results>/cohort/nodes_from_labels.tsv"
    SHARD_SHEETS["nodes"] = "<results>/cohort/labels/{scatteritem}.tsv"
RAW_SHARD = "<results>/raw/{scatteritem}" if SYNTHETIC else []

CNNS = ["status_balanced", "location_balanced", "xmask"]
# What decides whether an exam takes part; the other criteria are evidence of contrast
# medium and dose, which inspection alone weighs.
CRITERIA = config["cohort"]["criteria"]
LIMITS = {key: CRITERIA[key] for key in ("period", "require_pet", "first_exam_only")}
EVIDENCE = {key: value for key, value in CRITERIA.items() if key not in LIMITS}
# Whether a job ends at an unusable exam or goes on without it. Its results are the same,
# so they do not depend on it: resources, unlike params, are not recorded with them. It
# is a number because jobs of a group must agree on resources that are words.
STOPS_AT_BAD_EXAM = int(config["cohort"]["on_bad_exam"] == "fail")
# What the architecture selection chose, where the study follows it.
CHOSEN = (
    "<results>/selection/chosen.json" if config["selection"]["choose"] == "best" else []
)
FOLDS = range(1, config["datasets"]["folds"] + 1)
FORESTS = ["status_balanced", "location_balanced"]
READERS = readers_of(
    config["phantom"]["readers"]["noise"] if SYNTHETIC else READER_ROWS
)
MEASUREMENTS = [
    "attenuation_27hu",
    "short_axis_8mm",
    "short_axis_10mm",
    "volume",
    "location",
]
BASELINES = MEASUREMENTS + ["logistic_location_volume"]
# Yours: they are classifiers like any other.
EXTERNAL = external_scores(config)
CLASSIFIERS = (
    [f"cnn_{cnn}" for cnn in CNNS]
    + [f"rf_{forest}" for forest in FORESTS]
    + READERS
    + BASELINES
    + list(EXTERNAL)
)
# Whose pairs are tested for errors: as published, those of the CNNs and the readers.
COMPARED = family_of(
    config["statistics"]["family"],
    paper=[f"cnn_{cnn}" for cnn in CNNS] + READERS,
    everyone=CLASSIFIERS,
)
# Whose AUCs are compared: the forests too, of which the paper makes two claims.
COMPARED_AUCS = family_of(
    config["statistics"]["family"],
    paper=[c for c in CLASSIFIERS if c.startswith(("cnn_", "rf_"))] + READERS,
    everyone=CLASSIFIERS,
)


def version_of(rule_name):
    """Hash the code that a rule runs, so that results depend on it.

    Only the jobs of a run ask: one in a cluster need not read the code of all others.
    """
    script = next(Path(SCRIPT_ROOT).glob(f"*/{rule_name}.py"))
    memory = f"{MEMORY}/code/{rule_name}"
    return lambda wildcards: code_version(script, SOURCE_ROOT, memory)


def growing(amount, per_mb=0):
    """Ask for more at each attempt: a job that was killed had too little.

    What a rule needs may also grow with its input, by ``per_mb`` for each megabyte.
    Files that do not exist yet count nothing, so that a plan can be made.
    """
    return lambda wildcards, input, attempt: attempt * (
        amount + round(per_mb * sum(map(megabytes, input)))
    )


def megabytes(path):
    """Return the size of a file; 0 of a folder or of one that does not exist."""
    return os.path.getsize(path) / 1e6 if os.path.isfile(path) else 0


# What most jobs need: tables are read and written, or a figure is drawn.
SMALL_JOB = {"mem_mb": growing(1000), "runtime": growing(10)}


def rows_of(wildcards):
    """Sum up the rows of the sheets that a shard depends on."""
    return SHARD_ROWS.get(wildcards.scatteritem, "")


def sheets_of(names, section="cohort"):
    """Sum up your sheets: a file that was put in place of another may be older."""
    return lambda wildcards: whole_sheets([config[section][name] for name in names])


def readings_of(wildcards):
    """Sum up the ratings of a reader."""
    return "".join(READER_ROWS[int(wildcards.number) - 1 : int(wildcards.number)])


def training_set_of(wildcards, home="<results>/datasets"):
    """Return the training set of a CNN; xmask masks the nodes of status_balanced."""
    name = "location_balanced" if "location" in wildcards.cnn else "status_balanced"
    return f"{home}/{name}.tsv"


def share_of(wildcards):
    """Return the training set of a CNN among those of a point of the curve."""
    point = f"{wildcards.percent}_{wildcards.repeat}"
    return training_set_of(wildcards, f"<results>/learning_curve/{point}/datasets")


def permuted_weights(wildcards):
    """Return the weights that learned permuted labels, where the study asks for it."""
    if wildcards.cnn not in config["attribution"]["permuted"]:
        return []
    return f"<results>/attribution/permuted/{wildcards.cnn}/weights.h5"


def new_exams(wildcards):
    """Return the sheet of the exams to predict."""
    sheet = config["prediction"]["exams"]
    if not sheet:
        raise WorkflowError(
            "config: prediction.exams is empty; give the path of a sheet of new exams"
        )
    return sheet


def new_rows_of(wildcards):
    """Sum up the rows of the sheets of new exams that a shard depends on."""
    return NEW_ROWS.get(wildcards.scatteritem, "")


def ratings(wildcards):
    """Return the ratings of the test set."""
    if not READERS:
        raise WorkflowError(
            "config: nobody read the nodes; give the path of a sheet of ratings in "
            "cohort.readings (docs/readers.md)"
        )
    return [f"<results>/scores/{reader}.csv" for reader in READERS]


def scores_as(wildcards, key):
    """Return how the scores of a classifier are meant, where they are yours."""
    return EXTERNAL.get(wildcards.classifier, {}).get(key)


def candidate_folds(candidate, cnn):
    """Return the fold scores of a candidate; the configured one is trained anyway."""
    trained = candidate == "configured" and not CHOSEN
    home = f"models/{cnn}/folds" if trained else f"selection/{candidate}/{cnn}"
    return [f"<results>/{home}/{fold}.csv" for fold in FOLDS]


wildcard_constraints:
    cnn="|".join(CNNS),
    forest="|".join(FORESTS),
    external="|".join(EXTERNAL) or "none",
    baseline="|".join(MEASUREMENTS),
    number=r"\d+",
    percent=r"\d+",
    repeat=r"\d+",
    fold=r"\d+",
    candidate=r"[a-z0-9_]+",
    classifier=r"[a-z0-9_]+",
