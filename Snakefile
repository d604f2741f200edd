"""The study, from raw exams to the report.

The files of workflow/rules/ are included in the order of the data; each lists its
inputs and outputs. `snakemake --list-rules` lists all rules.
"""

from snakemake.utils import min_version

min_version("9.27")


configfile: "config/config.yaml"


include: "workflow/rules/common.smk"


report: "workflow/report/workflow.rst"


pathvars:
    results="results/{}".format(config["study"]),
    logs="results/{}/logs".format(config["study"]),
    benchmarks="results/{}/benchmarks".format(config["study"]),


scattergather:
    cohort=config["cohort"]["shards"],


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
include: "workflow/rules/precision.smk"
include: "workflow/rules/attribution.smk"
include: "workflow/rules/audit.smk"
include: "workflow/rules/paper.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/prediction.smk"
include: "workflow/rules/learning_curve.smk"
include: "workflow/rules/report.smk"


localrules:
    all,


rule all:
    """Everything: tables, figures, audit and the report."""
    default_target: True
    input:
        "<results>/report.html",
        "<results>/provenance.json",
        "<results>/cohort/accepted.json",
        "<results>/audit/randomisation.tsv",
        FIGURES,
        SIGNED_HEATMAPS,
        FAITHFULNESS_FIGURE,
        UPTAKE,
        TRAINING_FIGURE,
        STATISTICS,
        CALIBRATION_FIGURE,
        DECISION_FIGURE,
        SUBGROUP_FIGURE,
        TABLES,
        READER_STUDY,
        PRECISION,
        SCORECARD,
        CLAIMS,
