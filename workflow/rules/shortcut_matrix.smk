"""The shortcut matrix: what is learned from the node, its surroundings, or both.

INPUTS   models/<cnn>/, datasets/, patches.h5, nodes.tsv, audit/ceilings.tsv (synthetic)
OUTPUTS  audit/shortcut_matrix/ball.json            the ball that hides every node
         audit/shortcut_matrix/<cnn>/weights.h5     trained on the surroundings
         audit/shortcut_matrix/<cnn>/history.tsv    loss by epoch
         audit/shortcut_matrix/scores.csv           all networks on all views
         audit/shortcut_matrix.tsv                  their AUCs
         audit/shortcut_matrix.json                 what they show
         figures/shortcut_matrix.{pdf,svg,png}      the matrix

On request: `snakemake shortcut_matrix` trains two CNNs. With audit.shortcut_matrix it is
part of the study and of the report.
"""

MATRIX_TABLES = [
    "<results>/audit/shortcut_matrix.tsv",
    "<results>/audit/shortcut_matrix.json",
]
# What the report shows of it.
MATRIX_SHOWN = MATRIX_TABLES if setting("audit/shortcut_matrix") else []

MATRIX_SETS = ["status_balanced", "location_balanced"]
# Training set and view of each network, and the CNN whose recipe it has.
MATRIX_NETWORKS = {
    ("status_balanced", "full"): "status_balanced",
    ("status_balanced", "node"): "xmask",
    ("status_balanced", "surroundings"): "status_balanced",
    ("location_balanced", "full"): "location_balanced",
    ("location_balanced", "surroundings"): "location_balanced",
}


# Those of the study, or trained on the surroundings.
MATRIX_WEIGHTS = [
    (
        f"<results>/audit/shortcut_matrix/{cnn}/weights.h5"
        if view == "surroundings"
        else f"<results>/models/{cnn}/weights.h5"
    )
    for (_, view), cnn in MATRIX_NETWORKS.items()
]


rule measure_ball:
    """Measure the ball that hides every training node."""
    input:
        training=collect("<results>/datasets/{training}.tsv", training=MATRIX_SETS),
        test="<results>/datasets/test.tsv",
        patches=PATCHES,
    output:
        "<results>/audit/shortcut_matrix/ball.json",
    log:
        "<logs>/measure_ball.log",
    conda:
        "../../envs/core.yaml"
    resources:
        mem_mb=growing(3000, per_mb=2),
        runtime=growing(30, per_mb=0.1),
    params:
        spacing_mm=setting("patches/spacing_mm"),
        code=version_of("measure_ball"),
    script:
        "../scripts/audit/measure_ball.py"


rule train_on_surroundings:
    """Train a CNN on the surroundings of its training nodes."""
    input:
        recipe="<results>/models/{cnn}/recipe.json",
        training=training_set_of,
        ball="<results>/audit/shortcut_matrix/ball.json",
        patches=PATCHES,
    output:
        weights="<results>/audit/shortcut_matrix/{cnn}/weights.h5",
        history="<results>/audit/shortcut_matrix/{cnn}/history.tsv",
    log:
        "<logs>/train_on_surroundings/{cnn}.log",
    benchmark:
        "<benchmarks>/train_on_surroundings/{cnn}.tsv"
    priority: PRIORITY["controls"]
    conda:
        "../../envs/cnn.yaml"
    threads: config["training"]["intra_op_threads"]
    resources:
        mem_mb=growing(4000, per_mb=2),
        runtime=growing(600, per_mb=1.3),
        gpu=gpus_of_a_network,
    params:
        spacing_mm=setting("patches/spacing_mm"),
        code=version_of("train_on_surroundings"),
    script:
        "../scripts/audit/train_on_surroundings.py"


rule score_views:
    """Score all views of the test set with every network."""
    input:
        recipes=[
            f"<results>/models/{cnn}/recipe.json" for cnn in MATRIX_NETWORKS.values()
        ],
        weights=MATRIX_WEIGHTS,
        test="<results>/datasets/test.tsv",
        ball="<results>/audit/shortcut_matrix/ball.json",
        patches=PATCHES,
    output:
        "<results>/audit/shortcut_matrix/scores.csv",
    log:
        "<logs>/score_views.log",
    conda:
        "../../envs/cnn.yaml"
    threads: config["training"]["intra_op_threads"]
    resources:
        mem_mb=growing(3000, per_mb=2),
        runtime=growing(60, per_mb=0.1),
        gpu=gpus_of_a_network,
    params:
        networks=list(MATRIX_NETWORKS),
        spacing_mm=setting("patches/spacing_mm"),
        code=version_of("score_views"),
    script:
        "../scripts/audit/score_views.py"


rule measure_matrix:
    """Measure the shortcut matrix, and say what it shows."""
    input:
        scores="<results>/audit/shortcut_matrix/scores.csv",
        nodes="<results>/nodes.tsv",
        control="<results>/audit/shortcut_matrix/location_balanced/history.tsv",
        ball="<results>/audit/shortcut_matrix/ball.json",
        ceilings=CEILINGS,
    output:
        matrix="<results>/audit/shortcut_matrix.tsv",
        reading="<results>/audit/shortcut_matrix.json",
    log:
        "<logs>/measure_matrix.log",
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        replicates=setting("statistics/replicates"),
        confidence_level=setting("statistics/confidence_level"),
        seed=setting("seed"),
        code=version_of("measure_matrix"),
    script:
        "../scripts/audit/measure_matrix.py"


rule draw_shortcut_matrix:
    """Draw the AUC of every network on every view of the test nodes."""
    input:
        matrix="<results>/audit/shortcut_matrix.tsv",
        reading="<results>/audit/shortcut_matrix.json",
    output:
        drawn(
            "shortcut_matrix",
            item="Shortcut matrix",
            content="node or surroundings",
            category="Audit",
        ),
    log:
        "<logs>/draw_shortcut_matrix.log",
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        synthetic=SYNTHETIC,
        code=version_of("draw_shortcut_matrix"),
    script:
        "../scripts/figures/draw_shortcut_matrix.py"


localrules:
    shortcut_matrix,


rule shortcut_matrix:
    """Target: What CNNs learn from the node, from its surroundings, and from both."""
    input:
        MATRIX_TABLES,
        multiext("<results>/figures/shortcut_matrix", ".pdf", ".svg", ".png"),
