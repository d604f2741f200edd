"""The CNNs: three networks, trained on the balanced sets, scored on the test set.

INPUTS   datasets/, patches.h5
OUTPUTS  models/<cnn>/recipe.json               all that decides the weights
         models/<cnn>/weights.h5                what was learned
         models/<cnn>/history.tsv               loss by epoch
         models/<cnn>/card.json                 versions and device of the training
         models/<cnn>/folds/<folds>.csv          scores of the nodes that folds held out
         models/<cnn>/folds/<folds>.history.tsv  loss by epoch, held-out nodes too
         scores/cnn_<cnn>.csv                   test set and out of fold
         scores/all_test_nodes/cnn_<cnn>.csv    all nodes of the test patients
         figures/training.{pdf,svg,png}         loss and held-out AUC by epoch
         replay/<cnn>.{pdf,svg,png}  images as the network was fed them
         replay/<cnn>.tsv            what their augmentation drew

`snakemake replay` draws any training image of any epoch.
"""

TRAINING_FIGURE = multiext("<results>/figures/training", ".pdf", ".svg", ".png")


rule write_recipe:
    """Write the hyper-parameters and seeds of a CNN to its recipe."""
    input:
        chosen=CHOSEN,
    output:
        "<results>/models/{cnn}/recipe.json",
    log:
        "<logs>/write_recipe/{cnn}.log",
    priority: PRIORITY["training"]
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        options=recipe_options(config),
        seed=setting("seed"),
        percent=100,
        code=version_of("write_recipe"),
    script:
        "../scripts/cnn/write_recipe.py"


rule train_cnn:
    """Train a CNN on its whole training set."""
    input:
        recipe="<results>/models/{cnn}/recipe.json",
        training=training_set_of,
        patches=PATCHES,
    output:
        weights="<results>/models/{cnn}/weights.h5",
        history="<results>/models/{cnn}/history.tsv",
        card="<results>/models/{cnn}/card.json",
    log:
        "<logs>/train_cnn/{cnn}.log",
    benchmark:
        "<benchmarks>/train_cnn/{cnn}.tsv"
    priority: PRIORITY["training"]
    conda:
        "../../envs/cnn.yaml"
    threads: config["training"]["intra_op_threads"]
    resources:
        mem_mb=growing(4000, per_mb=2),
        runtime=growing(600, per_mb=1.3),
        gpu=gpus_of_a_network,
    params:
        code=version_of("train_cnn"),
    script:
        "../scripts/cnn/train_cnn.py"


rule train_folds:
    """Train a CNN without each of some folds and score the nodes of that fold."""
    input:
        recipe="<results>/models/{cnn}/recipe.json",
        training=training_set_of,
        patches=PATCHES,
    output:
        scores="<results>/models/{cnn}/folds/{folds}.csv",
        history="<results>/models/{cnn}/folds/{folds}.history.tsv",
    log:
        "<logs>/train_folds/{cnn}/{folds}.log",
    benchmark:
        "<benchmarks>/train_folds/{cnn}/{folds}.tsv"
    priority: PRIORITY["folds"]
    conda:
        "../../envs/cnn.yaml"
    threads: config["training"]["intra_op_threads"]
    resources:
        mem_mb=growing(4000, per_mb=2),
        runtime=growing(600, per_mb=1.3),
        gpu=gpus_of_a_network,
    params:
        code=version_of("train_folds"),
    script:
        "../scripts/cnn/train_folds.py"


rule score_cnn:
    """Score the test set with a trained CNN and join the out-of-fold scores."""
    input:
        recipe="<results>/models/{cnn}/recipe.json",
        weights="<results>/models/{cnn}/weights.h5",
        test="<results>/datasets/test.tsv",
        all_test_nodes=["<results>/datasets/all_test_nodes.tsv"],
        folds=collect("<results>/models/{{cnn}}/folds/{folds}.csv", folds=FOLDS),
        patches=PATCHES,
    output:
        scores="<results>/scores/cnn_{cnn}.csv",
        all_test_nodes=["<results>/scores/all_test_nodes/cnn_{cnn}.csv"],
    log:
        "<logs>/score_cnn/{cnn}.log",
    benchmark:
        "<benchmarks>/score_cnn/{cnn}.tsv"
    priority: PRIORITY["results"]
    conda:
        "../../envs/cnn.yaml"
    threads: config["training"]["intra_op_threads"]
    resources:
        mem_mb=growing(3000, per_mb=2),
        runtime=growing(60, per_mb=0.1),
        gpu=gpus_of_a_network,
    params:
        code=version_of("score_cnn"),
    script:
        "../scripts/cnn/score_cnn.py"


rule draw_training:
    """Draw loss and held-out quality of the CNNs by epoch."""
    input:
        whole=collect("<results>/models/{cnn}/history.tsv", cnn=CNNS),
        folds=collect(
            "<results>/models/{cnn}/folds/{folds}.history.tsv", cnn=CNNS, folds=FOLDS
        ),
        cards=collect("<results>/models/{cnn}/card.json", cnn=CNNS),
    output:
        drawn("training", item="Training", content="loss and AUC by epoch"),
    log:
        "<logs>/draw_training.log",
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        cnns=CNNS,
        synthetic=SYNTHETIC,
        code=version_of("draw_training"),
    script:
        "../scripts/figures/draw_training.py"


localrules:
    training,


rule training:
    """Target: How the CNNs were trained: loss and held-out quality by epoch."""
    input:
        TRAINING_FIGURE,


REPLAY = multiext(
    f"<results>/replay/{config['replay']['cnn']}", ".pdf", ".svg", ".png", ".tsv"
)


rule replay_images:
    """Draw training images of chosen nodes and epochs again."""
    input:
        recipe="<results>/models/{cnn}/recipe.json",
        training=training_set_of,
        patches=PATCHES,
    output:
        table="<results>/replay/{cnn}.tsv",
        figure=multiext("<results>/replay/{cnn}", ".pdf", ".svg", ".png"),
    log:
        "<logs>/replay_images/{cnn}.log",
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        nodes=setting("replay/nodes"),
        epochs=setting("replay/epochs"),
        synthetic=SYNTHETIC,
        code=version_of("replay_images"),
    script:
        "../scripts/figures/replay_images.py"


localrules:
    replay,


rule replay:
    """Target: Training images as the network was fed them."""
    input:
        REPLAY,
