"""Precision: widths of intervals and detectable differences at this study size.

INPUTS   statistics/<classifier>.json
OUTPUTS  statistics/precision.tsv     widths of intervals, reached and expected
         statistics/detectable.tsv    smallest differences that McNemar's test finds
         statistics/nodes_needed.tsv  nodes that differences need
         tables/precision.{md,html}   all of it, to be read
"""

PRECISION = "<results>/tables/precision.html"


rule compute_precision:
    """Say how wide intervals are, and which differences can be found."""
    input:
        statistics=collect(
            "<results>/statistics/{classifier}.json", classifier=CLASSIFIERS
        ),
    output:
        precision="<results>/statistics/precision.tsv",
        differences="<results>/statistics/detectable.tsv",
        needed="<results>/statistics/nodes_needed.tsv",
        text="<results>/tables/precision.md",
        page=report(
            "<results>/tables/precision.html",
            caption="../report/precision.rst",
            category="Tables",
            labels={"item": "Precision", "content": "precision that this size allows"},
        ),
    log:
        "<logs>/compute_precision.log",
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        pairs=PAIRS,
        confidence_level=setting("statistics/confidence_level"),
        significance=SIGNIFICANCE,
        options=setting("precision"),
        code=version_of("compute_precision"),
    script:
        "../scripts/statistics/compute_precision.py"


localrules:
    precision,


rule precision:
    """Target: The precision page."""
    input:
        "<results>/tables/precision.html",
        "<results>/statistics/precision.tsv",
