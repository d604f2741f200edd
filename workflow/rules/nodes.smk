"""Nodes: measurements, patches of 80 mm, and examples for Figure 1.

INPUTS   cohort/inspected/<shard>.tsv, cohort/index/<shard>.json, the exams
         nodes.tsv, datasets/test.tsv  for the examples
OUTPUTS  nodes.tsv, nodes/<shard>.tsv  one row per node, of all shards and of one
         cohort/uptake_disagreements.tsv  nodes whose SUVmax does not fit their status
         figures/uptake.{pdf,svg,png}     every node's SUVmax, those ringed
         patches/<shard>.h5            CT in HU and mask, 1 mm isotropic
         examples/chosen.tsv   the most typical nodes of the test set, for Figure 1
         examples/raw/         their exams once more (synthetic only); temporary
         examples/exams.tsv, examples/nodes.tsv  sheets of these; temporary
         examples/pictures.h5  sections of CT and PET, without identifiers
"""

UPTAKE = multiext("<results>/figures/uptake", ".pdf", ".svg", ".png")


rule measure_nodes:
    """Measure volume, axes, attenuation and uptake of a shard's nodes."""
    input:
        inspections="<results>/cohort/inspected/{scatteritem}.tsv",
        exams=SHARD_SHEETS["exams"],
        nodes=SHARD_SHEETS["nodes"],
        index="<results>/cohort/index/{scatteritem}.json",
        raw=RAW_SHARD,
    output:
        "<results>/nodes/{scatteritem}.tsv",
    log:
        "<logs>/measure_nodes/{scatteritem}.log",
    benchmark:
        "<benchmarks>/measure_nodes/{scatteritem}.tsv"
    priority: 10
    conda:
        "../../envs/core.yaml"
    resources:
        mem_mb=growing(1500),
        runtime=growing(120),
        stops_at_bad_exam=STOPS_AT_BAD_EXAM,
    params:
        limits=LIMITS,
        rows=rows_of,
        code=version_of("measure_nodes"),
    script:
        "../scripts/nodes/measure_nodes.py"


rule gather_nodes:
    """Join the measured nodes of all shards."""
    input:
        gather.cohort("<results>/nodes/{scatteritem}.tsv"),
    output:
        "<results>/nodes.tsv",
    log:
        "<logs>/gather_nodes.log",
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        code=version_of("gather_nodes"),
    script:
        "../scripts/nodes/gather_nodes.py"


rule check_uptake:
    """List nodes whose uptake does not fit their status; nothing is relabelled."""
    input:
        "<results>/nodes.tsv",
    output:
        "<results>/cohort/uptake_disagreements.tsv",
    log:
        "<logs>/check_uptake.log",
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        cutoff_suv=lookup(within=config, dpath="cohort/suv_cutoff"),
        code=version_of("check_uptake"),
    script:
        "../scripts/nodes/check_uptake.py"


rule draw_uptake:
    """Draw every node's SUVmax by status and location."""
    input:
        nodes="<results>/nodes.tsv",
        disagreements="<results>/cohort/uptake_disagreements.tsv",
    output:
        UPTAKE,
    log:
        "<logs>/draw_uptake.log",
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        cutoff_suv=lookup(within=config, dpath="cohort/suv_cutoff"),
        synthetic=SYNTHETIC,
        code=version_of("draw_uptake"),
    script:
        "../scripts/figures/draw_uptake.py"


localrules:
    uptake,


rule uptake:
    """Compare SUVmax with status, for a second look at nodes that disagree."""
    input:
        UPTAKE,


rule extract_patches:
    """Cut a cube around every measured node of a shard."""
    input:
        inspections="<results>/cohort/inspected/{scatteritem}.tsv",
        exams=SHARD_SHEETS["exams"],
        nodes=SHARD_SHEETS["nodes"],
        measured="<results>/nodes/{scatteritem}.tsv",
        index="<results>/cohort/index/{scatteritem}.json",
        raw=RAW_SHARD,
    output:
        "<results>/patches/{scatteritem}.h5",
    log:
        "<logs>/extract_patches/{scatteritem}.log",
    benchmark:
        "<benchmarks>/extract_patches/{scatteritem}.tsv"
    priority: 10
    conda:
        "../../envs/core.yaml"
    resources:
        mem_mb=growing(3000),
        # A row of the nodes is some 200 bytes, and its patch up to 3 s.
        runtime=growing(240, per_mb=250),
        stops_at_bad_exam=STOPS_AT_BAD_EXAM,
    params:
        limits=LIMITS,
        size_mm=lookup(within=config, dpath="patches/size_mm"),
        spacing_mm=lookup(within=config, dpath="patches/spacing_mm"),
        centre=lookup(within=config, dpath="patches/centre"),
        rows=rows_of,
        code=version_of("extract_patches"),
    script:
        "../scripts/nodes/extract_patches.py"


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
        **SMALL_JOB,
    params:
        code=version_of("choose_examples"),
    script:
        "../scripts/nodes/choose_examples.py"


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
        "../scripts/nodes/simulate_examples.py"


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
        "../scripts/nodes/picture_examples.py"
