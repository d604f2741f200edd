"""Prediction for new exams by the trained CNNs (`snakemake predict`).

INPUTS   a sheet of new exams (prediction.exams), models/<cnn>/, statistics/
OUTPUTS  models/<cnn>/reference.h5           what the CNN was trained on
         predictions/<name>/cohort/          inspection of the new exams
         predictions/<name>/nodes/<shard>.tsv   measurements of the new nodes
         predictions/<name>/patches/<shard>.h5  patches of the new nodes
         predictions/<name>/exams.tsv        every new exam: included, or the reason
         predictions/<name>/cnn_<cnn>.tsv    score, decision and distance of each node
"""

NEW = config["prediction"]
NEW_HOME = f"<results>/predictions/{NEW['name']}"
NEW_LOGS = f"<logs>/predictions/{NEW['name']}"
NEW_BENCHMARKS = f"<benchmarks>/predictions/{NEW['name']}"
NEW_NODES = NEW["nodes"] or f"{NEW_HOME}/cohort/nodes_from_labels.tsv"
# As with the cohort's own: a shard of new exams depends on its rows.
NEW_SHARD_EXAMS = ancient(NEW["exams"]) if NEW["exams"] else new_exams
NEW_SHARD_NODES = (
    ancient(NEW["nodes"])
    if NEW["nodes"]
    else f"{NEW_HOME}/cohort/labels/{{scatteritem}}.tsv"
)
NEW_ROWS = rows_by_shard(
    list(filter(None, [NEW["exams"], NEW["nodes"]])),
    config["cohort"]["shards"],
    f"{MEMORY}/new_rows",
)
# Whoever asks for a prediction may ask it of any exam of a patient.
NEW_LIMITS = LIMITS | {"first_exam_only": False}


use rule read_label_names as read_new_labels with:
    input:
        NEW_SHARD_EXAMS,
    output:
        f"{NEW_HOME}/cohort/labels/{{scatteritem}}.tsv",
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
        gather.cohort(f"{NEW_HOME}/cohort/labels/{{scatteritem}}.tsv"),
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
    output:
        f"{NEW_HOME}/cohort/sheets.json",
    log:
        f"{NEW_LOGS}/check_new_sheets.log",
    params:
        labelled=False,
        rows=sheets_of(["exams", "nodes"], "prediction"),
        code=version_of("check_sheets"),


use rule inspect_exams as inspect_new_exams with:
    input:
        exams=NEW_SHARD_EXAMS,
        nodes=NEW_SHARD_NODES,
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
        repairs=lookup(within=config, dpath="cohort/repairs"),
        rows=new_rows_of,
        code=version_of("inspect_exams"),


use rule select_cohort as select_new_exams with:
    input:
        exams=new_exams,
        inspections=gather.cohort(f"{NEW_HOME}/cohort/inspected/{{scatteritem}}.tsv"),
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
        f"{NEW_HOME}/nodes/{{scatteritem}}.tsv",
    log:
        f"{NEW_LOGS}/measure_new_nodes/{{scatteritem}}.log",
    benchmark:
        f"{NEW_BENCHMARKS}/measure_new_nodes/{{scatteritem}}.tsv"
    params:
        limits=NEW_LIMITS,
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
        f"{NEW_HOME}/patches/{{scatteritem}}.h5",
    log:
        f"{NEW_LOGS}/extract_new_patches/{{scatteritem}}.log",
    benchmark:
        f"{NEW_BENCHMARKS}/extract_new_patches/{{scatteritem}}.tsv"
    params:
        limits=NEW_LIMITS,
        size_mm=lookup(within=config, dpath="patches/size_mm"),
        spacing_mm=lookup(within=config, dpath="patches/spacing_mm"),
        centre=lookup(within=config, dpath="patches/centre"),
        rows=new_rows_of,
        code=version_of("extract_patches"),


rule describe_training_images:
    """Describe what a CNN was trained on, as its last hidden layer has it."""
    input:
        recipe="<results>/models/{cnn}/recipe.json",
        weights="<results>/models/{cnn}/weights.h5",
        training=training_set_of,
        test="<results>/datasets/test.tsv",
        patches=gather.cohort("<results>/patches/{scatteritem}.h5"),
    output:
        "<results>/models/{cnn}/reference.h5",
    log:
        "<logs>/describe_training_images/{cnn}.log",
    conda:
        "../../envs/cnn.yaml"
    threads: config["training"]["intra_op_threads"]
    resources:
        mem_mb=growing(3000, per_mb=0.5),
        runtime=growing(60, per_mb=0.02),
        gpu=1,
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
        nodes=gather.cohort(f"{NEW_HOME}/nodes/{{scatteritem}}.tsv"),
        patches=gather.cohort(f"{NEW_HOME}/patches/{{scatteritem}}.h5"),
    output:
        f"{NEW_HOME}/cnn_{{cnn}}.tsv",
    log:
        f"{NEW_LOGS}/predict_nodes/{{cnn}}.log",
    conda:
        "../../envs/cnn.yaml"
    threads: config["training"]["intra_op_threads"]
    resources:
        mem_mb=growing(3000, per_mb=0.5),
        runtime=growing(60, per_mb=0.02),
        gpu=1,
    params:
        code=version_of("predict_nodes"),
    script:
        "../scripts/cnn/predict_nodes.py"


localrules:
    predict,


rule predict:
    """Scores of the nodes of new exams, by every CNN."""
    input:
        f"{NEW_HOME}/cohort/sheets.json",
        f"{NEW_HOME}/exams.tsv",
        collect(f"{NEW_HOME}/cnn_{{cnn}}.tsv", cnn=CNNS),
