"""The report on one page, and the provenance of every result.

INPUTS   everything above
OUTPUTS  report.html      self-contained, offline
         provenance.json  configuration, versions, seeds, sums of inputs and artefacts
"""

# Answers of the audit whose sums are recorded; the last two only where there are any.
AUDITED = [
    "location.tsv",
    "localisation.tsv",
    "localisation_differences.tsv",
    "localisation_controls.tsv",
    "randomisation.tsv",
    "faithfulness.tsv",
    "halo.tsv",
    "verdict.json",
    "claims.json",
    *(["ceilings.tsv"] if SYNTHETIC else []),
    *(["patterns.tsv"] if PATTERN_TABLE else []),
]


rule record_provenance:
    """Record configuration, versions, seeds, and sums of inputs and artefacts."""
    input:
        sheets="<results>/cohort/sheets.json",
        nodes="<results>/nodes.tsv",
        scores=collect("<results>/scores/{classifier}.csv", classifier=CLASSIFIERS),
        weights=collect("<results>/models/{cnn}/weights.h5", cnn=CNNS),
        patterns=collect(PATTERN_FILE, cnn=CNNS) if PATTERN_FILE else [],
        heatmaps=collect("<results>/attribution/{cnn}.h5", cnn=CNNS),
        audit=collect("<results>/audit/{name}", name=AUDITED),
        table_1="<results>/tables/table_1.tsv",
    output:
        "<results>/provenance.json",
    log:
        "<logs>/record_provenance.log",
    conda:
        "../../envs/stats.yaml"
    resources:
        **SMALL_JOB,
    params:
        config=deciding_options(config),
        code=version_of("record_provenance"),
    script:
        "../scripts/report/record_provenance.py"


rule write_report:
    """Tell the story of the study on one offline page."""
    input:
        flow="<results>/cohort/flow.json",
        characteristics="<results>/cohort/characteristics.tsv",
        certificate="<results>/datasets/certificate.json",
        nodes="<results>/nodes.tsv",
        figures=collect("<results>/figures/{name}.svg", name=ILLUSTRATED),
        classifiers=collect(
            "<results>/statistics/{classifier}.json", classifier=CLASSIFIERS
        ),
        mcnemar="<results>/statistics/mcnemar.tsv",
        claims="<results>/audit/claims.json",
        scorecard="<results>/tables/scorecard.tsv",
        precision="<results>/statistics/precision.tsv",
        detectable="<results>/statistics/detectable.tsv",
        readers=READER_TABLES,
        disagreements="<results>/cohort/uptake_disagreements.tsv",
        histories=collect("<results>/models/{cnn}/history.tsv", cnn=CNNS),
        folds=collect(
            "<results>/models/{cnn}/folds/{fold}.history.tsv", cnn=CNNS, fold=FOLDS
        ),
        statistics=collect("<results>/statistics/cnn_{cnn}.json", cnn=CNNS),
        scores=collect("<results>/scores/cnn_{cnn}.csv", cnn=CNNS),
        heatmaps=collect("<results>/attribution/{cnn}.h5", cnn=CNNS),
        auc_differences="<results>/statistics/auc_differences.tsv",
        location="<results>/audit/location.tsv",
        localisation="<results>/audit/localisation.tsv",
        localisation_differences="<results>/audit/localisation_differences.tsv",
        localisation_controls="<results>/audit/localisation_controls.tsv",
        randomisation="<results>/audit/randomisation.tsv",
        faithfulness="<results>/audit/faithfulness.tsv",
        halo="<results>/audit/halo.tsv",
        patterns=PATTERN_TABLE,
        verdict="<results>/audit/verdict.json",
        ceilings=CEILINGS,
        provenance="<results>/provenance.json",
    output:
        report(
            "<results>/report.html",
            caption="../report/write_report.rst",
            category="Report",
            labels={"item": "Report", "content": "the whole study on one page"},
        ),
    log:
        "<logs>/write_report.log",
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        study=lookup(within=config, dpath="study"),
        cnns=CNNS,
        classifiers=CLASSIFIERS,
        figures=ILLUSTRATED,
        cutoff_suv=lookup(within=config, dpath="cohort/suv_cutoff"),
        significance=lookup(within=config, dpath="statistics/significance"),
        code=version_of("write_report"),
    script:
        "../scripts/report/write_report.py"


localrules:
    table_1,
    report,


rule table_1:
    """Table 1 of the paper."""
    input:
        "<results>/tables/table_1.html",
        "<results>/tables/table_1.tsv",


rule report:
    """The report."""
    input:
        "<results>/report.html",
