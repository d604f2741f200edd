"""What all stages share: the package on the path, code versions, names of things."""

import csv
import os
import sys
import tarfile
import tempfile
from contextlib import suppress
from functools import reduce
from operator import getitem
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.io import IOFile
from snakemake.sourcecache import HostingProviderFile, LocalSourceFile
from snakemake.settings.types import DeploymentMethod


def checkout_of(rules):
    """Return the folder of the workflow whose rules lie there.

    A module from a hosted repository has no folder: Snakemake fetches its files one by
    one. The package, the scripts and the tables of that commit are unpacked below the
    folder of the study, from the clone that Snakemake keeps.
    """
    if isinstance(rules, LocalSourceFile):
        return os.path.normpath(rules.join("../..").get_path_or_uri(secret_free=True))
    if not isinstance(rules, HostingProviderFile):
        raise WorkflowError(
            f"the workflow was given as {rules}; give its folder, or its repository with "
            "github() or gitlab() (docs/deployment.md)"
        )
    rules.cache_path = workflow.sourcecache.cache_path
    rules.fetch_if_required()
    clone = rules.hosted_repo.repo
    return unpacked(clone, clone.commit(rules.ref))


def unpacked(clone, commit):
    """Unpack what jobs need of a commit, unless it is there; return its folder."""
    folder = Path(".snakemake/nodal_staging/checkouts", commit.hexsha).resolve()
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as beside:
            archive = f"{beside}/archive.tar"
            clone.git.archive(
                commit.hexsha, "src", "workflow", "config", output=archive
            )
            with tarfile.open(archive) as file:
                file.extractall(f"{beside}/whole", filter="data")
            # Another job may have been faster; the folder then has the same content.
            with suppress(OSError):
                os.rename(f"{beside}/whole", folder)
    return str(folder)


CHECKOUT = checkout_of(workflow.current_basedir)
SOURCE_ROOT = f"{CHECKOUT}/src"
SCRIPT_ROOT = f"{CHECKOUT}/workflow/scripts"

# The environment may contain the package of another checkout; code versions, rules and jobs
# are those of this one.
sys.path.insert(0, SOURCE_ROOT)
PLACES = [
    place for place in os.environ.get("PYTHONPATH", "").split(os.pathsep) if place
]
if SOURCE_ROOT not in PLACES[:1]:
    os.environ.update(PYTHONPATH=os.pathsep.join([SOURCE_ROOT, *PLACES]))

# Jobs see the packages of their environment alone, also in an environment of conda.
os.environ.update(PYTHONNOUSERSITE="1")
# Real errors of TensorFlow arrive as exceptions; what it calls one on its log is advice.
# Set here and not in the package, this level is part of no code version.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from nodal_staging.report.lineage.record import Made, possible_outputs, record_lineage
from nodal_staging.study.configuration import (
    candidate_options,
    check_configuration,
    deciding_options,
    external_scores,
    family_of,
    recipe_options,
)
from nodal_staging.study.code_version import code_version
from nodal_staging.study.devices import has_gpu
from nodal_staging.study.fold_jobs import fold_jobs
from nodal_staging.study.errors import ConfigurationError
from nodal_staging.study.finished_studies import (
    ComparisonError,
    find_studies,
    state_of,
)
from nodal_staging.study.instruction_sets import pin_instructions
from nodal_staging.study.package_versions import mixed_versions, own_software
from nodal_staging.study.run_record import record_run
from nodal_staging.study.seeds import named_seed
from nodal_staging.study.shards import AUTOMATIC, number_of_shards
from nodal_staging.study.written_paths import placeholder_fault
from nodal_staging.study.temporary_folders import finish_deletions
from nodal_staging.study.sheet_rows import (
    rows_by_reader,
    rows_by_shard,
    synthetic_readers,
    whole_sheets,
)

# Scripts and inputs of rules lie there, too.
if fault := placeholder_fault(SOURCE_ROOT):
    raise WorkflowError(
        f"the folder of the workflow, {os.path.abspath(f'{SOURCE_ROOT}/..')}: {fault}"
    )

# The only private part of Snakemake in use: a limit that holds without an option of the
# command line or of a profile. It changes no result, so no rule has it as a parameter.
# A job in a cluster reads this file again and finds the limit already there.
if "raw_shards" not in workflow.global_resources:
    workflow.register_resource("raw_shards", config["phantom"]["shards_at_once"])

try:
    check_configuration(config, f"{CHECKOUT}/workflow/schemas/config.schema.yaml")
except ConfigurationError as error:
    # One sentence, without the lines of the code that found it.
    raise WorkflowError(str(error)) from None
# Libraries read the environment when a job loads them. Recipes depend on this key; other
# results do not, which differ in their last bits, if at all.
pin_instructions(config["training"]["cpu_instructions"])


# Without an image Snakemake would accept the option and run the jobs outside.
if not config["container"] and DeploymentMethod.APPTAINER in (
    workflow.deployment_settings.deployment_method
):
    raise WorkflowError(
        "--sdm apptainer needs an image; build one (docs/containers.md) and name it under "
        "the key container of the configuration, or leave the option out"
    )

# A GPU of this machine counts only where its own jobs run: a profile sends the others.
NO_GPU_HERE = config["training"]["device"] == "auto" and not has_gpu(os.environ)


CHECK_SUMMARY = Path(f"results/{config['study']}/check/summary.txt")
# When the check was last summarised, before this run.
SUMMARISED = {}


def time_of(path):
    """Return when a file was written, None if there is none."""
    return path.stat().st_mtime_ns if path.is_file() else None


onstart:
    SUMMARISED["before"] = time_of(CHECK_SUMMARY)
    record_run(".snakemake", local=workflow.local_exec)
    if NO_GPU_HERE and workflow.local_exec and workflow.global_resources.get("gpu"):
        logger.info(
            "No GPU that TensorFlow can use was found: networks are trained on the CPU, "
            "as many at a time as there are cores (training.device: auto)."
        )


def closing_remarks():
    """Return the remarks on implausible results, once there are any."""
    path = Path(f"results/{config['study']}/statistics/remarks.tsv")
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return [row["sentence"] for row in csv.DictReader(file, delimiter="\t")]


def inputs_by_name(job):
    """Return the path of each input of a job, and its name in the rule."""
    given = job.input.items()
    lists = [(name, [one] if isinstance(one, str) else one) for name, one in given]
    return {str(path): name for name, paths in lists for path in paths}


def noted_outputs(results):
    """Yield what Snakemake has noted of each output of the study, in this run or before."""
    jobs = {str(path): job for job in workflow.dag.jobs for path in job.output}
    mine = [path for path in jobs if Path(path).is_relative_to(results)]
    for path in sorted({*mine, *possible_outputs(results)}):
        noted = workflow.persistence.metadata(IOFile(path))
        if noted is None or not noted.log:
            continue
        job = jobs.get(path)
        named = job and {name: repr(value) for name, value in job.params.items()}
        yield Made(
            path=path,
            made_by=noted.rule,
            log=noted.log[0],
            inputs=tuple(noted.input or ()),
            parameters=tuple(map(str, noted.params or ())),
            ended=noted.endtime or 0.0,
            names=named,
            roles=inputs_by_name(job) if job else {},
            sums=noted.input_checksums or {},
        )


def record_files():
    """Write the lineage of every file of the study."""
    results = f"results/{config['study']}"
    if not Path(results).is_dir():
        return
    memory = f"{MEMORY}/lineage/{config['study']}.json"
    made = noted_outputs(results)
    record_lineage(results, made, software=own_software(), memory=memory)


onerror:
    record_files()


onsuccess:
    record_files()
    if time_of(CHECK_SUMMARY) not in (None, SUMMARISED.get("before")):
        logger.warning(CHECK_SUMMARY.read_text(encoding="utf-8").rstrip())
    if remarks := closing_remarks():
        logger.warning("Results to read with care:\n  " + "\n  ".join(remarks))


# Results of other versions of packages are kept, so that a new NumPy does not retrain networks.
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
# sources can be ancient: the parameters of jobs after one that runs are not compared.
SHARD_SHEETS = (
    SHEETS
    if SYNTHETIC
    else {name: path and ancient(path) for name, path in SHEETS.items()}
)
SHARD_ROWS = (
    {}
    if SYNTHETIC
    else rows_by_shard(
        {name: SHEETS[name] for name in ("exams", "nodes") if SHEETS[name]},
        config["cohort"]["shards"],
        f"{MEMORY}/shard_rows",
    )
)
# How many shards the cohort has; docs/scale.md says how the number is chosen.
N_SHARDS = (
    number_of_shards(
        config["cohort"]["shards"],
        config["phantom"]["patients"],
        config["phantom"]["patients_per_shard"],
    )
    if SYNTHETIC
    else len(SHARD_ROWS)
)
READER_ROWS = (
    {} if SYNTHETIC else rows_by_reader(SHEETS["readings"], f"{MEMORY}/reader_rows")
)
# Why the labels of an exam give no nodes, where no sheet lists them.
UNREAD_LABELS = []
if not SHEETS["nodes"]:
    UNREAD_LABELS = "<results>/cohort/labels/{scatteritem}.json"
    SHEETS["nodes"] = "<results>/cohort/nodes_from_labels.tsv"
    SHARD_SHEETS["nodes"] = "<results>/cohort/labels/{scatteritem}.tsv"
# The table of a split, or the exam sheet that divides patients by a column.
SPLIT_KEYS = ["cohort/exams" if config["datasets"]["by"] else "datasets/given"]
SPLIT_SHEET = config["datasets"]["given"] or []
if config["datasets"]["by"]:
    SPLIT_SHEET = SHEETS["exams"]
RAW_SHARD = "<results>/raw/{scatteritem}" if SYNTHETIC else []
# One file for the jobs after the shards: as many inputs as shards for each of them would
# take most of the time of a plan.
PATCHES = ["<results>/patches.h5"]

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
# Folds that one job trains, one after the other, by the name of its files: all as "1-2",
# or one alone as "1".
FOLDS = fold_jobs(config["datasets"]["folds"], config["training"]["folds_per_job"])
FORESTS = ["status_balanced", "location_balanced"]
# A reader is a classifier of its own name, independent of other readers.
READERS = (
    synthetic_readers(config["phantom"]["readers"]["noise"])
    if SYNTHETIC
    else list(READER_ROWS)
)
MEASUREMENTS = [
    "attenuation_27hu",
    "short_axis_8mm",
    "short_axis_10mm",
    "volume",
    "location",
]
BASELINES = MEASUREMENTS + ["logistic_location_volume"]
# The training sets of the radiomics models, in the order of their rule.
RADIOMICS = ["status_balanced", "location_balanced"]
RADIOMICS_FORESTS = (
    [f"radiomics_forest_{training}" for training in RADIOMICS]
    if config["radiomics"]["forest"]
    else []
)
# Their scores are made together and change together, so one job evaluates them all, and
# every CNN is compared with the best of them.
WITHOUT_IMAGES = (
    [f"rf_{forest}" for forest in FORESTS]
    + BASELINES
    + [f"radiomics_{training}" for training in RADIOMICS]
    + RADIOMICS_FORESTS
)
# Yours: they are classifiers like any other.
EXTERNAL = external_scores(config)
CLASSIFIERS = (
    [f"cnn_{cnn}" for cnn in CNNS]
    + [f"rf_{forest}" for forest in FORESTS]
    + READERS
    + BASELINES
    + [f"radiomics_{training}" for training in RADIOMICS]
    + RADIOMICS_FORESTS
    + list(EXTERNAL)
)
# The study's own scores cover all nodes of the test patients; readers and your scores, the
# test set.
SCORES_TEST_SET = READERS + list(EXTERNAL)
SCORES_ALL_TEST_NODES = [c for c in CLASSIFIERS if c not in SCORES_TEST_SET]
# Whose pairs are tested for errors: as published, those of the CNNs and the readers.
COMPARED = family_of(
    config["statistics"]["family"],
    paper=[f"cnn_{cnn}" for cnn in CNNS] + READERS,
    everyone=CLASSIFIERS,
)
PAIRS = len(COMPARED) * (len(COMPARED) - 1) // 2
# Bonferroni's level for the pairs of the family, unless the configuration sets one.
SIGNIFICANCE = config["statistics"]["significance"] or 0.05 / max(PAIRS, 1)
# Whose AUCs are compared: the forests too, of which the paper makes two claims.
COMPARED_AUCS = family_of(
    config["statistics"]["family"],
    paper=[c for c in CLASSIFIERS if c.startswith(("cnn_", "rf_"))] + READERS,
    everyone=CLASSIFIERS,
)


def setting(path):
    """Return what the configuration says, at keys that slashes separate.

    Snakemake's ``lookup`` walks through the whole configuration for each.
    """
    return reduce(getitem, path.split("/"), config)


# Other trainings of the CNNs on the same nodes, and what is shown of them; nothing where
# each CNN was trained once.
REFITS = range(2, config["training"]["refits"] + 1)
REFIT_TABLES = (
    ["<results>/statistics/refits.tsv", "<results>/statistics/refit_spread.tsv"]
    if REFITS
    else []
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


# Which of the jobs that can start is started first; docs/architecture.md gives the order
# and its reasons. A rule without a priority is a control or a page that few people open
# first, and comes last.
PRIORITY = {
    # They end the study before hours are spent on unusable input.
    "guards": 60,
    # The path to the datasets: everything else waits for it. Raw exams are used before
    # more are simulated, since they are deleted after use.
    "exams": 50,
    "simulation": 45,
    # One short job after another: it takes one core for seconds, and the first figure is
    # there while the other cores train.
    "figure_1": 42,
    # The longest jobs, at the head of the longest path.
    "training": 40,
    "folds": 25,
    # Scores, statistics, Table 1 and Figure 5.
    "results": 20,
    # A training that the heatmaps of its CNN wait for, and that would prolong the run if
    # it were started last.
    "long_controls": 15,
    # The other figures of the paper and what they show.
    "figures": 10,
    "controls": 0,
}

# What most jobs need: tables are read and written, or a figure is drawn.
SMALL_JOB = {"mem_mb": growing(1000), "runtime": growing(10)}


def gpus_of_a_network(wildcards):
    """Return how many GPUs a job that computes with a network requests.

    On this machine, none if there is none: jobs that requested one would run one at a
    time on the CPU. On a cluster, one; a profile may set another number.
    """
    device = config["training"]["device"]
    if device == "auto":
        return int(not (NO_GPU_HERE and workflow.local_exec))
    return int(device == "gpu")


def rows_of(wildcards):
    """Sum up the rows of the sheets that a shard depends on."""
    return SHARD_ROWS.get(wildcards.scatteritem, "")


def sheets_of(*keys):
    """Sum up your sheets: a file that was put in place of another may be older."""
    return lambda wildcards: whole_sheets([setting(key) for key in keys])


def readings_of(wildcards):
    """Sum up the ratings of a reader."""
    return READER_ROWS.get(wildcards.reader, "")


def training_set_of(wildcards, home="<results>/datasets"):
    """Return the training set of a CNN; xmask masks the nodes of status_balanced."""
    name = "location_balanced" if "location" in wildcards.cnn else "status_balanced"
    return f"{home}/{name}.tsv"


def scores_with_refit(classifiers):
    """Return a function that lists scores, those of the CNNs from another training."""

    def paths(wildcards):
        return [
            (
                f"<results>/refits/{wildcards.refit}/{name[4:]}/scores.csv"
                if name.startswith("cnn_")
                else f"<results>/scores/{name}.csv"
            )
            for name in classifiers
        ]

    return paths


def share_of(wildcards):
    """Return the training set of a CNN among those of a point of the curve."""
    point = f"{wildcards.percent}_{wildcards.repeat}"
    return training_set_of(wildcards, f"<results>/learning_curve/{point}/datasets")


def permuted_weights(wildcards):
    """Return the weights that learned permuted labels, where the study has them."""
    if wildcards.cnn not in config["attribution"]["permuted"]:
        return []
    return f"<results>/attribution/permuted/{wildcards.cnn}/weights.h5"


def frozen(path):
    """Return a file of the finished study that no rule of the workflow makes again.

    Its absolute path is not that of an output, so that neither newer code nor newer
    inputs bring a training into the plan.
    """
    return os.path.abspath(f"results/{config['study']}/{path}")


def frozen_record(wildcards):
    """Return the record of provenance of the study, which has to be finished."""
    path = frozen("provenance.json")
    if not os.path.exists(path):
        raise WorkflowError(
            f"results/{config['study']}/provenance.json: there is none, and only a "
            "finished study can be validated; ask for all first"
        )
    return path


def frozen_training_set_of(wildcards):
    """Return the training set of a CNN, as the finished study has it."""
    return frozen(training_set_of(wildcards, "datasets"))


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
            "config: there are no readings; give the path of a sheet of ratings in "
            "cohort.readings (docs/readers.md)"
        )
    return [f"<results>/scores/{reader}.csv" for reader in READERS]


def candidate_folds(candidate, cnn):
    """Return the fold scores of a candidate; the configured one is trained anyway."""
    trained = candidate == "configured" and not CHOSEN
    home = f"models/{cnn}/folds" if trained else f"selection/{candidate}/{cnn}"
    return [f"<results>/{home}/{folds}.csv" for folds in FOLDS]


wildcard_constraints:
    cnn="|".join(CNNS),
    forest="|".join(FORESTS),
    external="|".join(EXTERNAL) or "none",
    reader="|".join(READERS) or "none",
    percent=r"\d+",
    repeat=r"\d+",
    refit=r"\d+",
    folds=r"\d+(-\d+)?",
    candidate=r"[a-z0-9_]+",
    pair=r"[^/]+",
    classifier=r"[A-Za-z0-9_-]+",


def returned_answers(wildcards):
    """Return the files that readers have returned."""
    if not config["reader_import"]:
        raise WorkflowError(
            "config: reader_import is empty; list the files that the readers returned "
            "(docs/readers.md)"
        )
    return config["reader_import"]


def compared_studies(wildcards):
    """Return the sum of each study to compare, by the folder of its results.

    They are parameters: as inputs they would start the jobs of the study.
    """
    try:
        found = find_studies(config["compare"], "results")
    except ComparisonError as error:
        raise WorkflowError(str(error)) from None
    return {str(folder): state_of(folder) for folder in found.values()}


def comparison(wildcards):
    """Return the page that compares two studies."""
    names = (Path(folder).name for folder in compared_studies(wildcards))
    return "<results>/compare/{}.html".format("_".join(names))


def drawn(name, item, content, category="Figures"):
    """Return the files of a figure; the image is part of the report of Snakemake."""
    *others, image = multiext(f"<results>/figures/{name}", ".pdf", ".svg", ".png")
    shown = report(
        image,
        caption=f"../report/{name}.rst",
        category=category,
        labels={"item": item, "content": content},
    )
    return [*others, shown]
