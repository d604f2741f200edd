"""A dry inspection of the cohort, before any hour is spent on it: `snakemake check`.

INPUTS   cohort/inspected/<shard>.tsv, cohort/index/<shard>.json, the exams
OUTPUTS  check/pictures/<shard>/  every usable exam: its nodes on CT, and CT on PET
         check/exams.tsv          every exam: ok, or what is wrong with it and the fix
         check/index.html         the same with the pictures, to leaf through
"""


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
        "../scripts/picture_exams.py"


rule write_check:
    """List what is wrong with each exam, and how to mend it."""
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
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        study=lookup(within=config, dpath="study"),
        criteria=lookup(within=config, dpath="cohort/criteria"),
        code=version_of("write_check"),
    script:
        "../scripts/write_check.py"


localrules:
    check,


rule check:
    """Say of every exam whether it can be used, and what to mend; nothing is trained."""
    input:
        "<results>/cohort/sheets.json",
        "<results>/check/exams.tsv",
        "<results>/check/index.html",
