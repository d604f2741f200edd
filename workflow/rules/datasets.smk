"""Test set, balanced training sets, folds, and the check for leakage.

INPUTS   nodes.tsv, patches/<shard>.h5
OUTPUTS  datasets/{test,status_balanced,location_balanced}.tsv  nodes and folds
         datasets/dropped.tsv       what a set could have used, and why it did not
         datasets/certificate.json  what stands on both sides of the split
"""


rule make_datasets:
    """Draw the test set and the two balanced training sets."""
    input:
        nodes="<results>/nodes.tsv",
        patches=gather.cohort("<results>/patches/{scatteritem}.h5"),
    output:
        test="<results>/datasets/test.tsv",
        status_balanced="<results>/datasets/status_balanced.tsv",
        location_balanced="<results>/datasets/location_balanced.tsv",
        dropped="<results>/datasets/dropped.tsv",
    log:
        "<logs>/make_datasets.log",
    conda:
        "../../envs/core.yaml"
    resources:
        mem_mb=growing(1500),
        runtime=growing(10),
    params:
        protocol=lookup(within=config, dpath="datasets/protocol"),
        test_share=lookup(within=config, dpath="datasets/test_share"),
        folds=lookup(within=config, dpath="datasets/folds"),
        seed=lookup(within=config, dpath="seed"),
        code=version_of("make_datasets"),
    script:
        "../scripts/datasets/make_datasets.py"


rule certify_datasets:
    """Count nodes, patients and identical patches on both sides of the split."""
    input:
        test="<results>/datasets/test.tsv",
        status_balanced="<results>/datasets/status_balanced.tsv",
        location_balanced="<results>/datasets/location_balanced.tsv",
        patches=gather.cohort("<results>/patches/{scatteritem}.h5"),
    output:
        "<results>/datasets/certificate.json",
    log:
        "<logs>/certify_datasets.log",
    conda:
        "../../envs/core.yaml"
    resources:
        mem_mb=growing(1500),
        runtime=growing(10),
    params:
        protocol=lookup(within=config, dpath="datasets/protocol"),
        threshold_source=lookup(within=config, dpath="statistics/threshold_source"),
        code=version_of("certify_datasets"),
    script:
        "../scripts/datasets/certify_datasets.py"
