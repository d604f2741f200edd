"""Simple classifiers on the same nodes, which every study must beat.

INPUTS   nodes.tsv, datasets/
OUTPUTS  scores/<baseline>.csv
         models/logistic_location_volume/coefficients.tsv
"""


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
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        code=version_of("score_baseline"),
    script:
        "../scripts/score_baseline.py"


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
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        ridge=lookup(within=config, dpath="baselines/ridge"),
        code=version_of("score_logistic"),
    script:
        "../scripts/score_logistic.py"
