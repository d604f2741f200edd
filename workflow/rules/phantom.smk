"""The synthetic cohort with known truth.

INPUTS   config: phantom, seed
OUTPUTS  raw/exams.tsv, raw/nodes.tsv, raw/readings.tsv  as a hospital hands them over
         raw/<shard>/           DICOM CT and PET, MITK segmentation of each exam; temporary
         raw/truth.tsv, raw/truth.json  latents, dials, ceilings
         figures/phantom_gallery.{pdf,png}  contact sheet, on request
"""

# Before the plan: a folder that a killed run has half deleted is newer than what was made
# from the whole. While a lock stands, another run may work with it.
LOCKED = any(Path(".snakemake/locks").glob("*"))
if SYNTHETIC and workflow.is_main_process and not LOCKED:
    own = Path(f"results/{config['study']}")
    for folder in finish_deletions([*own.glob("raw/*-of-*"), own / "examples/raw"]):
        logger.info(
            f"{folder}: deleted to its end, which an earlier run did not reach."
        )

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
    priority: PRIORITY["exams"]
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        patients=setting("phantom/patients"),
        nodes=setting("phantom/nodes"),
        excluded_share=setting("phantom/excluded_share"),
        dials=DIALS,
        per_node_share=setting("phantom/segmentation/per_node_share"),
        ct=setting("phantom/ct"),
        shards=gather.cohort("{scatteritem}"),
        seed=setting("seed"),
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
    priority: PRIORITY["results"]
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        dials=DIALS,
        noise=setting("phantom/readers/noise"),
        sees_location=setting("phantom/readers/sees_location"),
        seed=setting("seed"),
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
    priority: PRIORITY["simulation"]
    conda:
        "../../envs/core.yaml"
    resources:
        mem_mb=growing(1500),
        # A row is about 100 bytes and an exam up to 20 s, of which a shard has its part.
        runtime=growing(120, per_mb=3300 / N_SHARDS),
        raw_shards=1,
    params:
        body=setting("phantom/body"),
        ct=setting("phantom/ct"),
        pet=setting("phantom/pet"),
        segmentation=setting("phantom/segmentation"),
        seed=setting("seed"),
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
        body=setting("phantom/body"),
        ct=setting("phantom/ct"),
        pet=setting("phantom/pet"),
        segmentation=setting("phantom/segmentation"),
        dials=DIALS,
        seed=setting("seed"),
        code=version_of("draw_phantom_gallery"),
    script:
        "../scripts/figures/draw_phantom_gallery.py"


localrules:
    phantom_gallery,


rule phantom_gallery:
    """Target: Contact sheet of the synthetic cohort."""
    input:
        multiext("<results>/figures/phantom_gallery", ".pdf", ".png"),
