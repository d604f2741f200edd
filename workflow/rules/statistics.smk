"""Statistics of the classifiers: ROC analysis, McNemar, subgroups, Table 1.

INPUTS   scores/<classifier>.csv, nodes.tsv, your own scores (external_scores)
OUTPUTS  scores/<external>.csv             yours, found to fit the study
         statistics/<classifier>.json      AUC, operating point, intervals, checks
         statistics/roc/<classifier>.tsv   ROC curve
         statistics/band/<classifier>.tsv  confidence band of the sensitivity
         statistics/calibration/<classifier>.tsv     reliability curve
         statistics/decision_curve/<classifier>.tsv  net benefit by threshold
         statistics/mcnemar.tsv            pairs of a family: right or wrong
         statistics/auc_differences.tsv    the same pairs: areas
         statistics/subgroups.tsv          by location and short axis
         tables/table_1.{tsv,md,tex,html}  all classifiers on the test set
         tables/mcnemar.{tsv,md,tex,html}  pairs, for reading
         tables/auc_differences.{tsv,md,tex,html}  pairs, for reading
"""

TABLES = (
    multiext("<results>/tables/table_1", ".tsv", ".md", ".tex", ".html")
    + multiext("<results>/tables/mcnemar", ".tsv", ".md", ".tex", ".html")
    + multiext("<results>/tables/auc_differences", ".tsv", ".md", ".tex", ".html")
)
STATISTICS = [
    "<results>/statistics/mcnemar.tsv",
    "<results>/statistics/auc_differences.tsv",
    "<results>/statistics/subgroups.tsv",
]


rule import_scores:
    """Take the scores of a classifier of your own, if they fit the study."""
    input:
        scores=lambda wildcards: EXTERNAL[wildcards.external]["scores"],
        test="<results>/datasets/test.tsv",
    output:
        "<results>/scores/{external}.csv",
    log:
        "<logs>/import_scores/{external}.log",
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        code=version_of("import_scores"),
    script:
        "../scripts/classifiers/import_scores.py"


rule compute_statistics:
    """Evaluate a classifier on the test set with pROC and check the result."""
    input:
        scores="<results>/scores/{classifier}.csv",
        nodes="<results>/nodes.tsv",
    output:
        statistics="<results>/statistics/{classifier}.json",
        roc="<results>/statistics/roc/{classifier}.tsv",
        band="<results>/statistics/band/{classifier}.tsv",
        calibration="<results>/statistics/calibration/{classifier}.tsv",
        decision_curve="<results>/statistics/decision_curve/{classifier}.tsv",
    log:
        "<logs>/compute_statistics/{classifier}.log",
    benchmark:
        "<benchmarks>/compute_statistics/{classifier}.tsv"
    conda:
        "../../envs/stats.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=growing(20),
    params:
        replicates=lookup(within=config, dpath="statistics/replicates"),
        confidence_level=lookup(within=config, dpath="statistics/confidence_level"),
        seed=lookup(within=config, dpath="seed"),
        threshold_source=lookup(within=config, dpath="statistics/threshold_source"),
        youden_tie=lookup(within=config, dpath="statistics/youden_tie"),
        target_sensitivity=lookup(within=config, dpath="statistics/target_sensitivity"),
        bootstrap_engine=lookup(within=config, dpath="statistics/bootstrap_engine"),
        band_floor=lookup(within=config, dpath="statistics/band_floor"),
        prevalences=lookup(within=config, dpath="statistics/prevalences"),
        reliability_groups=lookup(within=config, dpath="statistics/reliability_groups"),
        probability=lambda wildcards: scores_as(wildcards, "probability"),
        score_prevalence=lambda wildcards: scores_as(wildcards, "prevalence") or 0.5,
        code=version_of("compute_statistics"),
    script:
        "../scripts/statistics/compute_statistics.py"


rule compare_classifiers:
    """Test all pairs of a family of classifiers with McNemar's test."""
    input:
        scores=collect("<results>/scores/{classifier}.csv", classifier=COMPARED),
        statistics=collect(
            "<results>/statistics/{classifier}.json", classifier=COMPARED
        ),
    output:
        "<results>/statistics/mcnemar.tsv",
    log:
        "<logs>/compare_classifiers.log",
    conda:
        "../../envs/stats.yaml"
    resources:
        **SMALL_JOB,
    params:
        classifiers=COMPARED,
        significance=lookup(within=config, dpath="statistics/significance"),
        confidence_level=lookup(within=config, dpath="statistics/confidence_level"),
        code=version_of("compare_classifiers"),
    script:
        "../scripts/statistics/compare_classifiers.py"


rule compare_aucs:
    """Compare the areas of all pairs of the family with pROC, and over patients."""
    input:
        scores=collect("<results>/scores/{classifier}.csv", classifier=COMPARED_AUCS),
    output:
        "<results>/statistics/auc_differences.tsv",
    log:
        "<logs>/compare_aucs.log",
    conda:
        "../../envs/stats.yaml"
    resources:
        **SMALL_JOB,
    params:
        classifiers=COMPARED_AUCS,
        confidence_level=lookup(within=config, dpath="statistics/confidence_level"),
        code=version_of("compare_aucs"),
    script:
        "../scripts/statistics/compare_aucs.py"


rule compute_subgroups:
    """Evaluate all classifiers by location and by short axis."""
    input:
        scores=collect("<results>/scores/{classifier}.csv", classifier=CLASSIFIERS),
        statistics=collect(
            "<results>/statistics/{classifier}.json", classifier=CLASSIFIERS
        ),
        nodes="<results>/nodes.tsv",
    output:
        "<results>/statistics/subgroups.tsv",
    log:
        "<logs>/compute_subgroups.log",
    conda:
        "../../envs/stats.yaml"
    resources:
        **SMALL_JOB,
    params:
        classifiers=CLASSIFIERS,
        bands_mm=lookup(within=config, dpath="statistics/short_axis_bands_mm"),
        confidence_level=lookup(within=config, dpath="statistics/confidence_level"),
        code=version_of("compute_subgroups"),
    script:
        "../scripts/statistics/compute_subgroups.py"


rule tabulate_results:
    """Write Table 1, McNemar's tests and differences of AUCs for every use."""
    input:
        statistics=collect(
            "<results>/statistics/{classifier}.json", classifier=CLASSIFIERS
        ),
        comparisons="<results>/statistics/mcnemar.tsv",
        differences="<results>/statistics/auc_differences.tsv",
    output:
        table_1=multiext("<results>/tables/table_1", ".tsv", ".md", ".tex"),
        mcnemar=multiext("<results>/tables/mcnemar", ".tsv", ".md", ".tex"),
        auc_differences=multiext(
            "<results>/tables/auc_differences", ".tsv", ".md", ".tex"
        ),
        table_1_html=report(
            "<results>/tables/table_1.html",
            caption="../report/table_1.rst",
            category="Tables",
            labels={"item": "Table 1", "content": "all classifiers"},
        ),
        mcnemar_html=report(
            "<results>/tables/mcnemar.html",
            caption="../report/mcnemar.rst",
            category="Tables",
            labels={"item": "McNemar", "content": "networks and readers"},
        ),
        auc_differences_html=report(
            "<results>/tables/auc_differences.html",
            caption="../report/auc_differences.rst",
            category="Tables",
            labels={"item": "AUC differences", "content": "pairs of the family"},
        ),
    log:
        "<logs>/tabulate_results.log",
    conda:
        "../../envs/stats.yaml"
    resources:
        **SMALL_JOB,
    params:
        significance=lookup(within=config, dpath="statistics/significance"),
        confidence_level=lookup(within=config, dpath="statistics/confidence_level"),
        code=version_of("tabulate_results"),
    script:
        "../scripts/paper/tabulate_results.py"
