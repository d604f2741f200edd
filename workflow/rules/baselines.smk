"""Simple classifiers on the same nodes, which every study must beat.

INPUTS   nodes.tsv, datasets/
OUTPUTS  scores/<baseline>.csv
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
        mem_mb=1000,
        runtime=10,
    params:
        code=version_of("score_baseline"),
    script:
        "../scripts/score_baseline.py"
