"""Where the CNNs look: heatmaps of the test nodes.

INPUTS   models/<cnn>/weights.h5, datasets/test.tsv, patches/<shard>.h5
OUTPUTS  attribution/<cnn>.h5  node_id, maps by method, images and masks
"""


rule attribute_cnn:
    """Attribute the score of each test node to its pixels."""
    input:
        recipe="<results>/models/{cnn}/recipe.json",
        weights="<results>/models/{cnn}/weights.h5",
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
        mem_mb=3000,
        runtime=60,
        gpu=1,
    params:
        code=version_of("attribute_cnn"),
    script:
        "../scripts/attribute_cnn.py"
