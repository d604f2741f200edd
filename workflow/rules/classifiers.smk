"""Forests, simple baselines, readers and scores of your own.

INPUTS   nodes.tsv, datasets/, readings.tsv
OUTPUTS  scores/rf_<forest>.csv              scores of a random forest
         scores/<baseline>.csv               scores of a measurement or a regression
         scores/reader_<number>.csv          ratings of a reader
         models/rf_<forest>/importances.tsv  importances of features by impurity
         models/rf_<forest>/permuted.tsv     AUC lost when a feature is permuted
         models/logistic_location_volume/coefficients.tsv  of the logistic regression
"""


rule score_forest:
    """Fit a forest and score the test set, and each fold out of fold."""
    input:
        nodes="<results>/nodes.tsv",
        training="<results>/datasets/{forest}.tsv",
        test="<results>/datasets/test.tsv",
    output:
        scores="<results>/scores/rf_{forest}.csv",
        importances="<results>/models/rf_{forest}/importances.tsv",
        permuted="<results>/models/rf_{forest}/permuted.tsv",
    log:
        "<logs>/score_forest/{forest}.log",
    conda:
        "../../envs/core.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=growing(20),
    params:
        trees=lookup(within=config, dpath="forest/trees"),
        max_depth=lookup(within=config, dpath="forest/max_depth"),
        seed=lookup(within=config, dpath="seed"),
        code=version_of("score_forest"),
    script:
        "../scripts/classifiers/score_forest.py"


localrules:
    stress,


rule stress:
    """Everything but networks, readers and statistics: how the study grows."""
    input:
        "<results>/datasets/certificate.json",
        "<results>/cohort/characteristics.tsv",
        "<results>/cohort/uptake_disagreements.tsv",
        collect("<results>/scores/rf_{forest}.csv", forest=FORESTS),
        collect("<results>/scores/{baseline}.csv", baseline=BASELINES),


rule score_baseline:
    """Score the nodes by one measurement, or by location alone."""
    input:
        nodes="<results>/nodes.tsv",
        training="<results>/datasets/status_balanced.tsv",
        test="<results>/datasets/test.tsv",
    output:
        "<results>/scores/{baseline}.csv",
    log:
        "<logs>/score_baseline/{baseline}.log",
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        code=version_of("score_baseline"),
    script:
        "../scripts/classifiers/score_baseline.py"


rule score_logistic:
    """Fit a logistic regression on location and volume, as the forests are."""
    input:
        nodes="<results>/nodes.tsv",
        training="<results>/datasets/status_balanced.tsv",
        test="<results>/datasets/test.tsv",
    output:
        scores="<results>/scores/logistic_location_volume.csv",
        coefficients="<results>/models/logistic_location_volume/coefficients.tsv",
    log:
        "<logs>/score_logistic.log",
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        ridge=lookup(within=config, dpath="baselines/ridge"),
        code=version_of("score_logistic"),
    script:
        "../scripts/classifiers/score_logistic.py"


rule score_reader:
    """Turn the ratings of one reader on the test set to scores."""
    input:
        readings=SHARD_SHEETS["readings"] or [],
        test="<results>/datasets/test.tsv",
    output:
        "<results>/scores/reader_{number}.csv",
    log:
        "<logs>/score_reader/{number}.log",
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        rows=readings_of,
        unread=lookup(within=config, dpath="readers/unread"),
        code=version_of("score_reader"),
    script:
        "../scripts/classifiers/score_reader.py"
