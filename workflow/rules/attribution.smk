"""Heatmaps of the CNNs and their sanity checks.

INPUTS   models/<cnn>/, datasets/, patches.h5
OUTPUTS  attribution/<cnn>.patterns.h5  patterns of every layer, and whose they are
         attribution/<cnn>.h5           maps of the test nodes by method
         attribution/permuted/<cnn>/    the CNN trained with permuted labels
         attribution/<cnn>.checks.tsv   randomisation, faithfulness and halo by node
         attribution/<cnn>.curves.tsv   support while pixels are replaced
"""

EXPLAIN = config["attribution"]
# What decides maps and checks; ring_mm is for the audit, and permuted is a matter of
# inputs.
EXPLAINING = {
    key: EXPLAIN[key] for key in EXPLAIN if key not in ("ring_mm", "permuted")
}
PATTERN_FILE = (
    "<results>/attribution/{cnn}.patterns.h5"
    if any(method.startswith("pattern_") for method in EXPLAIN["methods"])
    else []
)


rule permute_labels:
    """Permute the labels of a training set, so that there is nothing to learn."""
    input:
        training=training_set_of,
    output:
        "<results>/attribution/permuted/{cnn}/training.tsv",
    log:
        "<logs>/permute_labels/{cnn}.log",
    priority: PRIORITY["long_controls"]
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        seed=setting("seed"),
        code=version_of("permute_labels"),
    script:
        "../scripts/attribution/permute_labels.py"


use rule train_cnn as train_permuted with:
    input:
        recipe="<results>/models/{cnn}/recipe.json",
        training="<results>/attribution/permuted/{cnn}/training.tsv",
        patches=PATCHES,
    output:
        weights="<results>/attribution/permuted/{cnn}/weights.h5",
        history="<results>/attribution/permuted/{cnn}/history.tsv",
        card="<results>/attribution/permuted/{cnn}/card.json",
    log:
        "<logs>/train_permuted/{cnn}.log",
    benchmark:
        "<benchmarks>/train_permuted/{cnn}.tsv"
    priority: PRIORITY["long_controls"]


# One job, since networks of one form share graphs and images; at paper width the checks
# take most of its time.
rule explain_cnn:
    """Fit the patterns of a CNN, draw its heatmaps of the test nodes and check them."""
    input:
        recipe="<results>/models/{cnn}/recipe.json",
        weights="<results>/models/{cnn}/weights.h5",
        permuted=permuted_weights,
        training=training_set_of,
        test="<results>/datasets/test.tsv",
        patches=PATCHES,
    output:
        patterns=PATTERN_FILE,
        heatmaps="<results>/attribution/{cnn}.h5",
        checks="<results>/attribution/{cnn}.checks.tsv",
        curves="<results>/attribution/{cnn}.curves.tsv",
    log:
        "<logs>/explain_cnn/{cnn}.log",
    benchmark:
        "<benchmarks>/explain_cnn/{cnn}.tsv"
    priority: PRIORITY["figures"]
    conda:
        "../../envs/cnn.yaml"
    threads: config["training"]["intra_op_threads"]
    resources:
        # Networks, their patterns and the outputs of two layers at full width.
        mem_mb=growing(8000, per_mb=2),
        runtime=growing(300, per_mb=1.2),
        gpu=gpus_of_a_network,
    params:
        options=EXPLAINING,
        seed=setting("seed"),
        code=version_of("explain_cnn"),
    script:
        "../scripts/attribution/explain_cnn.py"
