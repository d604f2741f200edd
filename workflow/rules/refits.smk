"""Refits: other trainings of the CNNs on the same nodes (`training.refits`).

INPUTS   datasets/, patches.h5, scores/cnn_<cnn>.csv, statistics/cnn_<cnn>.json
OUTPUTS  refits/<refit>/<cnn>/           recipe, weights, history, card, scores
         refits/<refit>/auc_differences.tsv   differences of AUCs of this training
         refits/<refit>/mcnemar.tsv           McNemar's tests of this training
         statistics/refits.tsv           AUC and operating point of every training
         statistics/refit_spread.tsv     their spread, by CNN
"""


use rule write_recipe as write_refit_recipe with:
    output:
        "<results>/refits/{refit}/{cnn}/recipe.json",
    log:
        "<logs>/write_refit_recipe/{refit}/{cnn}.log",
    priority: PRIORITY["controls"]
    params:
        seed=lambda wildcards: named_seed(config["seed"], "refit", int(wildcards.refit)),


use rule train_cnn as train_refit with:
    input:
        recipe="<results>/refits/{refit}/{cnn}/recipe.json",
        training=training_set_of,
        patches=PATCHES,
    output:
        weights="<results>/refits/{refit}/{cnn}/weights.h5",
        history="<results>/refits/{refit}/{cnn}/history.tsv",
        card="<results>/refits/{refit}/{cnn}/card.json",
    log:
        "<logs>/train_refit/{refit}/{cnn}.log",
    benchmark:
        "<benchmarks>/train_refit/{refit}/{cnn}.tsv"
    priority: PRIORITY["controls"]


use rule score_cnn as score_refit with:
    input:
        recipe="<results>/refits/{refit}/{cnn}/recipe.json",
        weights="<results>/refits/{refit}/{cnn}/weights.h5",
        test="<results>/datasets/test.tsv",
        all_test_nodes=[],
        folds=[],
        patches=PATCHES,
    output:
        scores="<results>/refits/{refit}/{cnn}/scores.csv",
        all_test_nodes=[],
    log:
        "<logs>/score_refit/{refit}/{cnn}.log",
    benchmark:
        "<benchmarks>/score_refit/{refit}/{cnn}.tsv"
    priority: PRIORITY["controls"]


# Claims are put to each training: the CNNs' scores are its own, all else is the study's.
use rule compare_aucs as compare_aucs_of_refit with:
    input:
        scores=scores_with_refit(COMPARED_AUCS),
    output:
        "<results>/refits/{refit}/auc_differences.tsv",
    log:
        "<logs>/compare_aucs_of_refit/{refit}.log",
    priority: PRIORITY["controls"]


use rule compare_classifiers as compare_classifiers_of_refit with:
    input:
        scores=scores_with_refit(COMPARED),
        statistics=collect(
            "<results>/statistics/{classifier}.json", classifier=COMPARED
        ),
    output:
        "<results>/refits/{refit}/mcnemar.tsv",
    log:
        "<logs>/compare_classifiers_of_refit/{refit}.log",
    priority: PRIORITY["controls"]


rule compare_refits:
    """Compare the trainings of each CNN on the test set."""
    input:
        scores=collect("<results>/scores/cnn_{cnn}.csv", cnn=CNNS),
        refits=collect(
            "<results>/refits/{refit}/{cnn}/scores.csv", refit=REFITS, cnn=CNNS
        ),
        statistics=collect("<results>/statistics/cnn_{cnn}.json", cnn=CNNS),
    output:
        refits="<results>/statistics/refits.tsv",
        spread="<results>/statistics/refit_spread.tsv",
    log:
        "<logs>/compare_refits.log",
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        cnns=CNNS,
        confidence_level=setting("statistics/confidence_level"),
        code=version_of("compare_refits"),
    script:
        "../scripts/statistics/compare_refits.py"


localrules:
    refits,


rule refits:
    """Target: How much the results of each CNN owe to the draw of its training."""
    input:
        REFIT_TABLES,
