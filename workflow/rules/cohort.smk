"""Cohort: input validation, inclusion criteria, patient characteristics.

INPUTS   the sheets exams.tsv, nodes.tsv, readings.tsv and the exams they name
OUTPUTS  cohort/labels/<shard>.tsv, cohort/nodes_from_labels.tsv  in place of nodes.tsv
         cohort/labels/<shard>.json  why the labels of an exam give no nodes
         cohort/sheets.json          counts and sums of the sheets, once they agree
         cohort/inspected/<shard>.tsv  what headers and content of each exam say
         cohort/index/<shard>.json   how the files of each usable exam are read
         cohort/exams.tsv            every exam with included or the reason
         cohort/flow.json            counts for the flow chart
         cohort/accepted.json        number of unusable exams; none where they end the study
         cohort/second_look.json     numbers of accepted and doubted nodes; none where an answer
                                     is missing that is required
         cohort/characteristics.tsv  the cohort, overall and by partition
         check/pictures/<shard>/     every usable exam: CT, PET and mask around its nodes
         check/exams.tsv             every exam: ok, or what is wrong and the fix
         check/index.html            the same with every node, to look at and answer
         check/summary.txt           counts and fixes, printed when the check ends

`snakemake check` makes the last four and check/support.tsv, before any training.
"""


rule read_label_names:
    """Read the nodes of a shard from the names of labels, where no sheet was given."""
    input:
        SHARD_SHEETS["exams"],
    output:
        nodes="<results>/cohort/labels/{scatteritem}.tsv",
        unread="<results>/cohort/labels/{scatteritem}.json",
    log:
        "<logs>/read_label_names/{scatteritem}.log",
    benchmark:
        "<benchmarks>/read_label_names/{scatteritem}.tsv"
    priority: PRIORITY["exams"]
    conda:
        "../../envs/core.yaml"
    resources:
        mem_mb=growing(1500),
        runtime=growing(60),
        stops_at_bad_exam=STOPS_AT_BAD_EXAM,
    params:
        label_names=setting("cohort/label_names"),
        rows=rows_of,
        code=version_of("read_label_names"),
    script:
        "../scripts/cohort/read_label_names.py"


rule gather_label_names:
    """Join the nodes that label names tell of."""
    input:
        gather.cohort("<results>/cohort/labels/{scatteritem}.tsv"),
    output:
        "<results>/cohort/nodes_from_labels.tsv",
    log:
        "<logs>/gather_label_names.log",
    priority: PRIORITY["exams"]
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        label_names=setting("cohort/label_names"),
        code=version_of("gather_label_names"),
    script:
        "../scripts/cohort/gather_label_names.py"


rule check_sheets:
    """Prove that the input sheets are well formed and speak of the same nodes."""
    input:
        exams=SHEETS["exams"],
        nodes=SHEETS["nodes"],
        readings=SHEETS["readings"] or [],
        split=SPLIT_SHEET,
    output:
        "<results>/cohort/sheets.json",
    log:
        "<logs>/check_sheets.log",
    priority: PRIORITY["guards"]
    # First of all. No shard waits for it, or a new exam would be a matter of every
    # shard; each checks its own rows again.
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        labelled=True,
        period=setting("cohort/criteria/period"),
        rows=sheets_of(
            "cohort/exams", "cohort/nodes", "cohort/readings", "datasets/given"
        ),
        protocol=setting("datasets/protocol"),
        by=setting("datasets/by"),
        folds=setting("datasets/folds"),
        code=version_of("check_sheets"),
    script:
        "../scripts/cohort/check_sheets.py"


rule inspect_exams:
    """Read the headers of a shard's exams and list what is wrong with them."""
    input:
        exams=SHARD_SHEETS["exams"],
        nodes=SHARD_SHEETS["nodes"],
        unread=UNREAD_LABELS,
        raw=RAW_SHARD,
    output:
        inspections="<results>/cohort/inspected/{scatteritem}.tsv",
        index="<results>/cohort/index/{scatteritem}.json",
    log:
        "<logs>/inspect_exams/{scatteritem}.log",
    benchmark:
        "<benchmarks>/inspect_exams/{scatteritem}.tsv"
    priority: PRIORITY["exams"]
    conda:
        "../../envs/core.yaml"
    resources:
        mem_mb=growing(1500),
        runtime=growing(120),
        stops_at_bad_exam=STOPS_AT_BAD_EXAM,
    params:
        evidence=EVIDENCE,
        repairs=setting("cohort/repairs"),
        content=setting("cohort/content"),
        pet_limits=setting("cohort/pet_limits"),
        rows=rows_of,
        code=version_of("inspect_exams"),
    script:
        "../scripts/cohort/inspect_exams.py"


rule select_cohort:
    """Apply the inclusion criteria to every exam and count the flow."""
    input:
        exams=SHEETS["exams"],
        inspections=gather.cohort("<results>/cohort/inspected/{scatteritem}.tsv"),
    output:
        cohort="<results>/cohort/exams.tsv",
        flow="<results>/cohort/flow.json",
    log:
        "<logs>/select_cohort.log",
    priority: PRIORITY["figures"]
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        limits=LIMITS,
        code=version_of("select_cohort"),
    script:
        "../scripts/cohort/select_cohort.py"


rule accept_exams:
    """End the study at an unusable exam, where it is configured to."""
    input:
        gather.cohort("<results>/cohort/inspected/{scatteritem}.tsv"),
    output:
        "<results>/cohort/accepted.json",
    log:
        "<logs>/accept_exams.log",
    priority: PRIORITY["guards"]
    # Exams may have been inspected when the study was to go on without unusable ones.
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        on_bad_exam=setting("cohort/on_bad_exam"),
        code=version_of("accept_exams"),
    script:
        "../scripts/cohort/accept_exams.py"


rule accept_second_look:
    """End the study at a node that nobody accepted, where it is configured to."""
    input:
        answers=setting("cohort/second_look/sheet") or [],
        nodes=SHEETS["nodes"],
        cohort="<results>/cohort/exams.tsv",
    output:
        "<results>/cohort/second_look.json",
    log:
        "<logs>/accept_second_look.log",
    priority: PRIORITY["guards"]
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        required=setting("cohort/second_look/required"),
        code=version_of("accept_second_look"),
    script:
        "../scripts/cohort/accept_second_look.py"


rule describe_cohort:
    """Describe patients and nodes, overall and by partition."""
    input:
        cohort="<results>/cohort/exams.tsv",
        nodes="<results>/nodes.tsv",
        test="<results>/datasets/test.tsv",
        status_balanced="<results>/datasets/status_balanced.tsv",
        location_balanced="<results>/datasets/location_balanced.tsv",
    output:
        "<results>/cohort/characteristics.tsv",
    log:
        "<logs>/describe_cohort.log",
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        code=version_of("describe_cohort"),
    script:
        "../scripts/cohort/describe_cohort.py"


rule picture_exams:
    """Write the nodes of a shard's usable exams for the check page."""
    input:
        exams=SHARD_SHEETS["exams"],
        nodes=SHARD_SHEETS["nodes"],
        index="<results>/cohort/index/{scatteritem}.json",
        raw=RAW_SHARD,
    output:
        directory("<results>/check/pictures/{scatteritem}"),
    log:
        "<logs>/picture_exams/{scatteritem}.log",
    benchmark:
        "<benchmarks>/picture_exams/{scatteritem}.tsv"
    priority: PRIORITY["exams"]
    conda:
        "../../envs/core.yaml"
    resources:
        mem_mb=growing(1500),
        runtime=growing(120),
    params:
        rows=rows_of,
        code=version_of("picture_exams"),
    script:
        "../scripts/nodes/picture_exams.py"


rule write_check:
    """List what is wrong with each exam, and how to fix it."""
    input:
        exams=SHEETS["exams"],
        nodes=SHEETS["nodes"],
        inspections=gather.cohort("<results>/cohort/inspected/{scatteritem}.tsv"),
        lost=gather.cohort("<results>/cohort/lost/measurement/{scatteritem}.tsv"),
        measured=gather.cohort("<results>/nodes/{scatteritem}.tsv"),
        flags="<results>/cohort/node_flags.tsv",
        readings=[] if SYNTHETIC else SHEETS["readings"] or [],
        second_look=setting("cohort/second_look/sheet") or [],
        pictures=gather.cohort("<results>/check/pictures/{scatteritem}"),
        support="<results>/check/support.tsv",
    output:
        table="<results>/check/exams.tsv",
        page="<results>/check/index.html",
        summary="<results>/check/summary.txt",
    log:
        "<logs>/write_check.log",
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        study=setting("study"),
        limits=LIMITS,
        code=version_of("write_check"),
    script:
        "../scripts/cohort/write_check.py"


localrules:
    check,


rule check:
    """Target: Report for every exam whether it can be used and what to fix; train nothing."""
    input:
        "<results>/cohort/sheets.json",
        "<results>/check/exams.tsv",
        "<results>/check/index.html",
        "<results>/check/summary.txt",
