"""Two finished studies side by side, on request.

INPUTS   two folders with results, which no job makes or changes (compare)
OUTPUTS  compare/<pair>.html            what differs: numbers, configuration, versions
         compare/<pair>/classifiers.tsv  every classifier with its interval in both
         compare/<pair>/facts.tsv        cohorts, keys, versions and verdicts
"""


rule compare_studies:
    """Compare two finished studies on one page."""
    output:
        page="<results>/compare/{pair}.html",
        classifiers="<results>/compare/{pair}/classifiers.tsv",
        facts="<results>/compare/{pair}/facts.tsv",
    log:
        "<logs>/compare_studies/{pair}.log",
    conda:
        "../../envs/stats.yaml"
    resources:
        **SMALL_JOB,
    params:
        studies=compared_studies,
        code=version_of("compare_studies"),
    script:
        "../scripts/report/compare_studies.py"


localrules:
    compare,


rule compare:
    """Target: Two finished studies side by side (--config compare='[a, b]')."""
    input:
        comparison,
