"""Architecture selection by cross-validation (`snakemake leaderboard`).

INPUTS   datasets/, patches.h5
OUTPUTS  selection/<candidate>/<cnn>/recipe.json  all that decides the weights
         selection/<candidate>/<cnn>/<folds>.csv   scores of the nodes that folds held out
         selection/<candidate>/<cnn>/<folds>.history.tsv  loss by epoch
         selection/leaderboard.tsv  candidates by out-of-fold AUC
         selection/chosen.json      the first of them, for selection.choose: best
"""

COMPETING = config["selection"]["cnns"]
CANDIDATES = ["configured"] + [
    name for name, change in config["selection"]["candidates"].items() if change
]


use rule write_recipe as write_candidate with:
    input:
        chosen=[],
    output:
        "<results>/selection/{candidate}/{cnn}/recipe.json",
    log:
        "<logs>/write_candidate/{candidate}/{cnn}.log",
    params:
        options=lambda wildcards: candidate_options(config, wildcards.candidate),
        seed=setting("seed"),
        percent=100,
        code=version_of("write_recipe"),


use rule train_folds as train_candidate with:
    input:
        recipe="<results>/selection/{candidate}/{cnn}/recipe.json",
        training=training_set_of,
        patches=PATCHES,
    output:
        scores="<results>/selection/{candidate}/{cnn}/{folds}.csv",
        history="<results>/selection/{candidate}/{cnn}/{folds}.history.tsv",
    log:
        "<logs>/train_candidate/{candidate}/{cnn}/{folds}.log",
    benchmark:
        "<benchmarks>/train_candidate/{candidate}/{cnn}/{folds}.tsv"


rule rank_candidates:
    """Rank the candidates by their out-of-fold AUC."""
    input:
        [candidate_folds(name, cnn) for name in CANDIDATES for cnn in COMPETING],
    output:
        leaderboard="<results>/selection/leaderboard.tsv",
        chosen="<results>/selection/chosen.json",
    log:
        "<logs>/rank_candidates.log",
    conda:
        "../../envs/core.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=growing(20),
    params:
        competitors=[(name, cnn) for name in CANDIDATES for cnn in COMPETING],
        options={name: candidate_options(config, name) for name in CANDIDATES},
        confidence_level=setting("statistics/confidence_level"),
        code=version_of("rank_candidates"),
    script:
        "../scripts/cnn/rank_candidates.py"


localrules:
    leaderboard,


rule leaderboard:
    """Target: Candidates of the architecture selection, best first."""
    input:
        "<results>/selection/leaderboard.tsv",
