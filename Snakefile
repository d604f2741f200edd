"""The study, from raw exams to the report.

The files of workflow/rules/ are included in the order of the data; each lists its
inputs and outputs. `nodal-staging targets` lists what can be asked for; in `snakemake
--list-rules`, which also lists the steps, these rules are marked as Target.
"""

import os

from snakemake.utils import min_version

min_version("9.27")


# The default configuration, also where a study runs in a folder of its own.
DEFAULTS = "config/config.yaml"
if not os.path.exists(DEFAULTS):
    here = workflow.current_basedir.join(DEFAULTS)
    # A module from a hosted repository has no folder.
    local = isinstance(here, os.PathLike)
    DEFAULTS = os.fspath(here) if local else workflow.source_path(DEFAULTS)


configfile: DEFAULTS


include: "workflow/rules/common.smk"


if config["container"]:

    container: config["container"]


report: "workflow/report/workflow.rst"


pathvars:
    results="results/{}".format(config["study"]),
    logs="results/{}/logs".format(config["study"]),
    benchmarks="results/{}/benchmarks".format(config["study"]),


scattergather:
    cohort=N_SHARDS,


include: "workflow/rules/phantom.smk"
include: "workflow/rules/cohort.smk"
include: "workflow/rules/nodes.smk"
include: "workflow/rules/datasets.smk"
include: "workflow/rules/cnn.smk"
include: "workflow/rules/selection.smk"
include: "workflow/rules/classifiers.smk"
include: "workflow/rules/statistics.smk"
include: "workflow/rules/statistics_figures.smk"
include: "workflow/rules/reader_study.smk"
include: "workflow/rules/reader_page.smk"
include: "workflow/rules/precision.smk"
include: "workflow/rules/refits.smk"
include: "workflow/rules/recomputation.smk"
include: "workflow/rules/attribution.smk"
include: "workflow/rules/audit.smk"
include: "workflow/rules/shortcut_matrix.smk"
include: "workflow/rules/paper.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/prediction.smk"
include: "workflow/rules/external.smk"
include: "workflow/rules/learning_curve.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/compare.smk"


localrules:
    all,


rule all:
    """Target: Everything: tables, figures, audit and the report."""
    default_target: True
    input:
        "<results>/report.html",
        "<results>/provenance.json",
        "<results>/cohort/accepted.json",
        "<results>/cohort/accepted_nodes.json",
        "<results>/cohort/second_look.json",
        "<results>/audit/randomisation.tsv",
        FIGURES,
        UNSIGNED_HEATMAPS,
        FAITHFULNESS_FIGURE,
        EFFECTS,
        CALIBRATION,
        COUNTERFACTUAL_FIGURE,
        ROBUSTNESS_FIGURE,
        MIXES,
        UPTAKE,
        TRAINING_FIGURE,
        STATISTICS,
        REFIT_TABLES,
        CALIBRATION_FIGURE,
        DECISION_FIGURE,
        SUBGROUP_FIGURE,
        TABLES,
        READER_STUDY,
        PRECISION,
        SCORECARD,
        REFERENCE,
        CLAIMS,
