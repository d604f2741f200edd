"""Forests, simple baselines, radiomics, readers and scores of your own.

INPUTS   nodes.tsv, radiomics.tsv, datasets/, readings.tsv
OUTPUTS  scores/rf_<forest>.csv              scores of a random forest
         scores/<baseline>.csv               scores of a measurement or a regression
         scores/radiomics_<training>.csv     scores of a regression on radiomics
         scores/radiomics_forest_<training>.csv  of a forest, with radiomics.forest
         scores/<reader>.csv                 ratings of a reader
         scores/all_test_nodes/<classifier>.csv  of all but readers: all nodes of
                                             the test patients
         models/rf_<forest>/importances.tsv  importances of features by impurity
         models/rf_<forest>/permuted.tsv     AUC lost when a feature is permuted
         models/logistic_location_volume/coefficients.tsv  of the logistic regression
         models/radiomics_<training>/coefficients.tsv  of a regression on radiomics
         models/radiomics_forest_<training>/importances.tsv  of a forest on radiomics
"""


rule score_forest:
    """Fit a forest and score the test set, and each fold out of fold."""
    input:
        nodes="<results>/nodes.tsv",
        training="<results>/datasets/{forest}.tsv",
        test="<results>/datasets/test.tsv",
        all_test_nodes="<results>/datasets/all_test_nodes.tsv",
    output:
        scores="<results>/scores/rf_{forest}.csv",
        all_test_nodes="<results>/scores/all_test_nodes/rf_{forest}.csv",
        importances="<results>/models/rf_{forest}/importances.tsv",
        permuted="<results>/models/rf_{forest}/permuted.tsv",
    log:
        "<logs>/score_forest/{forest}.log",
    priority: PRIORITY["results"]
    conda:
        "../../envs/core.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=growing(20),
    params:
        trees=setting("forest/trees"),
        max_depth=setting("forest/max_depth"),
        seed=setting("seed"),
        code=version_of("score_forest"),
    script:
        "../scripts/classifiers/score_forest.py"


localrules:
    stress,


rule stress:
    """Target: Everything but networks, readers and statistics: how the study grows."""
    input:
        "<results>/datasets/certificate.json",
        "<results>/cohort/characteristics.tsv",
        "<results>/cohort/uptake_disagreements.tsv",
        collect("<results>/scores/rf_{forest}.csv", forest=FORESTS),
        collect("<results>/scores/{baseline}.csv", baseline=BASELINES),


rule score_baselines:
    """Score the nodes by each measurement, and by location alone."""
    input:
        nodes="<results>/nodes.tsv",
        training="<results>/datasets/status_balanced.tsv",
        test="<results>/datasets/test.tsv",
        all_test_nodes="<results>/datasets/all_test_nodes.tsv",
    output:
        scores=collect("<results>/scores/{baseline}.csv", baseline=MEASUREMENTS),
        all_test_nodes=collect(
            "<results>/scores/all_test_nodes/{baseline}.csv", baseline=MEASUREMENTS
        ),
    log:
        "<logs>/score_baselines.log",
    priority: PRIORITY["results"]
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        baselines=MEASUREMENTS,
        code=version_of("score_baselines"),
    script:
        "../scripts/classifiers/score_baselines.py"


rule score_logistic:
    """Fit a logistic regression on location and volume, as the forests are."""
    input:
        nodes="<results>/nodes.tsv",
        training="<results>/datasets/status_balanced.tsv",
        test="<results>/datasets/test.tsv",
        all_test_nodes="<results>/datasets/all_test_nodes.tsv",
    output:
        scores="<results>/scores/logistic_location_volume.csv",
        all_test_nodes="<results>/scores/all_test_nodes/logistic_location_volume.csv",
        coefficients="<results>/models/logistic_location_volume/coefficients.tsv",
    log:
        "<logs>/score_logistic.log",
    priority: PRIORITY["results"]
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        ridge=setting("baselines/ridge"),
        code=version_of("score_logistic"),
    script:
        "../scripts/classifiers/score_logistic.py"


rule score_radiomics:
    """Fit a regression on radiomics to each training set, without locations."""
    input:
        features=FEATURES,
        training=collect("<results>/datasets/{training}.tsv", training=RADIOMICS),
        test="<results>/datasets/test.tsv",
        all_test_nodes="<results>/datasets/all_test_nodes.tsv",
    output:
        scores=collect("<results>/scores/radiomics_{training}.csv", training=RADIOMICS),
        all_test_nodes=collect(
            "<results>/scores/all_test_nodes/radiomics_{training}.csv",
            training=RADIOMICS,
        ),
        coefficients=collect(
            "<results>/models/radiomics_{training}/coefficients.tsv",
            training=RADIOMICS,
        ),
    log:
        "<logs>/score_radiomics.log",
    priority: PRIORITY["results"]
    conda:
        "../../envs/core.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=growing(20),
    params:
        code=version_of("score_radiomics"),
    script:
        "../scripts/classifiers/score_radiomics.py"


rule score_radiomics_forest:
    """Fit a forest on radiomics to a training set, without locations."""
    input:
        features=FEATURES,
        training="<results>/datasets/{training}.tsv",
        test="<results>/datasets/test.tsv",
        all_test_nodes="<results>/datasets/all_test_nodes.tsv",
    output:
        scores="<results>/scores/radiomics_forest_{training}.csv",
        all_test_nodes="<results>/scores/all_test_nodes/radiomics_forest_{training}.csv",
        importances="<results>/models/radiomics_forest_{training}/importances.tsv",
    log:
        "<logs>/score_radiomics_forest/{training}.log",
    priority: PRIORITY["results"]
    conda:
        "../../envs/core.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=growing(20),
    params:
        trees=setting("forest/trees"),
        max_depth=setting("forest/max_depth"),
        seed=setting("seed"),
        code=version_of("score_radiomics_forest"),
    script:
        "../scripts/classifiers/score_radiomics_forest.py"


rule score_reader:
    """Turn the ratings of one reader on the test set to scores."""
    input:
        readings=SHARD_SHEETS["readings"] or [],
        test="<results>/datasets/test.tsv",
    output:
        "<results>/scores/{reader}.csv",
    log:
        "<logs>/score_reader/{reader}.log",
    priority: PRIORITY["results"]
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        rows=readings_of,
        unread=setting("readers/unread"),
        code=version_of("score_reader"),
    script:
        "../scripts/classifiers/score_reader.py"
