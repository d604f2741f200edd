"""Cohort: input validation, inclusion criteria, patient characteristics.

INPUTS   the sheets exams.tsv, nodes.tsv, readings.tsv and the exams they name
OUTPUTS  cohort/labels/<shard>.tsv, cohort/nodes_from_labels.tsv  in place of nodes.tsv
         cohort/sheets.json          counts and sums of the sheets, once they agree
         cohort/inspected/<shard>.tsv  what the headers of each exam say
         cohort/index/<shard>.json   how the files of each usable exam are read
         cohort/exams.tsv            every exam with included or the reason
         cohort/flow.json            counts for the flow chart
         cohort/accepted.json        number of unusable exams; none where they end the study
         cohort/characteristics.tsv  the cohort, overall and by partition
         check/pictures/<shard>/     every usable exam: its nodes on CT, and CT on PET
         check/exams.tsv             every exam: ok, or what is wrong and the fix
         check/index.html            the same with the pictures, to leaf through

`snakemake check` makes the last three, before any training.
"""


rule read_label_names:
    """Read the nodes of a shard from the names of labels, where no sheet was given."""
    input:
        SHARD_SHEETS["exams"],
    output:
        "<results>/cohort/labels/{scatteritem}.tsv",
    log:
        "<logs>/read_label_names/{scatteritem}.log",
    benchmark:
        "<benchmarks>/read_label_names/{scatteritem}.tsv"
    conda:
        "../../envs/core.yaml"
    resources:
        mem_mb=growing(1500),
        runtime=growing(60),
        stops_at_bad_exam=STOPS_AT_BAD_EXAM,
    params:
        label_names=lookup(within=config, dpath="cohort/label_names"),
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
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        label_names=lookup(within=config, dpath="cohort/label_names"),
        code=version_of("gather_label_names"),
    script:
        "../scripts/cohort/gather_label_names.py"


rule check_sheets:
    """Prove that the input sheets are well formed and speak of the same nodes."""
    input:
        exams=SHEETS["exams"],
        nodes=SHEETS["nodes"],
        readings=SHEETS["readings"] or [],
    output:
        "<results>/cohort/sheets.json",
    log:
        "<logs>/check_sheets.log",
    # First of all. No shard waits for it, or a new exam would be a matter of every
    # shard; each checks its own rows again.
    priority: 20
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        labelled=True,
        rows=sheets_of(["exams", "nodes", "readings"]),
        code=version_of("check_sheets"),
    script:
        "../scripts/cohort/check_sheets.py"


rule inspect_exams:
    """Read the headers of a shard's exams and list what is wrong with them."""
    input:
        exams=SHARD_SHEETS["exams"],
        nodes=SHARD_SHEETS["nodes"],
        raw=RAW_SHARD,
    output:
        inspections="<results>/cohort/inspected/{scatteritem}.tsv",
        index="<results>/cohort/index/{scatteritem}.json",
    log:
        "<logs>/inspect_exams/{scatteritem}.log",
    benchmark:
        "<benchmarks>/inspect_exams/{scatteritem}.tsv"
    priority: 10
    conda:
        "../../envs/core.yaml"
    resources:
        mem_mb=growing(1500),
        runtime=growing(120),
        stops_at_bad_exam=STOPS_AT_BAD_EXAM,
    params:
        evidence=EVIDENCE,
        repairs=lookup(within=config, dpath="cohort/repairs"),
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
    # Exams may have been inspected when the study was to go on without unusable ones.
    priority: 20
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        on_bad_exam=lookup(within=config, dpath="cohort/on_bad_exam"),
        code=version_of("accept_exams"),
    script:
        "../scripts/cohort/accept_exams.py"


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
    """Draw the nodes of a shard's usable exams on CT and PET."""
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
    priority: 10
    conda:
        "../../envs/core.yaml"
    resources:
        mem_mb=growing(1500),
        runtime=growing(120),
    params:
        rows=rows_of,
        code=version_of("picture_exams"),
    script:
        "../scripts/figures/picture_exams.py"


rule write_check:
    """List what is wrong with each exam, and how to fix it."""
    input:
        exams=SHEETS["exams"],
        nodes=SHEETS["nodes"],
        inspections=gather.cohort("<results>/cohort/inspected/{scatteritem}.tsv"),
        pictures=gather.cohort("<results>/check/pictures/{scatteritem}"),
    output:
        table="<results>/check/exams.tsv",
        page="<results>/check/index.html",
    log:
        "<logs>/write_check.log",
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        study=lookup(within=config, dpath="study"),
        limits=LIMITS,
        code=version_of("write_check"),
    script:
        "../scripts/cohort/write_check.py"


localrules:
    check,


rule check:
    """Report for every exam whether it can be used and what to fix; train nothing."""
    input:
        "<results>/cohort/sheets.json",
        "<results>/check/exams.tsv",
        "<results>/check/index.html",
