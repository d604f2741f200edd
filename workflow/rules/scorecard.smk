"""The paper beside the study: every number that it prints, every claim that it makes.

INPUTS   config/published_numbers.tsv, cohort/, nodes.tsv, datasets/, statistics/
OUTPUTS  tables/scorecard.{tsv,md,tex,html}  printed value beside ours
"""

SCORECARD = multiext("<results>/tables/scorecard", ".tsv", ".md", ".tex", ".html")


rule write_scorecard:
    """Set every number that the paper prints beside ours."""
    input:
        published="config/published_numbers.tsv",
        flow="<results>/cohort/flow.json",
        cohort="<results>/cohort/exams.tsv",
        nodes="<results>/nodes.tsv",
        test="<results>/datasets/test.tsv",
        status_balanced="<results>/datasets/status_balanced.tsv",
        location_balanced="<results>/datasets/location_balanced.tsv",
        statistics=collect(
            "<results>/statistics/{classifier}.json", classifier=CLASSIFIERS
        ),
        comparisons="<results>/statistics/mcnemar.tsv",
    output:
        multiext("<results>/tables/scorecard", ".tsv", ".md", ".tex"),
        report(
            "<results>/tables/scorecard.html",
            caption="../report/scorecard.rst",
            category="Tables",
            labels={"item": "Scorecard", "content": "the paper's numbers beside ours"},
        ),
    log:
        "<logs>/write_scorecard.log",
    conda:
        "../../envs/stats.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        synthetic=SYNTHETIC,
        code=version_of("write_scorecard"),
    script:
        "../scripts/write_scorecard.py"


localrules:
    scorecard,


rule scorecard:
    """Every number that the paper prints, beside ours."""
    input:
        SCORECARD,
