"""Test set, balanced training sets, folds, and the check for leakage.

INPUTS   nodes.tsv, patches.h5, the split that datasets.given names
OUTPUTS  datasets/{test,status_balanced,location_balanced}.tsv  nodes and folds
         datasets/all_test_nodes.tsv  all nodes of the test patients
         check/support.tsv          what the cohort can support: sizes, widths, power
         datasets/dropped.tsv       what a set could have used, and why it did not
         datasets/certificate.json  what stands on both sides of the split
         datasets/balance.tsv       mix of nodes of the test patients and of the cohort
"""

# Without strata no result depends on the bands.
STRATA_MM = None
if setting("datasets/stratified"):
    STRATA_MM = setting("statistics/short_axis_bands_mm")


rule make_datasets:
    """Draw the test set and the two balanced training sets."""
    input:
        nodes="<results>/nodes.tsv",
        patches=PATCHES,
        given=SPLIT_SHEET,
    output:
        test="<results>/datasets/test.tsv",
        status_balanced="<results>/datasets/status_balanced.tsv",
        location_balanced="<results>/datasets/location_balanced.tsv",
        dropped="<results>/datasets/dropped.tsv",
    log:
        "<logs>/make_datasets.log",
    priority: PRIORITY["exams"]
    conda:
        "../../envs/core.yaml"
    resources:
        mem_mb=growing(1500),
        runtime=growing(10),
    params:
        protocol=setting("datasets/protocol"),
        test_share=setting("datasets/test_share"),
        strata_mm=STRATA_MM,
        by=setting("datasets/by"),
        folds=setting("datasets/folds"),
        seed=setting("seed"),
        rows=sheets_of(*SPLIT_KEYS),
        code=version_of("make_datasets"),
    script:
        "../scripts/datasets/make_datasets.py"


rule list_all_test_nodes:
    """List all nodes of the test patients, also those that balancing left out."""
    input:
        nodes="<results>/nodes.tsv",
        patches=PATCHES,
        test="<results>/datasets/test.tsv",
        training=collect(
            "<results>/datasets/{name}.tsv",
            name=["status_balanced", "location_balanced"],
        ),
        dropped="<results>/datasets/dropped.tsv",
    output:
        "<results>/datasets/all_test_nodes.tsv",
    log:
        "<logs>/list_all_test_nodes.log",
    priority: PRIORITY["exams"]
    conda:
        "../../envs/core.yaml"
    resources:
        mem_mb=growing(1500),
        runtime=growing(10),
    params:
        code=version_of("list_all_test_nodes"),
    script:
        "../scripts/datasets/list_all_test_nodes.py"


rule certify_datasets:
    """Count what is on both sides of the split, and compare the mix of nodes."""
    input:
        nodes="<results>/nodes.tsv",
        test="<results>/datasets/test.tsv",
        status_balanced="<results>/datasets/status_balanced.tsv",
        location_balanced="<results>/datasets/location_balanced.tsv",
        patches=PATCHES,
    output:
        certificate="<results>/datasets/certificate.json",
        balance="<results>/datasets/balance.tsv",
    log:
        "<logs>/certify_datasets.log",
    priority: PRIORITY["figures"]
    conda:
        "../../envs/core.yaml"
    resources:
        mem_mb=growing(1500),
        runtime=growing(10),
    params:
        protocol=setting("datasets/protocol"),
        given=setting("datasets/given"),
        by=setting("datasets/by"),
        bands_mm=setting("statistics/short_axis_bands_mm"),
        threshold_source=setting("statistics/threshold_source"),
        code=version_of("certify_datasets"),
    script:
        "../scripts/datasets/certify_datasets.py"


rule assess_cohort:
    """List what the cohort can support: sizes of test set and folds, widths, power."""
    input:
        nodes="<results>/nodes.tsv",
        given=SPLIT_SHEET,
    output:
        "<results>/check/support.tsv",
    log:
        "<logs>/assess_cohort.log",
    conda:
        "../../envs/core.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=growing(30),
    params:
        options=setting("audit_power"),
        protocol=setting("datasets/protocol"),
        test_share=setting("datasets/test_share"),
        strata_mm=STRATA_MM,
        by=setting("datasets/by"),
        folds=setting("datasets/folds"),
        replicates=setting("statistics/replicates"),
        confidence_level=setting("statistics/confidence_level"),
        seed=setting("seed"),
        rows=sheets_of(*SPLIT_KEYS),
        code=version_of("assess_cohort"),
    script:
        "../scripts/audit/assess_cohort.py"


localrules:
    split,


rule split:
    """Target: Test set and folds, before any training: the nodes to score."""
    input:
        "<results>/cohort/sheets.json",
        "<results>/cohort/accepted.json",
        "<results>/datasets/test.tsv",
        "<results>/datasets/status_balanced.tsv",
        "<results>/datasets/location_balanced.tsv",
        "<results>/datasets/dropped.tsv",
        "<results>/datasets/certificate.json",
        "<results>/datasets/balance.tsv",
