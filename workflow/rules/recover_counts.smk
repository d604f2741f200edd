"""The integer counts behind a published table, on request: `snakemake recover_counts`.

INPUTS   a table of rounded shares (recover_counts.table); none of the study's own
OUTPUTS  recover_counts/counts.tsv          counts that fit, per row and rounding rule
         recover_counts/rows.tsv            cells that contradict each other
         recover_counts/removals.tsv        what to leave out, and what fits then
         recover_counts/conventions.tsv     rounding rules over the whole table
         recover_counts/points.tsv          operating points at a sensitivity
         recover_counts/means.tsv           printed means of several rows
         recover_counts/mcnemar_bounds.tsv  what McNemar's test can have been
         recover_counts/recovered.{md,html} all of it, to be read
"""


rule recover_counts:
    """Find all counts that fit a published table, and what follows from them."""
    input:
        table=config["recover_counts"]["table"],
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
        significance=lookup(within=config, dpath="recover_counts/significance"),
        code=version_of("recover_counts"),
    script:
        "../scripts/recover_counts.py"
