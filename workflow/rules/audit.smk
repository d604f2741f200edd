"""The shortcut audit: does a CNN use the node, or its location?

INPUTS   scores/, statistics/, nodes.tsv, attribution/, raw/truth.json (synthetic only)
OUTPUTS  audit/ceilings.tsv       each AUC next to the best that the truth allows
         audit/location.tsv       AUC over pairs of the same location
         audit/localisation.tsv   where the heatmaps lie
         audit/localisation_differences.tsv  differences between two CNNs
         audit/localisation_controls.tsv     differences from control maps
         audit/randomisation.tsv  how the heatmaps depend on what was learned
         audit/faithfulness.tsv   whether they name the pixels that matter
         audit/halo.tsv           what lies outside the node, trained or not
         audit/patterns.tsv       how well the patterns of each layer are determined
         audit/verdict.json       the verdict on each CNN, and known weaknesses
"""

CEILINGS = "<results>/audit/ceilings.tsv" if SYNTHETIC else []
TRUTH = "<results>/raw/truth.json" if SYNTHETIC else []
# Only where a heatmap is drawn by patterns.
PATTERN_TABLE = "<results>/audit/patterns.tsv" if PATTERN_FILE else []


rule audit_ceilings:
    """Compare each classifier with its ceiling; a result above it fails the study."""
    input:
        statistics=collect(
            "<results>/statistics/{classifier}.json", classifier=CLASSIFIERS
        ),
        truth="<results>/raw/truth.json",
    output:
        "<results>/audit/ceilings.tsv",
    log:
        "<logs>/audit_ceilings.log",
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        classifiers=CLASSIFIERS,
        readers_see_location=lookup(
            within=config, dpath="phantom/readers/sees_location"
        ),
        code=version_of("audit_ceilings"),
    script:
        "../scripts/audit/audit_ceilings.py"


rule audit_location:
    """Compare nodes of the same location only."""
    input:
        scores=collect("<results>/scores/{classifier}.csv", classifier=CLASSIFIERS),
        nodes="<results>/nodes.tsv",
    output:
        location="<results>/audit/location.tsv",
    log:
        "<logs>/audit_location.log",
    conda:
        "../../envs/core.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=growing(20),
    params:
        classifiers=CLASSIFIERS,
        replicates=lookup(within=config, dpath="statistics/replicates"),
        confidence_level=lookup(within=config, dpath="statistics/confidence_level"),
        seed=lookup(within=config, dpath="seed"),
        code=version_of("audit_location"),
    script:
        "../scripts/audit/audit_location.py"


rule measure_localisation:
    """Measure how much of the heatmaps lies on the node, around it and elsewhere."""
    input:
        heatmaps=collect("<results>/attribution/{cnn}.h5", cnn=CNNS),
        scores=collect("<results>/scores/cnn_{cnn}.csv", cnn=CNNS),
        statistics=collect("<results>/statistics/cnn_{cnn}.json", cnn=CNNS),
        nodes="<results>/nodes.tsv",
    output:
        localisation="<results>/audit/localisation.tsv",
        differences="<results>/audit/localisation_differences.tsv",
        controls="<results>/audit/localisation_controls.tsv",
    log:
        "<logs>/measure_localisation.log",
    conda:
        "../../envs/core.yaml"
    resources:
        mem_mb=growing(1500),
        runtime=growing(20),
    params:
        cnns=CNNS,
        ring_mm=lookup(within=config, dpath="attribution/ring_mm"),
        replicates=lookup(within=config, dpath="statistics/replicates"),
        confidence_level=lookup(within=config, dpath="statistics/confidence_level"),
        seed=lookup(within=config, dpath="seed"),
        code=version_of("measure_localisation"),
    script:
        "../scripts/audit/measure_localisation.py"


rule audit_heatmaps:
    """Say how far the heatmaps can be trusted."""
    input:
        checks=collect("<results>/attribution/{cnn}.checks.tsv", cnn=CNNS),
        heatmaps=collect("<results>/attribution/{cnn}.h5", cnn=CNNS),
        nodes="<results>/nodes.tsv",
    output:
        randomisation="<results>/audit/randomisation.tsv",
        faithfulness="<results>/audit/faithfulness.tsv",
        halo="<results>/audit/halo.tsv",
    log:
        "<logs>/audit_heatmaps.log",
    conda:
        "../../envs/core.yaml"
    resources:
        mem_mb=growing(1500),
        runtime=growing(20),
    params:
        cnns=CNNS,
        replicates=lookup(within=config, dpath="statistics/replicates"),
        confidence_level=lookup(within=config, dpath="statistics/confidence_level"),
        seed=lookup(within=config, dpath="seed"),
        code=version_of("audit_heatmaps"),
    script:
        "../scripts/audit/audit_heatmaps.py"


rule tabulate_patterns:
    """Say how well the patterns of every layer are determined."""
    input:
        patterns=collect("<results>/attribution/{cnn}.patterns.h5", cnn=CNNS),
    output:
        "<results>/audit/patterns.tsv",
    log:
        "<logs>/tabulate_patterns.log",
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        cnns=CNNS,
        code=version_of("tabulate_patterns"),
    script:
        "../scripts/audit/tabulate_patterns.py"


rule write_verdict:
    """Decide for each CNN whether it uses the node, its location, or both."""
    input:
        location="<results>/audit/location.tsv",
        ceilings=CEILINGS,
        truth=TRUTH,
    output:
        "<results>/audit/verdict.json",
    log:
        "<logs>/write_verdict.log",
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        protocol=lookup(within=config, dpath="datasets/protocol"),
        threshold_source=lookup(within=config, dpath="statistics/threshold_source"),
        confidence_level=lookup(within=config, dpath="statistics/confidence_level"),
        code=version_of("write_verdict"),
    script:
        "../scripts/audit/write_verdict.py"


localrules:
    audit,


rule audit:
    """Everything the audit says."""
    input:
        "<results>/audit/verdict.json",
        "<results>/audit/localisation.tsv",
        "<results>/audit/randomisation.tsv",
        PATTERN_TABLE,
