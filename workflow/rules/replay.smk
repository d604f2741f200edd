"""Any training image of any epoch, on request: `snakemake replay`.

INPUTS   models/<cnn>/recipe.json, datasets/, patches/<shard>.h5
OUTPUTS  replay/<cnn>.{pdf,svg,png}  images as the network was fed them
         replay/<cnn>.tsv            what their augmentation drew
"""

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
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        nodes=lookup(within=config, dpath="replay/nodes"),
        epochs=lookup(within=config, dpath="replay/epochs"),
        synthetic=SYNTHETIC,
        code=version_of("replay_images"),
    script:
        "../scripts/replay_images.py"


localrules:
    replay,


rule replay:
    """Training images as the network was fed them."""
    input:
        REPLAY,
