"""Prediction for new exams by the trained CNNs (`snakemake predict`).

INPUTS   a sheet of new exams (prediction.exams), models/<cnn>/, statistics/,
         audit/robustness.tsv
OUTPUTS  models/<cnn>/reference.h5           what the CNN was trained on
         predictions/<name>/cohort/          inspection of the new exams
         predictions/<name>/nodes/<shard>.tsv   measurements of the new nodes
         predictions/<name>/patches/<shard>.h5  patches of the new nodes
         predictions/<name>/patches.h5  central slices of the patches of all shards
         predictions/<name>/exams.tsv        every new exam: included, or the reason
         predictions/<name>/lost/<stage>/<shard>.tsv  new nodes that were lost, and why
         predictions/<name>/lost_nodes.tsv   the same of all shards and stages
         predictions/<name>/node_flags.tsv   new nodes whose masks are implausible
         predictions/<name>/not_scored.tsv   exams and nodes without a score, and the fix
         predictions/<name>/cnn_<cnn>.tsv    score, decision and distance of each node
         predictions/<name>/threshold_range.tsv  whether the thresholds hold for the
                                             HU and masks of the new nodes
"""

NEW = config["prediction"]
NEW_HOME = f"<results>/predictions/{NEW['name']}"
NEW_LOGS = f"<logs>/predictions/{NEW['name']}"
NEW_BENCHMARKS = f"<benchmarks>/predictions/{NEW['name']}"
NEW_NODES = NEW["nodes"] or f"{NEW_HOME}/cohort/nodes_from_labels.tsv"
# As with the cohort's own: a shard of new exams depends on its rows. Their number follows
# from the new exams alone, so that few of them start few jobs in a study of many shards.
NEW_SHARD_EXAMS = ancient(NEW["exams"]) if NEW["exams"] else new_exams
NEW_SHARD_NODES = (
    ancient(NEW["nodes"])
    if NEW["nodes"]
    else f"{NEW_HOME}/cohort/labels/{{scatteritem}}.tsv"
)
NEW_ROWS = rows_by_shard(
    {name: NEW[name] for name in ("exams", "nodes") if NEW[name]},
    AUTOMATIC,
    f"{MEMORY}/new_rows",
)


scattergather:
    new=len(NEW_ROWS),


# Any exam of a patient may be predicted, not only the first.
NEW_LIMITS = LIMITS | {"first_exam_only": False}


use rule read_label_names as read_new_labels with:
    input:
        NEW_SHARD_EXAMS,
    output:
        nodes=f"{NEW_HOME}/cohort/labels/{{scatteritem}}.tsv",
        unread=f"{NEW_HOME}/cohort/labels/{{scatteritem}}.json",
    log:
        f"{NEW_LOGS}/read_new_labels/{{scatteritem}}.log",
    benchmark:
        f"{NEW_BENCHMARKS}/read_new_labels/{{scatteritem}}.tsv"
    params:
        label_names=None,
        rows=new_rows_of,
        code=version_of("read_label_names"),


use rule gather_label_names as gather_new_labels with:
    input:
        gather.new(f"{NEW_HOME}/cohort/labels/{{scatteritem}}.tsv"),
    output:
        f"{NEW_HOME}/cohort/nodes_from_labels.tsv",
    log:
        f"{NEW_LOGS}/gather_new_labels.log",
    params:
        label_names=None,
        code=version_of("gather_label_names"),


use rule check_sheets as check_new_sheets with:
    input:
        exams=new_exams,
        nodes=NEW_NODES,
        readings=[],
        split=[],
    output:
        f"{NEW_HOME}/cohort/sheets.json",
    log:
        f"{NEW_LOGS}/check_new_sheets.log",
    params:
        labelled=False,
        period=NEW_LIMITS["period"],
        rows=sheets_of("prediction/exams", "prediction/nodes"),
        code=version_of("check_sheets"),


use rule inspect_exams as inspect_new_exams with:
    input:
        exams=NEW_SHARD_EXAMS,
        nodes=NEW_SHARD_NODES,
        unread=[] if NEW["nodes"] else f"{NEW_HOME}/cohort/labels/{{scatteritem}}.json",
        raw=[],
    output:
        inspections=f"{NEW_HOME}/cohort/inspected/{{scatteritem}}.tsv",
        index=f"{NEW_HOME}/cohort/index/{{scatteritem}}.json",
    log:
        f"{NEW_LOGS}/inspect_new_exams/{{scatteritem}}.log",
    benchmark:
        f"{NEW_BENCHMARKS}/inspect_new_exams/{{scatteritem}}.tsv"
    params:
        evidence=EVIDENCE,
        repairs=setting("cohort/repairs"),
        content=setting("cohort/content"),
        pet_limits=setting("cohort/pet_limits"),
        rows=new_rows_of,
        code=version_of("inspect_exams"),


use rule select_cohort as select_new_exams with:
    input:
        exams=new_exams,
        inspections=gather.new(f"{NEW_HOME}/cohort/inspected/{{scatteritem}}.tsv"),
    output:
        cohort=f"{NEW_HOME}/exams.tsv",
        flow=f"{NEW_HOME}/cohort/flow.json",
    log:
        f"{NEW_LOGS}/select_new_exams.log",
    params:
        limits=NEW_LIMITS,
        code=version_of("select_cohort"),


use rule measure_nodes as measure_new_nodes with:
    input:
        inspections=f"{NEW_HOME}/cohort/inspected/{{scatteritem}}.tsv",
        exams=NEW_SHARD_EXAMS,
        nodes=NEW_SHARD_NODES,
        index=f"{NEW_HOME}/cohort/index/{{scatteritem}}.json",
        raw=[],
    output:
        nodes=f"{NEW_HOME}/nodes/{{scatteritem}}.tsv",
        lost=f"{NEW_HOME}/lost/measurement/{{scatteritem}}.tsv",
    log:
        f"{NEW_LOGS}/measure_new_nodes/{{scatteritem}}.log",
    benchmark:
        f"{NEW_BENCHMARKS}/measure_new_nodes/{{scatteritem}}.tsv"
    params:
        limits=NEW_LIMITS,
        refused_share=setting("cohort/node_limits/refused_share_of_ct"),
        rows=new_rows_of,
        code=version_of("measure_nodes"),


use rule extract_patches as extract_new_patches with:
    input:
        inspections=f"{NEW_HOME}/cohort/inspected/{{scatteritem}}.tsv",
        exams=NEW_SHARD_EXAMS,
        nodes=NEW_SHARD_NODES,
        measured=f"{NEW_HOME}/nodes/{{scatteritem}}.tsv",
        index=f"{NEW_HOME}/cohort/index/{{scatteritem}}.json",
        raw=[],
    output:
        patches=f"{NEW_HOME}/patches/{{scatteritem}}.h5",
        lost=f"{NEW_HOME}/lost/patches/{{scatteritem}}.tsv",
    log:
        f"{NEW_LOGS}/extract_new_patches/{{scatteritem}}.log",
    benchmark:
        f"{NEW_BENCHMARKS}/extract_new_patches/{{scatteritem}}.tsv"
    params:
        limits=NEW_LIMITS,
        size_mm=setting("patches/size_mm"),
        spacing_mm=setting("patches/spacing_mm"),
        centre=setting("patches/centre"),
        rows=new_rows_of,
        code=version_of("extract_patches"),


use rule gather_slabs as gather_new_slabs with:
    input:
        gather.new(f"{NEW_HOME}/patches/{{scatteritem}}.h5"),
    output:
        f"{NEW_HOME}/patches.h5",
    log:
        f"{NEW_LOGS}/gather_new_slabs.log",
    benchmark:
        f"{NEW_BENCHMARKS}/gather_new_slabs.tsv"
    params:
        code=version_of("gather_slabs"),


use rule gather_losses as gather_new_losses with:
    input:
        gather.new(f"{NEW_HOME}/lost/measurement/{{scatteritem}}.tsv"),
        gather.new(f"{NEW_HOME}/lost/patches/{{scatteritem}}.tsv"),
    output:
        f"{NEW_HOME}/lost_nodes.tsv",
    log:
        f"{NEW_LOGS}/gather_new_losses.log",
    params:
        code=version_of("gather_losses"),


use rule flag_nodes as flag_new_nodes with:
    input:
        gather.new(f"{NEW_HOME}/nodes/{{scatteritem}}.tsv"),
    output:
        f"{NEW_HOME}/node_flags.tsv",
    log:
        f"{NEW_LOGS}/flag_new_nodes.log",
    params:
        limits=FLAG_LIMITS,
        code=version_of("flag_nodes"),


rule describe_training_images:
    """Describe what a CNN was trained on, as its last hidden layer has it."""
    input:
        recipe="<results>/models/{cnn}/recipe.json",
        weights="<results>/models/{cnn}/weights.h5",
        training=training_set_of,
        test="<results>/datasets/test.tsv",
        patches=PATCHES,
    output:
        "<results>/models/{cnn}/reference.h5",
    log:
        "<logs>/describe_training_images/{cnn}.log",
    conda:
        "../../envs/cnn.yaml"
    threads: config["training"]["intra_op_threads"]
    resources:
        mem_mb=growing(3000, per_mb=2),
        runtime=growing(60, per_mb=0.1),
        gpu=gpus_of_a_network,
    params:
        code=version_of("describe_training_images"),
    script:
        "../scripts/cnn/describe_training_images.py"


rule predict_nodes:
    """Score new nodes, decide, and say how far they lie from the training set."""
    input:
        recipe="<results>/models/{cnn}/recipe.json",
        weights="<results>/models/{cnn}/weights.h5",
        reference="<results>/models/{cnn}/reference.h5",
        statistics="<results>/statistics/cnn_{cnn}.json",
        nodes=gather.new(f"{NEW_HOME}/nodes/{{scatteritem}}.tsv"),
        patches=[f"{NEW_HOME}/patches.h5"],
    output:
        f"{NEW_HOME}/cnn_{{cnn}}.tsv",
    log:
        f"{NEW_LOGS}/predict_nodes/{{cnn}}.log",
    conda:
        "../../envs/cnn.yaml"
    threads: config["training"]["intra_op_threads"]
    resources:
        mem_mb=growing(3000, per_mb=2),
        runtime=growing(60, per_mb=0.1),
        gpu=gpus_of_a_network,
    params:
        code=version_of("predict_nodes"),
    script:
        "../scripts/cnn/predict_nodes.py"


rule list_unscored:
    """List new exams and nodes that no CNN scores, with reason and fix."""
    input:
        exams=f"{NEW_HOME}/exams.tsv",
        lost=f"{NEW_HOME}/lost_nodes.tsv",
    output:
        f"{NEW_HOME}/not_scored.tsv",
    log:
        f"{NEW_LOGS}/list_unscored.log",
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        code=version_of("list_unscored"),
    script:
        "../scripts/nodes/list_unscored.py"


rule check_threshold_range:
    """Warn where HU or masks of new nodes lie outside the range of a threshold."""
    input:
        robustness="<results>/audit/robustness.tsv",
        nodes="<results>/nodes.tsv",
        test="<results>/datasets/test.tsv",
        new_nodes=gather.new(f"{NEW_HOME}/nodes/{{scatteritem}}.tsv"),
    output:
        f"{NEW_HOME}/threshold_range.tsv",
    log:
        f"{NEW_LOGS}/check_threshold_range.log",
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        tolerated_calls=setting("robustness/tolerated_calls"),
        confidence_level=setting("statistics/confidence_level"),
        code=version_of("check_threshold_range"),
    script:
        "../scripts/audit/check_threshold_range.py"


localrules:
    predict,


rule predict:
    """Target: Scores of the nodes of new exams, by every CNN."""
    input:
        f"{NEW_HOME}/cohort/sheets.json",
        f"{NEW_HOME}/exams.tsv",
        f"{NEW_HOME}/not_scored.tsv",
        f"{NEW_HOME}/node_flags.tsv",
        f"{NEW_HOME}/threshold_range.tsv",
        collect(f"{NEW_HOME}/cnn_{{cnn}}.tsv", cnn=CNNS),
