"""Statistics of the classifiers: ROC analysis, McNemar, subgroups, Table 1.

INPUTS   scores/<classifier>.csv, scores/all_test_nodes/, nodes.tsv, your own scores (external_scores)
OUTPUTS  scores/<external>.csv             yours, found to fit the study
         statistics/<classifier>.json      AUC, operating point, intervals, checks
         statistics/roc/<classifier>.tsv   ROC curve
         statistics/band/<classifier>.tsv  confidence band of the sensitivity
         statistics/calibration/<classifier>.tsv     reliability curve
         statistics/decision_curve/<classifier>.tsv  net benefit by threshold
         statistics/mcnemar.tsv            pairs of a family: right or wrong
         statistics/auc_differences.tsv    the same pairs: areas
         statistics/simple_choice.tsv      simple classifiers out of fold
         statistics/over_simple.tsv        each CNN and the best of them: areas
         statistics/subgroups.tsv          by location and short axis
         statistics/remarks.tsv            implausible results
         patients/stages.tsv               test patients, staged (on request)
         patients/accuracy.tsv             patients with a positive node, found or not
         patients/confusion.tsv            stages of the reference and of the calls
         patients/changes.tsv              upstaged and downstaged patients
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


REMARKS = "<results>/statistics/remarks.tsv"


rule list_remarks:
    """List the implausible results, such as a specificity of 0."""
    input:
        test="<results>/datasets/test.tsv",
        status_balanced="<results>/datasets/status_balanced.tsv",
        location_balanced="<results>/datasets/location_balanced.tsv",
        classifiers=collect(
            "<results>/statistics/{classifier}.json", classifier=CLASSIFIERS
        ),
    output:
        REMARKS,
    log:
        "<logs>/list_remarks.log",
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        classifiers=CLASSIFIERS,
        code=version_of("list_remarks"),
    script:
        "../scripts/statistics/list_remarks.py"


rule import_scores:
    """Take the scores of a classifier of your own, if they fit the study."""
    input:
        scores=lambda wildcards: EXTERNAL[wildcards.external]["scores"],
        test="<results>/datasets/test.tsv",
    output:
        "<results>/scores/{external}.csv",
    log:
        "<logs>/import_scores/{external}.log",
    # A mistake in the file shows before networks are trained.
    priority: PRIORITY["guards"]
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        code=version_of("import_scores"),
    script:
        "../scripts/classifiers/import_scores.py"


OF_A_CLASSIFIER = {
    "statistics": "<results>/statistics/{classifier}.json",
    "roc": "<results>/statistics/roc/{classifier}.tsv",
    "band": "<results>/statistics/band/{classifier}.tsv",
    "calibration": "<results>/statistics/calibration/{classifier}.tsv",
    "decision_curve": "<results>/statistics/decision_curve/{classifier}.tsv",
}


rule compute_statistics:
    """Evaluate a classifier on the test set with pROC and check the result."""
    input:
        scores=["<results>/scores/{classifier}.csv"],
        nodes="<results>/nodes.tsv",
    output:
        **{name: [path] for name, path in OF_A_CLASSIFIER.items()},
    log:
        "<logs>/compute_statistics/{classifier}.log",
    benchmark:
        "<benchmarks>/compute_statistics/{classifier}.tsv"
    wildcard_constraints:
        classifier="|".join(c for c in CLASSIFIERS if c not in WITHOUT_IMAGES),
    priority: PRIORITY["results"]
    conda:
        "../../envs/stats.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=growing(20),
    params:
        replicates=setting("statistics/replicates"),
        confidence_level=setting("statistics/confidence_level"),
        seed=setting("seed"),
        threshold_source=setting("statistics/threshold_source"),
        youden_tie=setting("statistics/youden_tie"),
        target_sensitivity=setting("statistics/target_sensitivity"),
        bootstrap_engine=setting("statistics/bootstrap_engine"),
        band_floor=setting("statistics/band_floor"),
        prevalences=setting("statistics/prevalences"),
        reliability_groups=setting("statistics/reliability_groups"),
        classifiers=lambda wildcards: [wildcards.classifier],
        scores_of=lambda wildcards: [EXTERNAL.get(wildcards.classifier, {})],
        code=version_of("compute_statistics"),
    script:
        "../scripts/statistics/compute_statistics.py"


use rule compute_statistics as compute_simple_statistics with:
    input:
        scores=collect("<results>/scores/{classifier}.csv", classifier=WITHOUT_IMAGES),
        nodes="<results>/nodes.tsv",
    output:
        **{
            name: collect(path, classifier=WITHOUT_IMAGES)
            for name, path in OF_A_CLASSIFIER.items()
        },
    log:
        "<logs>/compute_simple_statistics.log",
    benchmark:
        "<benchmarks>/compute_simple_statistics.tsv"
    params:
        classifiers=WITHOUT_IMAGES,
        scores_of=[{}] * len(WITHOUT_IMAGES),


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
    priority: PRIORITY["results"]
    conda:
        "../../envs/stats.yaml"
    resources:
        **SMALL_JOB,
    params:
        classifiers=COMPARED,
        significance=SIGNIFICANCE,
        confidence_level=setting("statistics/confidence_level"),
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
    priority: PRIORITY["results"]
    conda:
        "../../envs/stats.yaml"
    resources:
        **SMALL_JOB,
    params:
        classifiers=COMPARED_AUCS,
        confidence_level=setting("statistics/confidence_level"),
        code=version_of("compare_aucs"),
    script:
        "../scripts/statistics/compare_aucs.py"


rule compare_with_simple:
    """Compare each CNN with the simple classifier that is the best out of fold."""
    input:
        cnns=collect("<results>/scores/cnn_{cnn}.csv", cnn=CNNS),
        simple=collect("<results>/scores/{classifier}.csv", classifier=WITHOUT_IMAGES),
    output:
        choice="<results>/statistics/simple_choice.tsv",
        differences="<results>/statistics/over_simple.tsv",
    log:
        "<logs>/compare_with_simple.log",
    conda:
        "../../envs/stats.yaml"
    resources:
        **SMALL_JOB,
    params:
        cnns=[f"cnn_{cnn}" for cnn in CNNS],
        simple=WITHOUT_IMAGES,
        confidence_level=setting("statistics/confidence_level"),
        code=version_of("compare_with_simple"),
    script:
        "../scripts/statistics/compare_with_simple.py"


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
        bands_mm=setting("statistics/short_axis_bands_mm"),
        confidence_level=setting("statistics/confidence_level"),
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
        spread=REFIT_TABLES[1:],
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
    priority: PRIORITY["results"]
    conda:
        "../../envs/stats.yaml"
    resources:
        **SMALL_JOB,
    params:
        significance=SIGNIFICANCE,
        confidence_level=setting("statistics/confidence_level"),
        code=version_of("tabulate_results"),
    script:
        "../scripts/paper/tabulate_results.py"


rule stage_patients:
    """Stage the test patients by their nodes, as they are and as they are called."""
    input:
        all_test_nodes=collect(
            "<results>/scores/all_test_nodes/{classifier}.csv",
            classifier=SCORES_ALL_TEST_NODES,
        ),
        scores=collect(
            "<results>/scores/{classifier}.csv", classifier=SCORES_ALL_TEST_NODES
        ),
        statistics=collect(
            "<results>/statistics/{classifier}.json", classifier=SCORES_ALL_TEST_NODES
        ),
        nodes="<results>/nodes.tsv",
    output:
        stages="<results>/patients/stages.tsv",
        accuracy="<results>/patients/accuracy.tsv",
        confused="<results>/patients/confusion.tsv",
        changes="<results>/patients/changes.tsv",
    log:
        "<logs>/stage_patients.log",
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        classifiers=SCORES_ALL_TEST_NODES,
        protocol=setting("datasets/protocol"),
        confidence_level=setting("statistics/confidence_level"),
        code=version_of("stage_patients"),
    script:
        "../scripts/statistics/stage_patients.py"


localrules:
    patients,


rule patients:
    """Target: Classifiers with patients as units, and the stages that they give."""
    input:
        "<results>/patients/stages.tsv",
