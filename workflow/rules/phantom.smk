"""The synthetic cohort: an instrument with a known answer.

INPUTS   config: phantom, seed
OUTPUTS  raw/exams.tsv, raw/nodes.tsv, raw/readings.tsv  as a hospital hands them over
         raw/<shard>/<exam>/    DICOM CT and PET, MITK segmentation; temporary
         raw/truth.tsv, raw/truth.json  latents, dials, ceilings
         figures/phantom_gallery.{pdf,png}  contact sheet, on request
"""


rule draw_cohort:
    """Draw the truth of the synthetic cohort and write its sheets."""
    output:
        exams="<results>/raw/exams.tsv",
        nodes="<results>/raw/nodes.tsv",
        readings="<results>/raw/readings.tsv",
        truth="<results>/raw/truth.tsv",
        ceilings="<results>/raw/truth.json",
    log:
        "<logs>/draw_cohort.log",
    conda:
        "../../envs/core.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        phantom=lookup(within=config, dpath="phantom"),
        shards=gather.cohort("{scatteritem}"),
        seed=lookup(within=config, dpath="seed"),
        code=version_of("draw_cohort"),
    script:
        "../scripts/phantom/draw_cohort.py"


if "raw_shards" not in workflow.global_resources:
    workflow.register_resource("raw_shards", config["phantom"]["shards_at_once"])


rule simulate_exams:
    """Write the exams of a shard as DICOM and MITK files."""
    input:
        exams="<results>/raw/exams.tsv",
        truth="<results>/raw/truth.tsv",
    output:
        temp(directory("<results>/raw/{scatteritem}")),
    log:
        "<logs>/simulate_exams/{scatteritem}.log",
    benchmark:
        "<benchmarks>/simulate_exams/{scatteritem}.tsv"
    conda:
        "../../envs/core.yaml"
    resources:
        mem_mb=growing(1500),
        runtime=growing(120),
        raw_shards=1,
    params:
        body=lookup(within=config, dpath="phantom/body"),
        ct=lookup(within=config, dpath="phantom/ct"),
        pet=lookup(within=config, dpath="phantom/pet"),
        segmentation=lookup(within=config, dpath="phantom/segmentation"),
        seed=lookup(within=config, dpath="seed"),
        code=version_of("simulate_exams"),
    script:
        "../scripts/phantom/simulate_exams.py"


rule draw_phantom_gallery:
    """Draw every region of two sample patients, with close-ups of nodes and PET."""
    output:
        "<results>/figures/phantom_gallery.pdf",
        "<results>/figures/phantom_gallery.png",
    log:
        "<logs>/draw_phantom_gallery.log",
    conda:
        "../../envs/core.yaml"
    resources:
        mem_mb=growing(3000),
        runtime=growing(20),
    params:
        phantom=lookup(within=config, dpath="phantom"),
        seed=lookup(within=config, dpath="seed"),
        code=version_of("draw_phantom_gallery"),
    script:
        "../scripts/figures/draw_phantom_gallery.py"


localrules:
    phantom_gallery,


rule phantom_gallery:
    """Contact sheet of the synthetic cohort."""
    input:
        multiext("<results>/figures/phantom_gallery", ".pdf", ".png"),
