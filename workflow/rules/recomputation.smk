"""The second implementation of every printed statistic.

INPUTS   scores/, statistics/, readers/, refits/<refit>/<cnn>/scores.csv, nodes.tsv
OUTPUTS  statistics/recomputation.tsv  what was recomputed, by what, how far it agrees
"""

RECOMPUTATION = "<results>/statistics/recomputation.tsv"


rule recompute_statistics:
    """Compute every printed statistic a second time; fail where both differ."""
    input:
        **{
            name: collect(path, classifier=CLASSIFIERS)
            for name, path in OF_A_CLASSIFIER.items()
        },
        scores=collect("<results>/scores/{classifier}.csv", classifier=CLASSIFIERS),
        nodes="<results>/nodes.tsv",
        mcnemar="<results>/statistics/mcnemar.tsv",
        auc_differences="<results>/statistics/auc_differences.tsv",
        over_simple="<results>/statistics/over_simple.tsv",
        simple_choice="<results>/statistics/simple_choice.tsv",
        subgroups="<results>/statistics/subgroups.tsv",
        precision="<results>/statistics/precision.tsv",
        detectable="<results>/statistics/detectable.tsv",
        needed="<results>/statistics/nodes_needed.tsv",
        reader_study=READER_TABLES,
        refits=REFIT_TABLES,
        refit_scores=collect(
            "<results>/refits/{refit}/{cnn}/scores.csv", refit=REFITS, cnn=CNNS
        ),
    output:
        RECOMPUTATION,
    log:
        "<logs>/recompute_statistics.log",
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        classifiers=CLASSIFIERS,
        cnns=CNNS,
        readers=READERS,
        significance=SIGNIFICANCE,
        confidence_level=setting("statistics/confidence_level"),
        code=version_of("recompute_statistics"),
    script:
        "../scripts/statistics/recompute_statistics.py"
