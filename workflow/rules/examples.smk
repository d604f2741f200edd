"""The exams that Figure 1 shows, kept as a few sections when the raw data are gone.

INPUTS   nodes.tsv, datasets/test.tsv, cohort/index/<shard>.json, the exams
OUTPUTS  examples/chosen.tsv   the most typical nodes of the test set, by rule
         examples/raw/         their exams once more (synthetic only); temporary
         examples/pictures.h5  sections of CT and PET, without identifiers
"""

# The sheets of these exams: yours, or those of the exams that are simulated again.
EXAMPLES = (
    {name: f"<results>/examples/{name}.tsv" for name in ("exams", "nodes")}
    if SYNTHETIC
    else SHEETS
)


rule choose_examples:
    """Choose the most typical positive and negative nodes of the test set."""
    input:
        nodes="<results>/nodes.tsv",
        test="<results>/datasets/test.tsv",
        sheet=SHEETS["nodes"],
    output:
        "<results>/examples/chosen.tsv",
    log:
        "<logs>/choose_examples.log",
    conda:
        "../../envs/core.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        code=version_of("choose_examples"),
    script:
        "../scripts/choose_examples.py"


rule simulate_examples:
    """Write the exams of the chosen nodes once more: raw exams are temporary."""
    input:
        exams="<results>/raw/exams.tsv",
        nodes="<results>/raw/nodes.tsv",
        truth="<results>/raw/truth.tsv",
        chosen="<results>/examples/chosen.tsv",
    output:
        exams=temp("<results>/examples/exams.tsv"),
        nodes=temp("<results>/examples/nodes.tsv"),
        raw=temp(directory("<results>/examples/raw")),
    log:
        "<logs>/simulate_examples.log",
    conda:
        "../../envs/core.yaml"
    resources:
        mem_mb=growing(1500),
        runtime=growing(20),
    params:
        body=lookup(within=config, dpath="phantom/body"),
        ct=lookup(within=config, dpath="phantom/ct"),
        pet=lookup(within=config, dpath="phantom/pet"),
        segmentation=lookup(within=config, dpath="phantom/segmentation"),
        seed=lookup(within=config, dpath="seed"),
        code=version_of("simulate_examples"),
    script:
        "../scripts/simulate_examples.py"


rule picture_examples:
    """Keep the sections of CT and PET that Figure 1 shows."""
    input:
        chosen="<results>/examples/chosen.tsv",
        exams=EXAMPLES["exams"],
        nodes=EXAMPLES["nodes"],
        indices=gather.cohort("<results>/cohort/index/{scatteritem}.json"),
        raw="<results>/examples/raw" if SYNTHETIC else [],
    output:
        "<results>/examples/pictures.h5",
    log:
        "<logs>/picture_examples.log",
    conda:
        "../../envs/core.yaml"
    resources:
        mem_mb=growing(3000),
        runtime=growing(30),
    params:
        code=version_of("picture_examples"),
    script:
        "../scripts/picture_examples.py"
