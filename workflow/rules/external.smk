"""External validation: the frozen study on another cohort (`snakemake validate_external`).

INPUTS   new exams whose nodes have a status (prediction.exams, prediction.nodes), and the
         finished study: provenance.json, models/, scores/, statistics/, datasets/,
         nodes.tsv, patches.h5. No rule makes these again.
OUTPUTS  external/<name>/study.json          the study is unchanged and shares nobody
         external/<name>/reference/<cnn>.h5  what the CNN was trained on
         external/<name>/cnn_<cnn>.tsv       score, decision and distance of each node
         external/<name>/scores/<classifier>.csv  scores with status
         external/<name>/transport.tsv       study against the other cohort
         external/<name>/transport.json      counts, predictive values, verdicts
"""

EXTERNAL_HOME = f"<results>/external/{NEW['name']}"
EXTERNAL_LOGS = f"<logs>/external/{NEW['name']}"
EXTERNAL_CLASSIFIERS = [f"cnn_{cnn}" for cnn in CNNS]
FROZEN_SCORES = [frozen(f"scores/{name}.csv") for name in EXTERNAL_CLASSIFIERS]
FROZEN_STATISTICS = [frozen(f"statistics/{name}.json") for name in EXTERNAL_CLASSIFIERS]


rule verify_frozen_study:
    """Prove that the study is unchanged, and that no patient is in both cohorts."""
    input:
        provenance=frozen_record,
        weights=[frozen(f"models/{cnn}/weights.h5") for cnn in CNNS],
        scores=FROZEN_SCORES,
        statistics=FROZEN_STATISTICS,
        nodes=frozen("nodes.tsv"),
        patches=frozen("patches.h5"),
        new_nodes=gather.new(f"{NEW_HOME}/nodes/{{scatteritem}}.tsv"),
        new_patches=f"{NEW_HOME}/patches.h5",
    output:
        f"{EXTERNAL_HOME}/study.json",
    log:
        f"{EXTERNAL_LOGS}/verify_frozen_study.log",
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        classifiers=EXTERNAL_CLASSIFIERS,
        allow_shared_pseudonyms=setting("external/allow_shared_pseudonyms"),
        code=version_of("verify_frozen_study"),
    script:
        "../scripts/statistics/verify_frozen_study.py"


use rule describe_training_images as describe_frozen_images with:
    input:
        verified=f"{EXTERNAL_HOME}/study.json",
        recipe=frozen("models/{cnn}/recipe.json"),
        weights=frozen("models/{cnn}/weights.h5"),
        training=frozen_training_set_of,
        test=frozen("datasets/test.tsv"),
        patches=[frozen("patches.h5")],
    output:
        f"{EXTERNAL_HOME}/reference/{{cnn}}.h5",
    log:
        f"{EXTERNAL_LOGS}/describe_frozen_images/{{cnn}}.log",


use rule predict_nodes as predict_external_nodes with:
    input:
        verified=f"{EXTERNAL_HOME}/study.json",
        recipe=frozen("models/{cnn}/recipe.json"),
        weights=frozen("models/{cnn}/weights.h5"),
        reference=f"{EXTERNAL_HOME}/reference/{{cnn}}.h5",
        statistics=frozen("statistics/cnn_{cnn}.json"),
        nodes=gather.new(f"{NEW_HOME}/nodes/{{scatteritem}}.tsv"),
        patches=[f"{NEW_HOME}/patches.h5"],
    output:
        f"{EXTERNAL_HOME}/cnn_{{cnn}}.tsv",
    log:
        f"{EXTERNAL_LOGS}/predict_external_nodes/{{cnn}}.log",


rule measure_transport:
    """Compare the performance of the frozen CNNs in the study and in another cohort."""
    input:
        verified=f"{EXTERNAL_HOME}/study.json",
        predictions=collect(f"{EXTERNAL_HOME}/cnn_{{cnn}}.tsv", cnn=CNNS),
        nodes=gather.new(f"{NEW_HOME}/nodes/{{scatteritem}}.tsv"),
        scores=FROZEN_SCORES,
        statistics=FROZEN_STATISTICS,
    output:
        labelled=collect(
            f"{EXTERNAL_HOME}/scores/{{classifier}}.csv",
            classifier=EXTERNAL_CLASSIFIERS,
        ),
        transport=f"{EXTERNAL_HOME}/transport.tsv",
        summary=f"{EXTERNAL_HOME}/transport.json",
    log:
        f"{EXTERNAL_LOGS}/measure_transport.log",
    conda:
        "../../envs/stats.yaml"
    resources:
        **SMALL_JOB,
    params:
        classifiers=EXTERNAL_CLASSIFIERS,
        margin=setting("external/margin"),
        replicates=setting("statistics/replicates"),
        confidence_level=setting("statistics/confidence_level"),
        seed=setting("seed"),
        code=version_of("measure_transport"),
    script:
        "../scripts/statistics/measure_transport.py"


localrules:
    validate_external,


rule validate_external:
    """Target: The frozen CNNs on another cohort: AUC, thresholds, verdict."""
    input:
        f"{NEW_HOME}/cohort/sheets.json",
        f"{NEW_HOME}/exams.tsv",
        f"{NEW_HOME}/not_scored.tsv",
        f"{NEW_HOME}/node_flags.tsv",
        f"{EXTERNAL_HOME}/transport.tsv",
