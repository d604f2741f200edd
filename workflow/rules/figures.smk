"""Figures of the paper, each a target of its own.

INPUTS   statistics/, scores/
OUTPUTS  figures/figure_5.{pdf,svg,png}
         report/figure_5.svg  for the report to embed; temporary
"""

FIGURES = multiext("<results>/figures/figure_5", ".pdf", ".svg", ".png")


rule draw_figure_5:
    """Draw ROC curves with readers and forests, and histograms of the CNN outputs."""
    input:
        roc=collect("<results>/statistics/roc/cnn_{cnn}.tsv", cnn=CNNS),
        band=collect("<results>/statistics/band/cnn_{cnn}.tsv", cnn=CNNS),
        statistics=collect("<results>/statistics/cnn_{cnn}.json", cnn=CNNS),
        scores=collect("<results>/scores/cnn_{cnn}.csv", cnn=CNNS),
        readers=collect("<results>/statistics/{reader}.json", reader=READERS),
        forests=collect("<results>/statistics/rf_{forest}.json", forest=FORESTS),
    output:
        "<results>/figures/figure_5.pdf",
        "<results>/figures/figure_5.svg",
        report(
            "<results>/figures/figure_5.png",
            caption="../report/figure_5.rst",
            category="Figures",
            labels={"item": "Figure 5", "content": "ROC curves and histograms"},
        ),
    log:
        "<logs>/draw_figure_5.log",
    conda:
        "../../envs/core.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        cnns=[f"cnn_{cnn}" for cnn in CNNS],
        readers=READERS,
        forests=[f"rf_{forest}" for forest in FORESTS],
        synthetic=SYNTHETIC,
        code=version_of("draw_figure_5"),
    script:
        "../scripts/draw_figure_5.py"


use rule draw_figure_5 as illustrate_figure_5 with:
    # The report has its own copy, so that a lost figure is one job.
    output:
        temp("<results>/report/figure_5.svg"),
    log:
        "<logs>/illustrate_figure_5.log",


localrules:
    figure_5,
    figures,


rule figure_5:
    """Figure 5 of the paper."""
    input:
        multiext("<results>/figures/figure_5", ".pdf", ".svg", ".png"),


rule figures:
    """All figures."""
    input:
        FIGURES,
