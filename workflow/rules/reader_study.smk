"""Reader study: agreement, operating points, comparison with the CNNs.

INPUTS   scores/<reader>.csv, scores/cnn_<cnn>.csv, statistics/cnn_<cnn>.json
OUTPUTS  readers/areas.tsv             ordinal and dichotomised AUC of each reader
         readers/operating_points.tsv  counts at each cut between two ratings
         readers/agreement.tsv         kappa of each pair of readers
         readers/contrasts.tsv         CNNs against the readers' mean, readers fixed
         readers/random_readers.tsv    the same with readers random
         readers/imrmc.csv, readers/mrmcaov.csv  the ratings, for MRMC software
         tables/readers.{md,html}      all of it, to be read
         figures/readers.{pdf,svg,png}  operating points, networks minus readers
"""

READER_STUDY = (
    ["<results>/tables/readers.html"]
    + multiext("<results>/figures/readers", ".pdf", ".svg", ".png")
    if READERS
    else []
)
# Of the report, in the order of its ReaderStudy.
READER_TABLES = (
    collect(
        "<results>/readers/{name}.tsv",
        name=["areas", "operating_points", "agreement", "contrasts", "random_readers"],
    )
    if READERS
    else []
)


rule study_readers:
    """Evaluate readers, their agreement, and networks against their mean."""
    input:
        ratings=ratings,
        scores=collect("<results>/scores/cnn_{cnn}.csv", cnn=CNNS),
        statistics=collect("<results>/statistics/cnn_{cnn}.json", cnn=CNNS),
    output:
        areas="<results>/readers/areas.tsv",
        points="<results>/readers/operating_points.tsv",
        agreement="<results>/readers/agreement.tsv",
        fixed="<results>/readers/contrasts.tsv",
        random="<results>/readers/random_readers.tsv",
        imrmc="<results>/readers/imrmc.csv",
        mrmcaov="<results>/readers/mrmcaov.csv",
        text="<results>/tables/readers.md",
        page=report(
            "<results>/tables/readers.html",
            caption="../report/readers.rst",
            category="Tables",
            labels={"item": "Readers", "content": "agreement, networks against them"},
        ),
    log:
        "<logs>/study_readers.log",
    conda:
        "../../envs/stats.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=growing(20),
    params:
        readers=READERS,
        networks=[f"cnn_{cnn}" for cnn in CNNS],
        confidence_level=setting("statistics/confidence_level"),
        replicates=setting("statistics/replicates"),
        seed=setting("seed"),
        code=version_of("study_readers"),
    script:
        "../scripts/statistics/study_readers.py"


rule draw_readers:
    """Draw the readers' operating points, and networks less readers."""
    input:
        points="<results>/readers/operating_points.tsv",
        fixed="<results>/readers/contrasts.tsv",
        roc=collect("<results>/statistics/roc/cnn_{cnn}.tsv", cnn=CNNS),
    output:
        "<results>/figures/readers.pdf",
        "<results>/figures/readers.svg",
        report(
            "<results>/figures/readers.png",
            caption="../report/readers.rst",
            category="Figures",
            labels={"item": "Readers", "content": "and the networks"},
        ),
    log:
        "<logs>/draw_readers.log",
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        networks=[f"cnn_{cnn}" for cnn in CNNS],
        confidence_level=setting("statistics/confidence_level"),
        synthetic=SYNTHETIC,
        code=version_of("draw_readers"),
    script:
        "../scripts/figures/draw_readers.py"


localrules:
    reader_study,


rule reader_study:
    """Target: The reader study: tables, page, figure, and files for MRMC software."""
    input:
        "<results>/tables/readers.html",
        "<results>/readers/contrasts.tsv",
        multiext("<results>/figures/readers", ".pdf", ".svg", ".png"),
