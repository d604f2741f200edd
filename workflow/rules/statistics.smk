"""What is said about the classifiers: pROC, McNemar, Table 1.

INPUTS   scores/<classifier>.csv, nodes.tsv
OUTPUTS  statistics/<classifier>.json, statistics/roc/<classifier>.tsv,
         statistics/band/<classifier>.tsv, statistics/mcnemar.tsv,
         tables/table_1.{tsv,md,tex,html}, tables/mcnemar.{tsv,md,tex,html}
"""

TABLES = multiext(
    "<results>/tables/table_1", ".tsv", ".md", ".tex", ".html"
) + multiext("<results>/tables/mcnemar", ".tsv", ".md", ".tex", ".html")


rule compute_statistics:
    """Evaluate a classifier on the test set with pROC and check the result."""
    input:
        scores="<results>/scores/{classifier}.csv",
        nodes="<results>/nodes.tsv",
    output:
        statistics="<results>/statistics/{classifier}.json",
        roc="<results>/statistics/roc/{classifier}.tsv",
        band="<results>/statistics/band/{classifier}.tsv",
    log:
        "<logs>/compute_statistics/{classifier}.log",
    benchmark:
        "<benchmarks>/compute_statistics/{classifier}.tsv"
    conda:
        "../../envs/stats.yaml"
    resources:
        mem_mb=1000,
        runtime=20,
    params:
        replicates=lookup(within=config, dpath="statistics/replicates"),
        confidence_level=lookup(within=config, dpath="statistics/confidence_level"),
        seed=lookup(within=config, dpath="seed"),
        threshold_source=lookup(within=config, dpath="statistics/threshold_source"),
        youden_tie=lookup(within=config, dpath="statistics/youden_tie"),
        target_sensitivity=lookup(within=config, dpath="statistics/target_sensitivity"),
        code=version_of("compute_statistics"),
    script:
        "../scripts/compute_statistics.py"


rule compare_classifiers:
    """Test all pairs of networks and readers with McNemar's test."""
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
        mem_mb=1000,
        runtime=10,
    params:
        classifiers=COMPARED,
        significance=lookup(within=config, dpath="statistics/significance"),
        code=version_of("compare_classifiers"),
    script:
        "../scripts/compare_classifiers.py"


rule tabulate_results:
    """Write Table 1 and the table of McNemar's tests for every use."""
    input:
        statistics=collect(
            "<results>/statistics/{classifier}.json", classifier=CLASSIFIERS
        ),
        comparisons="<results>/statistics/mcnemar.tsv",
    output:
        table_1=multiext("<results>/tables/table_1", ".tsv", ".md", ".tex"),
        mcnemar=multiext("<results>/tables/mcnemar", ".tsv", ".md", ".tex"),
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
    log:
        "<logs>/tabulate_results.log",
    conda:
        "../../envs/stats.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        significance=lookup(within=config, dpath="statistics/significance"),
        code=version_of("tabulate_results"),
    script:
        "../scripts/tabulate_results.py"
