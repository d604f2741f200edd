"""Nodes: measurements, patches of 80 mm, and examples for Figure 1.

INPUTS   cohort/inspected/<shard>.tsv, cohort/index/<shard>.json, the exams
         nodes.tsv, datasets/test.tsv  for the examples
OUTPUTS  nodes.tsv, nodes/<shard>.tsv  one row per node, of all shards and of one
         cohort/uptake_disagreements.tsv  nodes whose SUVmax does not fit their status
         figures/uptake.{pdf,svg,png}     every node's SUVmax, those ringed
         patches/<shard>.h5            CT in HU and mask, 1 mm isotropic
         patches.h5                    central slices of the patches of all shards
         radiomics.tsv                 features of every node, after the IBSI
         cohort/lost/<stage>/<shard>.tsv  nodes of included exams that were lost, and why
         cohort/lost_nodes.tsv         the same of all shards and stages
         cohort/node_flags.tsv         nodes whose masks are implausible, with the fix
         cohort/accepted_nodes.json    number of lost nodes; none where they end the study
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
        nodes="<results>/nodes/{scatteritem}.tsv",
        lost="<results>/cohort/lost/measurement/{scatteritem}.tsv",
    log:
        "<logs>/measure_nodes/{scatteritem}.log",
    benchmark:
        "<benchmarks>/measure_nodes/{scatteritem}.tsv"
    priority: PRIORITY["exams"]
    conda:
        "../../envs/core.yaml"
    resources:
        mem_mb=growing(1500),
        runtime=growing(120),
        stops_at_bad_exam=STOPS_AT_BAD_EXAM,
    params:
        limits=LIMITS,
        refused_share=setting("cohort/node_limits/refused_share_of_ct"),
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
    priority: PRIORITY["exams"]
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
        cutoff_suv=setting("cohort/suv_cutoff"),
        code=version_of("check_uptake"),
    script:
        "../scripts/nodes/check_uptake.py"


rule draw_uptake:
    """Draw every node's SUVmax by status and location."""
    input:
        nodes="<results>/nodes.tsv",
        disagreements="<results>/cohort/uptake_disagreements.tsv",
    output:
        drawn("uptake", item="Uptake", content="SUVmax and status"),
    log:
        "<logs>/draw_uptake.log",
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        cutoff_suv=setting("cohort/suv_cutoff"),
        synthetic=SYNTHETIC,
        code=version_of("draw_uptake"),
    script:
        "../scripts/figures/draw_uptake.py"


localrules:
    uptake,


rule uptake:
    """Target: Compare SUVmax with status, for a second look at nodes that disagree."""
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
        patches="<results>/patches/{scatteritem}.h5",
        lost="<results>/cohort/lost/patches/{scatteritem}.tsv",
    log:
        "<logs>/extract_patches/{scatteritem}.log",
    benchmark:
        "<benchmarks>/extract_patches/{scatteritem}.tsv"
    priority: PRIORITY["exams"]
    conda:
        "../../envs/core.yaml"
    resources:
        mem_mb=growing(3000),
        # A row of the nodes is about 200 bytes, and its patch up to 3 s.
        runtime=growing(240, per_mb=250),
        stops_at_bad_exam=STOPS_AT_BAD_EXAM,
    params:
        limits=LIMITS,
        size_mm=setting("patches/size_mm"),
        spacing_mm=setting("patches/spacing_mm"),
        centre=setting("patches/centre"),
        rows=rows_of,
        code=version_of("extract_patches"),
    script:
        "../scripts/nodes/extract_patches.py"


rule gather_slabs:
    """Join the central slices of the patches of all shards."""
    input:
        gather.cohort("<results>/patches/{scatteritem}.h5"),
    output:
        PATCHES,
    log:
        "<logs>/gather_slabs.log",
    benchmark:
        "<benchmarks>/gather_slabs.tsv"
    priority: PRIORITY["exams"]
    conda:
        "../../envs/core.yaml"
    resources:
        mem_mb=growing(1500),
        # A patch is 1 MB and takes a few milliseconds.
        runtime=growing(20, per_mb=0.0005),
    params:
        code=version_of("gather_slabs"),
    script:
        "../scripts/nodes/gather_slabs.py"


FEATURES = "<results>/radiomics.tsv"


rule measure_radiomics:
    """Measure features of intensity, shape, texture and border on all patches."""
    input:
        patches=gather.cohort("<results>/patches/{scatteritem}.h5"),
        nodes="<results>/nodes.tsv",
    output:
        FEATURES,
    log:
        "<logs>/measure_radiomics.log",
    benchmark:
        "<benchmarks>/measure_radiomics.tsv"
    priority: PRIORITY["results"]
    conda:
        "../../envs/core.yaml"
    resources:
        mem_mb=growing(1500),
        # A patch is 1 MB and takes about 14 milliseconds.
        runtime=growing(20, per_mb=0.001),
    params:
        code=version_of("measure_radiomics"),
    script:
        "../scripts/nodes/measure_radiomics.py"


NODE_FLAGS = "<results>/cohort/node_flags.tsv"
# The limits that remark on a node; measure_nodes reads the one that refuses it.
FLAG_LIMITS = {
    key: value
    for key, value in config["cohort"]["node_limits"].items()
    if key != "refused_share_of_ct"
}


rule flag_nodes:
    """List nodes whose masks are implausible; nothing is left out."""
    input:
        "<results>/nodes.tsv",
    output:
        NODE_FLAGS,
    log:
        "<logs>/flag_nodes.log",
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        limits=FLAG_LIMITS,
        code=version_of("flag_nodes"),
    script:
        "../scripts/nodes/flag_nodes.py"


LOST_NODES = "<results>/cohort/lost_nodes.tsv"


rule gather_losses:
    """Join the lost nodes of all shards and stages."""
    input:
        gather.cohort("<results>/cohort/lost/measurement/{scatteritem}.tsv"),
        gather.cohort("<results>/cohort/lost/patches/{scatteritem}.tsv"),
    output:
        LOST_NODES,
    log:
        "<logs>/gather_losses.log",
    priority: PRIORITY["guards"]
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        code=version_of("gather_losses"),
    script:
        "../scripts/nodes/gather_losses.py"


rule accept_nodes:
    """End the study at a lost node, where it is configured to."""
    input:
        LOST_NODES,
    output:
        "<results>/cohort/accepted_nodes.json",
    log:
        "<logs>/accept_nodes.log",
    priority: PRIORITY["guards"]
    # Nodes may have been lost when the study was to go on without them.
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        on_bad_exam=setting("cohort/on_bad_exam"),
        code=version_of("accept_nodes"),
    script:
        "../scripts/nodes/accept_nodes.py"


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
    priority: PRIORITY["figure_1"]
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
    priority: PRIORITY["figure_1"]
    conda:
        "../../envs/core.yaml"
    resources:
        mem_mb=growing(1500),
        runtime=growing(20),
    params:
        body=setting("phantom/body"),
        ct=setting("phantom/ct"),
        pet=setting("phantom/pet"),
        segmentation=setting("phantom/segmentation"),
        seed=setting("seed"),
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
    priority: PRIORITY["figure_1"]
    conda:
        "../../envs/core.yaml"
    resources:
        mem_mb=growing(3000),
        runtime=growing(30),
    params:
        code=version_of("picture_examples"),
    script:
        "../scripts/nodes/picture_examples.py"
