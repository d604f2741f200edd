"""Heatmaps of the CNNs and their sanity checks.

INPUTS   models/<cnn>/, datasets/, patches/<shard>.h5
OUTPUTS  attribution/<cnn>.patterns.h5  patterns of every layer, and whose they are
         attribution/<cnn>.h5           maps of the test nodes by method
         attribution/permuted/<cnn>/    the CNN trained with permuted labels
         attribution/<cnn>.checks.tsv   randomisation, faithfulness and halo by node
         attribution/<cnn>.curves.tsv   support while pixels are replaced
"""

EXPLAIN = config["attribution"]
# What decides the maps, and what decides their checks; ring_mm is for the audit, and
# permuted is a matter of inputs.
CHECKS = {key: EXPLAIN[key] for key in EXPLAIN if key not in ("ring_mm", "permuted")}
DRAWING = {
    key: CHECKS[key]
    for key in CHECKS
    if key not in ("flipping_steps", "randomised_levels", "fresh_networks")
}
PATTERN_FILE = (
    "<results>/attribution/{cnn}.patterns.h5"
    if any(method.startswith("pattern_") for method in EXPLAIN["methods"])
    else []
)


rule fit_patterns:
    """Fit the patterns of a CNN on the images it was trained on."""
    input:
        recipe="<results>/models/{cnn}/recipe.json",
        weights="<results>/models/{cnn}/weights.h5",
        training=training_set_of,
        patches=gather.cohort("<results>/patches/{scatteritem}.h5"),
    output:
        "<results>/attribution/{cnn}.patterns.h5",
    log:
        "<logs>/fit_patterns/{cnn}.log",
    benchmark:
        "<benchmarks>/fit_patterns/{cnn}.tsv"
    conda:
        "../../envs/cnn.yaml"
    threads: config["training"]["intra_op_threads"]
    resources:
        mem_mb=growing(4000, per_mb=0.5),
        runtime=growing(60, per_mb=0.1),
        gpu=1,
    params:
        estimator=lookup(within=config, dpath="attribution/estimator"),
        dtype=lookup(within=config, dpath="attribution/dtype"),
        batch_size=lookup(within=config, dpath="attribution/batch_size"),
        code=version_of("fit_patterns"),
    script:
        "../scripts/attribution/fit_patterns.py"


rule attribute_cnn:
    """Attribute the score of each test node to its pixels, by every method."""
    input:
        recipe="<results>/models/{cnn}/recipe.json",
        weights="<results>/models/{cnn}/weights.h5",
        patterns=PATTERN_FILE,
        training=training_set_of,
        test="<results>/datasets/test.tsv",
        patches=gather.cohort("<results>/patches/{scatteritem}.h5"),
    output:
        "<results>/attribution/{cnn}.h5",
    log:
        "<logs>/attribute_cnn/{cnn}.log",
    benchmark:
        "<benchmarks>/attribute_cnn/{cnn}.tsv"
    conda:
        "../../envs/cnn.yaml"
    threads: config["training"]["intra_op_threads"]
    resources:
        mem_mb=growing(4000, per_mb=0.5),
        runtime=growing(60, per_mb=0.1),
        gpu=1,
    params:
        options=DRAWING,
        seed=lookup(within=config, dpath="seed"),
        code=version_of("attribute_cnn"),
    script:
        "../scripts/attribution/attribute_cnn.py"


rule permute_labels:
    """Permute the labels of a training set, so that there is nothing to learn."""
    input:
        training=training_set_of,
    output:
        "<results>/attribution/permuted/{cnn}/training.tsv",
    log:
        "<logs>/permute_labels/{cnn}.log",
    # A training waits for it.
    priority: 6
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        seed=lookup(within=config, dpath="seed"),
        code=version_of("permute_labels"),
    script:
        "../scripts/attribution/permute_labels.py"


use rule train_cnn as train_permuted with:
    input:
        recipe="<results>/models/{cnn}/recipe.json",
        training="<results>/attribution/permuted/{cnn}/training.tsv",
        patches=gather.cohort("<results>/patches/{scatteritem}.h5"),
    output:
        weights="<results>/attribution/permuted/{cnn}/weights.h5",
        history="<results>/attribution/permuted/{cnn}/history.tsv",
        card="<results>/attribution/permuted/{cnn}/card.json",
    log:
        "<logs>/train_permuted/{cnn}.log",
    benchmark:
        "<benchmarks>/train_permuted/{cnn}.tsv"


rule check_attribution:
    """Check what the heatmaps depend on, and what they predict."""
    input:
        recipe="<results>/models/{cnn}/recipe.json",
        weights="<results>/models/{cnn}/weights.h5",
        permuted=permuted_weights,
        patterns=PATTERN_FILE,
        heatmaps="<results>/attribution/{cnn}.h5",
        training=training_set_of,
        patches=gather.cohort("<results>/patches/{scatteritem}.h5"),
    output:
        checks="<results>/attribution/{cnn}.checks.tsv",
        curves="<results>/attribution/{cnn}.curves.tsv",
    log:
        "<logs>/check_attribution/{cnn}.log",
    benchmark:
        "<benchmarks>/check_attribution/{cnn}.tsv"
    conda:
        "../../envs/cnn.yaml"
    threads: config["training"]["intra_op_threads"]
    resources:
        # Networks, their patterns and the outputs of two layers at full width.
        mem_mb=growing(8000, per_mb=0.5),
        runtime=growing(240, per_mb=0.2),
        gpu=1,
    params:
        options=CHECKS,
        seed=lookup(within=config, dpath="seed"),
        code=version_of("check_attribution"),
    script:
        "../scripts/attribution/check_attribution.py"
