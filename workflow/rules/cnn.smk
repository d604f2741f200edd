"""The CNNs: three networks, trained on the balanced sets, scored on the test set.

INPUTS   datasets/, patches/<shard>.h5
OUTPUTS  models/<cnn>/recipe.json               all that decides the weights
         models/<cnn>/weights.h5                what was learned
         models/<cnn>/history.tsv               loss by epoch
         models/<cnn>/card.json                 versions and device of the training
         models/<cnn>/folds/<fold>.csv          scores of the nodes a fold held out
         models/<cnn>/folds/<fold>.history.tsv  loss by epoch, held-out nodes too
         scores/cnn_<cnn>.csv                   test set and out of fold
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
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        options=recipe_options(config),
        seed=lookup(within=config, dpath="seed"),
        percent=100,
        code=version_of("write_recipe"),
    script:
        "../scripts/cnn/write_recipe.py"


rule train_cnn:
    """Train a CNN on its whole training set."""
    input:
        recipe="<results>/models/{cnn}/recipe.json",
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
    # The longest jobs begin first, so that none is left to the end.
    priority: 5
    conda:
        "../../envs/cnn.yaml"
    threads: config["training"]["intra_op_threads"]
    resources:
        mem_mb=growing(4000, per_mb=0.5),
        runtime=growing(600, per_mb=0.3),
        gpu=1,
    params:
        code=version_of("train_cnn"),
    script:
        "../scripts/cnn/train_cnn.py"


rule train_fold:
    """Train a CNN without one fold and score the nodes of that fold."""
    input:
        recipe="<results>/models/{cnn}/recipe.json",
        training=training_set_of,
        patches=gather.cohort("<results>/patches/{scatteritem}.h5"),
    output:
        scores="<results>/models/{cnn}/folds/{fold}.csv",
        history="<results>/models/{cnn}/folds/{fold}.history.tsv",
    log:
        "<logs>/train_fold/{cnn}/{fold}.log",
    benchmark:
        "<benchmarks>/train_fold/{cnn}/{fold}.tsv"
    priority: 4
    conda:
        "../../envs/cnn.yaml"
    threads: config["training"]["intra_op_threads"]
    resources:
        mem_mb=growing(4000, per_mb=0.5),
        runtime=growing(600, per_mb=0.3),
        gpu=1,
    params:
        code=version_of("train_fold"),
    script:
        "../scripts/cnn/train_fold.py"


rule score_cnn:
    """Score the test set with a trained CNN and join the out-of-fold scores."""
    input:
        recipe="<results>/models/{cnn}/recipe.json",
        weights="<results>/models/{cnn}/weights.h5",
        test="<results>/datasets/test.tsv",
        folds=collect("<results>/models/{{cnn}}/folds/{fold}.csv", fold=FOLDS),
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
        mem_mb=growing(3000, per_mb=0.5),
        runtime=growing(60, per_mb=0.02),
        gpu=1,
    params:
        code=version_of("score_cnn"),
    script:
        "../scripts/cnn/score_cnn.py"


rule draw_training:
    """Draw loss and held-out quality of the CNNs by epoch."""
    input:
        whole=collect("<results>/models/{cnn}/history.tsv", cnn=CNNS),
        folds=collect(
            "<results>/models/{cnn}/folds/{fold}.history.tsv", cnn=CNNS, fold=FOLDS
        ),
        cards=collect("<results>/models/{cnn}/card.json", cnn=CNNS),
    output:
        TRAINING_FIGURE,
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
    """How the CNNs were trained: loss and held-out quality by epoch."""
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
        patches=gather.cohort("<results>/patches/{scatteritem}.h5"),
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
        nodes=lookup(within=config, dpath="replay/nodes"),
        epochs=lookup(within=config, dpath="replay/epochs"),
        synthetic=SYNTHETIC,
        code=version_of("replay_images"),
    script:
        "../scripts/figures/replay_images.py"


localrules:
    replay,


rule replay:
    """Training images as the network was fed them."""
    input:
        REPLAY,
