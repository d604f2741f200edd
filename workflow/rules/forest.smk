"""Random forests on location and volume.

INPUTS   nodes.tsv, datasets/
OUTPUTS  scores/rf_<training set>.csv
         models/rf_<training set>/importances.tsv  by impurity
         models/rf_<training set>/permuted.tsv     by the AUC lost without a feature
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
        "../scripts/score_forest.py"


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
