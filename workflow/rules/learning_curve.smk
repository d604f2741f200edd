"""Learning curve: AUC by size of the training set (`snakemake learning_curve`).

INPUTS   nodes.tsv, datasets/, patches.h5, scores/cnn_<cnn>.csv
OUTPUTS  learning_curve/<percent>_<repeat>/datasets/  sets of a share of the patients
         learning_curve/<percent>_<repeat>/<cnn>/     recipe, weights, scores
         tables/learning_curve.tsv                    AUC by training set
         figures/learning_curve.{pdf,svg,png}         the same, drawn
"""

LEARNING_CURVE = multiext("<results>/figures/learning_curve", ".pdf", ".svg", ".png")
# Per cent of the patients, number of the draw, CNN.
POINTS = [
    (percent, repeat, cnn)
    for percent in config["learning_curve"]["percents"]
    for repeat in range(1, config["learning_curve"]["repeats"] + 1)
    for cnn in CNNS
]


rule draw_share:
    """Draw the training sets of a study with a share of the patients."""
    input:
        nodes="<results>/nodes.tsv",
        patches=PATCHES,
        test="<results>/datasets/test.tsv",
        dropped="<results>/datasets/dropped.tsv",
    output:
        status_balanced="<results>/learning_curve/{percent}_{repeat}/datasets/status_balanced.tsv",
        location_balanced="<results>/learning_curve/{percent}_{repeat}/datasets/location_balanced.tsv",
    log:
        "<logs>/draw_share/{percent}_{repeat}.log",
    conda:
        "../../envs/core.yaml"
    resources:
        mem_mb=growing(1500),
        runtime=growing(10),
    params:
        seed=setting("seed"),
        code=version_of("draw_share"),
    script:
        "../scripts/cnn/draw_share.py"


use rule write_recipe as write_share_recipe with:
    output:
        "<results>/learning_curve/{percent}_{repeat}/{cnn}/recipe.json",
    log:
        "<logs>/write_share_recipe/{percent}_{repeat}/{cnn}.log",
    priority: PRIORITY["controls"]
    params:
        options=recipe_options(config),
        seed=lambda wildcards: config["seed"] + int(wildcards.repeat),
        percent=lambda wildcards: int(wildcards.percent),
        code=version_of("write_recipe"),


use rule train_cnn as train_share with:
    input:
        recipe="<results>/learning_curve/{percent}_{repeat}/{cnn}/recipe.json",
        training=share_of,
        patches=PATCHES,
    output:
        weights="<results>/learning_curve/{percent}_{repeat}/{cnn}/weights.h5",
        history="<results>/learning_curve/{percent}_{repeat}/{cnn}/history.tsv",
        card="<results>/learning_curve/{percent}_{repeat}/{cnn}/card.json",
    log:
        "<logs>/train_share/{percent}_{repeat}/{cnn}.log",
    benchmark:
        "<benchmarks>/train_share/{percent}_{repeat}/{cnn}.tsv"
    priority: PRIORITY["controls"]


use rule score_cnn as score_share with:
    input:
        recipe="<results>/learning_curve/{percent}_{repeat}/{cnn}/recipe.json",
        weights="<results>/learning_curve/{percent}_{repeat}/{cnn}/weights.h5",
        test="<results>/datasets/test.tsv",
        all_test_nodes=[],
        folds=[],
        patches=PATCHES,
    output:
        scores="<results>/learning_curve/{percent}_{repeat}/{cnn}/scores.csv",
        all_test_nodes=[],
    log:
        "<logs>/score_share/{percent}_{repeat}/{cnn}.log",
    benchmark:
        "<benchmarks>/score_share/{percent}_{repeat}/{cnn}.tsv"
    priority: PRIORITY["controls"]


rule gather_learning_curve:
    """Gather the AUC of every point of the learning curve, the study's own first."""
    input:
        scores=[
            *collect("<results>/scores/cnn_{cnn}.csv", cnn=CNNS),
            *[
                f"<results>/learning_curve/{percent}_{repeat}/{cnn}/scores.csv"
                for percent, repeat, cnn in POINTS
            ],
        ],
        cards=[
            *collect("<results>/models/{cnn}/card.json", cnn=CNNS),
            *[
                f"<results>/learning_curve/{percent}_{repeat}/{cnn}/card.json"
                for percent, repeat, cnn in POINTS
            ],
        ],
        truth=TRUTH,
    output:
        "<results>/tables/learning_curve.tsv",
    log:
        "<logs>/gather_learning_curve.log",
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        points=[(100, 0, cnn) for cnn in CNNS] + POINTS,
        confidence_level=setting("statistics/confidence_level"),
        code=version_of("gather_learning_curve"),
    script:
        "../scripts/cnn/gather_learning_curve.py"


rule draw_learning_curve:
    """Draw AUC against the number of training nodes."""
    input:
        "<results>/tables/learning_curve.tsv",
    output:
        LEARNING_CURVE,
    log:
        "<logs>/draw_learning_curve.log",
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        synthetic=SYNTHETIC,
        code=version_of("draw_learning_curve"),
    script:
        "../scripts/figures/draw_learning_curve.py"


localrules:
    learning_curve,


rule learning_curve:
    """Target: AUC against the size of the training set, for each CNN."""
    input:
        LEARNING_CURVE,
