"""The CNNs: three networks, trained on the balanced sets, scored on the test set.

INPUTS   datasets/, patches/<shard>.h5
OUTPUTS  models/<cnn>/weights.h5, history.tsv, card.json
         models/<cnn>/folds/<fold>.csv  scores of the nodes a fold held out
         scores/cnn_<cnn>.csv           test set and out of fold
"""


rule train_cnn:
    """Train a CNN on its whole training set."""
    input:
        training=training_set_of,
        patches=gather.cohort("<results>/patches/{scatteritem}.h5"),
    output:
        weights="<results>/models/{cnn}/weights.h5",
        history="<results>/models/{cnn}/history.tsv",
        card="<results>/models/{cnn}/card.json",
    log:
        "<logs>/train_cnn/{cnn}.log",
    benchmark:
        "<benchmarks>/train_cnn/{cnn}.tsv"
    conda:
        "../../envs/cnn.yaml"
    threads: config["training"]["intra_op_threads"]
    resources:
        mem_mb=4000,
        runtime=600,
        gpu=1,
    params:
        image=lookup(within=config, dpath="image"),
        augmentation=lookup(within=config, dpath="augmentation"),
        network=lookup(within=config, dpath="cnn"),
        training=lookup(within=config, dpath="training"),
        seed=lookup(within=config, dpath="seed"),
        code=version_of("train_cnn"),
    script:
        "../scripts/train_cnn.py"


rule train_fold:
    """Train a CNN without one fold and score the nodes of that fold."""
    input:
        training=training_set_of,
        patches=gather.cohort("<results>/patches/{scatteritem}.h5"),
    output:
        "<results>/models/{cnn}/folds/{fold}.csv",
    log:
        "<logs>/train_fold/{cnn}/{fold}.log",
    benchmark:
        "<benchmarks>/train_fold/{cnn}/{fold}.tsv"
    conda:
        "../../envs/cnn.yaml"
    threads: config["training"]["intra_op_threads"]
    resources:
        mem_mb=4000,
        runtime=600,
        gpu=1,
    params:
        image=lookup(within=config, dpath="image"),
        augmentation=lookup(within=config, dpath="augmentation"),
        network=lookup(within=config, dpath="cnn"),
        training=lookup(within=config, dpath="training"),
        seed=lookup(within=config, dpath="seed"),
        code=version_of("train_fold"),
    script:
        "../scripts/train_fold.py"


rule score_cnn:
    """Score the test set with a trained CNN and join the out-of-fold scores."""
    input:
        weights="<results>/models/{cnn}/weights.h5",
        test="<results>/datasets/test.tsv",
        folds=collect(
            "<results>/models/{{cnn}}/folds/{fold}.csv",
            fold=range(1, config["datasets"]["folds"] + 1),
        ),
        patches=gather.cohort("<results>/patches/{scatteritem}.h5"),
    output:
        "<results>/scores/cnn_{cnn}.csv",
    log:
        "<logs>/score_cnn/{cnn}.log",
    benchmark:
        "<benchmarks>/score_cnn/{cnn}.tsv"
    conda:
        "../../envs/cnn.yaml"
    threads: config["training"]["intra_op_threads"]
    resources:
        mem_mb=3000,
        runtime=60,
        gpu=1,
    params:
        image=lookup(within=config, dpath="image"),
        augmentation=lookup(within=config, dpath="augmentation"),
        network=lookup(within=config, dpath="cnn"),
        training=lookup(within=config, dpath="training"),
        seed=lookup(within=config, dpath="seed"),
        code=version_of("score_cnn"),
    script:
        "../scripts/score_cnn.py"
