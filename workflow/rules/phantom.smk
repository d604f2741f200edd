"""The synthetic cohort with known truth.

INPUTS   config: phantom, seed
OUTPUTS  raw/exams.tsv, raw/nodes.tsv, raw/readings.tsv  as a hospital hands them over
         raw/<shard>/           DICOM CT and PET, MITK segmentation of each exam; temporary
         raw/truth.tsv, raw/truth.json  latents, dials, ceilings
         figures/phantom_gallery.{pdf,png}  contact sheet, on request
"""

# The truth model; the rest of the section concerns scans, readers and the workflow.
DIALS = {
    key: config["phantom"][key]
    for key in (
        "prevalence",
        "location_bias",
        "delta_size",
        "delta_attenuation",
        "delta_hilum",
        "score_icc",
        "label_icc",
        "label_noise",
    )
}


rule draw_cohort:
    """Draw the truth of the synthetic cohort and write its sheets."""
    output:
        exams="<results>/raw/exams.tsv",
        nodes="<results>/raw/nodes.tsv",
        truth="<results>/raw/truth.tsv",
        ceilings="<results>/raw/truth.json",
    log:
        "<logs>/draw_cohort.log",
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        patients=lookup(within=config, dpath="phantom/patients"),
        nodes=lookup(within=config, dpath="phantom/nodes"),
        excluded_share=lookup(within=config, dpath="phantom/excluded_share"),
        dials=DIALS,
        per_node_share=lookup(
            within=config, dpath="phantom/segmentation/per_node_share"
        ),
        ct=lookup(within=config, dpath="phantom/ct"),
        shards=gather.cohort("{scatteritem}"),
        seed=lookup(within=config, dpath="seed"),
        code=version_of("draw_cohort"),
    script:
        "../scripts/phantom/draw_cohort.py"


rule simulate_readers:
    """Let the simulated readers rate the nodes of the synthetic cohort."""
    input:
        "<results>/raw/truth.tsv",
    output:
        "<results>/raw/readings.tsv",
    log:
        "<logs>/simulate_readers.log",
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        dials=DIALS,
        noise=lookup(within=config, dpath="phantom/readers/noise"),
        sees_location=lookup(within=config, dpath="phantom/readers/sees_location"),
        seed=lookup(within=config, dpath="seed"),
        code=version_of("simulate_readers"),
    script:
        "../scripts/phantom/simulate_readers.py"


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
        # A row is some 100 bytes and an exam up to 20 s, of which a shard has its part.
        runtime=growing(120, per_mb=3300 / config["cohort"]["shards"]),
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
        body=lookup(within=config, dpath="phantom/body"),
        ct=lookup(within=config, dpath="phantom/ct"),
        pet=lookup(within=config, dpath="phantom/pet"),
        segmentation=lookup(within=config, dpath="phantom/segmentation"),
        dials=DIALS,
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
