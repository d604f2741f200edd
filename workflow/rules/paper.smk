"""The paper next to the study: its numbers, its claims, the counts behind its table.

INPUTS   config/published_numbers.tsv, cohort/, nodes.tsv, datasets/, scores/,
         statistics/, audit/
         a table of rounded shares (recover_counts.table)
OUTPUTS  tables/scorecard.{tsv,md,tex,html}  printed value next to ours
         tables/reference.{tsv,html}         AUCs, corrected for errors of PET
         audit/claims.json                   each claim, its verdict and its numbers
         tables/claims.{md,tex,html}         the same for reading
         recover_counts/counts.tsv          counts that fit, per row and rounding rule
         recover_counts/rows.tsv            cells that contradict each other
         recover_counts/removals.tsv        what to leave out, and what fits then
         recover_counts/conventions.tsv     rounding rules over the whole table
         recover_counts/points.tsv          operating points at a sensitivity
         recover_counts/means.tsv           printed means of several rows
         recover_counts/mcnemar_bounds.tsv  what McNemar's test can have been
         recover_counts/recovered.{md,html}  all of it, to be read

`snakemake recover_counts` needs none of the study's own files.
"""

# Relative to the workflow, wherever a study runs.
PUBLISHED = os.path.relpath(f"{CHECKOUT}/config/published_numbers.tsv")
# A table of the checkout, unless the folder of the study has one of this name.
TABLE = config["recover_counts"]["table"]
if not os.path.exists(TABLE):
    beside = os.path.relpath(f"{CHECKOUT}/{TABLE}")
    TABLE = beside if os.path.exists(beside) else TABLE
SCORECARD = multiext("<results>/tables/scorecard", ".tsv", ".md", ".tex", ".html")


rule write_scorecard:
    """Compare every number that the paper prints with that of the study."""
    input:
        published=PUBLISHED,
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
            labels={"item": "Scorecard", "content": "the paper's numbers with ours"},
        ),
    log:
        "<logs>/write_scorecard.log",
    conda:
        "../../envs/stats.yaml"
    resources:
        **SMALL_JOB,
    params:
        synthetic=SYNTHETIC,
        reference=setting("reference"),
        code=version_of("write_scorecard"),
    script:
        "../scripts/paper/write_scorecard.py"


REFERENCE = multiext("<results>/tables/reference", ".tsv", ".html")


rule correct_for_reference:
    """Correct the paper's AUCs and the study's for errors of the reference test."""
    input:
        published=PUBLISHED,
        statistics=collect(
            "<results>/statistics/{classifier}.json", classifier=CLASSIFIERS
        ),
        scores=collect("<results>/scores/{classifier}.csv", classifier=CLASSIFIERS),
        nodes="<results>/nodes.tsv",
        truth="<results>/raw/truth.tsv" if SYNTHETIC else [],
    output:
        table="<results>/tables/reference.tsv",
        page=report(
            "<results>/tables/reference.html",
            caption="../report/reference.rst",
            category="Tables",
            labels={
                "item": "Reference",
                "content": "AUCs, corrected for errors of PET",
            },
        ),
    log:
        "<logs>/correct_for_reference.log",
    conda:
        "../../envs/stats.yaml"
    resources:
        **SMALL_JOB,
    params:
        classifiers=CLASSIFIERS,
        reference=setting("reference"),
        confidence_level=setting("statistics/confidence_level"),
        replicates=setting("statistics/replicates"),
        seed=setting("seed"),
        code=version_of("correct_for_reference"),
    script:
        "../scripts/paper/correct_for_reference.py"


CLAIMS = multiext("<results>/tables/claims", ".md", ".tex", ".html")


rule check_claims:
    """Put the claims of the paper to the study."""
    input:
        statistics=collect(
            "<results>/statistics/{classifier}.json", classifier=CLASSIFIERS
        ),
        differences="<results>/statistics/auc_differences.tsv",
        simple="<results>/statistics/over_simple.tsv",
        comparisons="<results>/statistics/mcnemar.tsv",
        location="<results>/audit/location.tsv",
        localisation="<results>/audit/localisation.tsv",
        controls="<results>/audit/localisation_controls.tsv",
        halo="<results>/audit/halo.tsv",
        nodes="<results>/nodes.tsv",
        xmask="<results>/scores/cnn_xmask.csv",
        refit_differences=collect(
            "<results>/refits/{refit}/auc_differences.tsv", refit=REFITS
        ),
        refit_comparisons=collect("<results>/refits/{refit}/mcnemar.tsv", refit=REFITS),
        refit_location=collect("<results>/refits/{refit}/location.tsv", refit=REFITS),
        refit_xmask=collect("<results>/refits/{refit}/xmask/scores.csv", refit=REFITS),
    output:
        answers="<results>/audit/claims.json",
        tables=multiext("<results>/tables/claims", ".md", ".tex"),
        page=report(
            "<results>/tables/claims.html",
            caption="../report/claims.rst",
            category="Tables",
            labels={
                "item": "Claims",
                "content": "the paper's claims, tested on the study",
            },
        ),
    log:
        "<logs>/check_claims.log",
    conda:
        "../../envs/stats.yaml"
    resources:
        **SMALL_JOB,
    params:
        confidence_level=setting("statistics/confidence_level"),
        replicates=setting("statistics/replicates"),
        seed=setting("seed"),
        code=version_of("check_claims"),
    script:
        "../scripts/paper/check_claims.py"


localrules:
    reference,
    scorecard,
    claims,


rule reference:
    """Target: The AUCs that errors of the reference test allow."""
    input:
        REFERENCE,


rule scorecard:
    """Target: Every number that the paper prints, next to that of the study."""
    input:
        SCORECARD,


rule claims:
    """Target: The claims of the paper, tested on the study."""
    input:
        CLAIMS,


rule recover_counts:
    """Target: Find all counts that fit a published table, and what follows from them."""
    input:
        table=TABLE,
    output:
        tables=collect(
            "<results>/recover_counts/{name}.tsv",
            name=[
                "counts",
                "rows",
                "removals",
                "conventions",
                "points",
                "means",
                "mcnemar_bounds",
            ],
        ),
        text="<results>/recover_counts/recovered.md",
        page=report(
            "<results>/recover_counts/recovered.html",
            caption="../report/recover_counts.rst",
            category="Tables",
            labels={"item": "Counts", "content": "behind the published table"},
        ),
    log:
        "<logs>/recover_counts.log",
    conda:
        "../../envs/core.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=growing(20),
    params:
        significance=setting("recover_counts/significance"),
        code=version_of("recover_counts"),
    script:
        "../scripts/paper/recover_counts.py"
