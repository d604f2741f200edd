"""Figures of the paper, each a target of its own.

INPUTS   examples/, cohort/, nodes.tsv, datasets/, models/, statistics/, scores/,
         attribution/, audit/ceilings.tsv (synthetic only)
OUTPUTS  figures/figure_<number>.{pdf,svg,png}  each with its legend inside
         figures/unsigned_heatmaps.{pdf,svg,png}  Figure 6 in one colour
         figures/unsigned_heatmaps_pair.{pdf,svg,png}  Figure 7 in one colour
         figures/faithfulness.{pdf,svg,png}  support while pixels are replaced
"""

# The figures of the paper, in its order; each has a rule draw_figure_<number>.
FIGURE_NUMBERS = [1, 2, 3, 4, 5, 6, 7]
FIGURES = collect(
    "<results>/figures/figure_{number}.{suffix}",
    number=FIGURE_NUMBERS,
    suffix=["pdf", "svg", "png"],
)
# The nodes of Figures 6 and 7; light contributes to the output, whatever its sign.
UNSIGNED_HEATMAPS = collect(
    "<results>/figures/unsigned_heatmaps{pair}.{suffix}",
    pair=["", "_pair"],
    suffix=["pdf", "svg", "png"],
)
FAITHFULNESS_FIGURE = multiext("<results>/figures/faithfulness", ".pdf", ".svg", ".png")
# What the report embeds, as it was drawn.
ILLUSTRATED = [f"figure_{number}" for number in FIGURE_NUMBERS] + [
    "uptake",
    "training",
    "subgroups",
    "calibration",
    "decision_curves",
    "faithfulness",
    "counterfactual",
    "mixes",
    *(["shortcut_matrix"] if MATRIX_SHOWN else []),
    "robustness",
    *(["readers"] if READERS else []),
]


rule draw_figure_1:
    """Draw CT and PET of a patient, of a negative and of a positive node."""
    input:
        chosen="<results>/examples/chosen.tsv",
        pictures="<results>/examples/pictures.h5",
    output:
        "<results>/figures/figure_1.pdf",
        "<results>/figures/figure_1.svg",
        report(
            "<results>/figures/figure_1.png",
            caption="../report/figure_1.rst",
            category="Figures",
            labels={"item": "Figure 1", "content": "CT and PET"},
        ),
    log:
        "<logs>/draw_figure_1.log",
    priority: PRIORITY["figure_1"]
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        window_hu=setting("image/window_hu"),
        synthetic=SYNTHETIC,
        code=version_of("draw_figure_1"),
    script:
        "../scripts/figures/draw_figure_1.py"


rule draw_figure_2:
    """Draw the way from screened patients to the datasets."""
    input:
        flow="<results>/cohort/flow.json",
        cohort="<results>/cohort/exams.tsv",
        sheet=SHEETS["nodes"],
        nodes="<results>/nodes.tsv",
        lost=LOST_NODES,
        test="<results>/datasets/test.tsv",
        status_balanced="<results>/datasets/status_balanced.tsv",
        location_balanced="<results>/datasets/location_balanced.tsv",
        dropped="<results>/datasets/dropped.tsv",
        certificate="<results>/datasets/certificate.json",
    output:
        "<results>/figures/figure_2.pdf",
        "<results>/figures/figure_2.svg",
        report(
            "<results>/figures/figure_2.png",
            caption="../report/figure_2.rst",
            category="Figures",
            labels={"item": "Figure 2", "content": "flow chart of the datasets"},
        ),
    log:
        "<logs>/draw_figure_2.log",
    priority: PRIORITY["figures"]
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        synthetic=SYNTHETIC,
        code=version_of("draw_figure_2"),
    script:
        "../scripts/figures/draw_figure_2.py"


rule draw_figure_3:
    """Draw the nodes of the datasets by location, status and volume."""
    input:
        nodes="<results>/nodes.tsv",
        status_balanced="<results>/datasets/status_balanced.tsv",
        location_balanced="<results>/datasets/location_balanced.tsv",
        test="<results>/datasets/test.tsv",
    output:
        "<results>/figures/figure_3.pdf",
        "<results>/figures/figure_3.svg",
        report(
            "<results>/figures/figure_3.png",
            caption="../report/figure_3.rst",
            category="Figures",
            labels={"item": "Figure 3", "content": "locations and volumes"},
        ),
    log:
        "<logs>/draw_figure_3.log",
    priority: PRIORITY["figures"]
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        synthetic=SYNTHETIC,
        code=version_of("draw_figure_3"),
    script:
        "../scripts/figures/draw_figure_3.py"


rule draw_figure_4:
    """Draw the network from the layers that were built."""
    input:
        card="<results>/models/status_balanced/card.json",
        recipe="<results>/models/status_balanced/recipe.json",
        chosen="<results>/examples/chosen.tsv",
        patches=PATCHES,
    output:
        "<results>/figures/figure_4.pdf",
        "<results>/figures/figure_4.svg",
        report(
            "<results>/figures/figure_4.png",
            caption="../report/figure_4.rst",
            category="Figures",
            labels={"item": "Figure 4", "content": "the network"},
        ),
    log:
        "<logs>/draw_figure_4.log",
    priority: PRIORITY["figures"]
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        synthetic=SYNTHETIC,
        code=version_of("draw_figure_4"),
    script:
        "../scripts/figures/draw_figure_4.py"


rule draw_figure_5:
    """Draw ROC curves with readers and forests, and histograms of the CNN outputs."""
    input:
        roc=collect("<results>/statistics/roc/cnn_{cnn}.tsv", cnn=CNNS),
        band=collect("<results>/statistics/band/cnn_{cnn}.tsv", cnn=CNNS),
        statistics=collect("<results>/statistics/cnn_{cnn}.json", cnn=CNNS),
        scores=collect("<results>/scores/cnn_{cnn}.csv", cnn=CNNS),
        readers=collect("<results>/statistics/{reader}.json", reader=READERS),
        forests=collect("<results>/statistics/rf_{forest}.json", forest=FORESTS),
        ceilings=CEILINGS,
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
    priority: PRIORITY["results"]
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        cnns=[f"cnn_{cnn}" for cnn in CNNS],
        readers=READERS,
        forests=[f"rf_{forest}" for forest in FORESTS],
        synthetic=SYNTHETIC,
        code=version_of("draw_figure_5"),
    script:
        "../scripts/figures/draw_figure_5.py"


rule draw_figure_6:
    """Draw the heatmaps of all CNNs for a positive and a negative node."""
    input:
        heatmaps=collect("<results>/attribution/{cnn}.h5", cnn=CNNS),
        scores=collect("<results>/scores/cnn_{cnn}.csv", cnn=CNNS),
        statistics=collect("<results>/statistics/cnn_{cnn}.json", cnn=CNNS),
        nodes="<results>/nodes.tsv",
    output:
        "<results>/figures/figure_6.pdf",
        "<results>/figures/figure_6.svg",
        report(
            "<results>/figures/figure_6.png",
            caption="../report/figure_6.rst",
            category="Figures",
            labels={"item": "Figure 6", "content": "heatmaps of three CNNs"},
        ),
    log:
        "<logs>/draw_figure_6.log",
    priority: PRIORITY["figures"]
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        cnns=CNNS,
        window_hu=setting("image/window_hu"),
        synthetic=SYNTHETIC,
        code=version_of("draw_figure_6"),
    script:
        "../scripts/figures/draw_figure_6.py"


rule draw_figure_7:
    """Draw the heatmaps of two CNNs for two nodes of one location."""
    input:
        heatmaps=collect("<results>/attribution/{cnn}.h5", cnn=CNNS[1:]),
        scores=collect("<results>/scores/cnn_{cnn}.csv", cnn=CNNS[1:]),
        statistics=collect("<results>/statistics/cnn_{cnn}.json", cnn=CNNS[1:]),
        nodes="<results>/nodes.tsv",
    output:
        "<results>/figures/figure_7.pdf",
        "<results>/figures/figure_7.svg",
        report(
            "<results>/figures/figure_7.png",
            caption="../report/figure_7.rst",
            category="Figures",
            labels={"item": "Figure 7", "content": "heatmaps at one location"},
        ),
    log:
        "<logs>/draw_figure_7.log",
    priority: PRIORITY["figures"]
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        cnns=CNNS[1:],
        window_hu=setting("image/window_hu"),
        synthetic=SYNTHETIC,
        code=version_of("draw_figure_7"),
    script:
        "../scripts/figures/draw_figure_7.py"


rule draw_unsigned_heatmaps:
    """Draw Figures 6 and 7 in one colour, as the paper prints them."""
    input:
        heatmaps=collect("<results>/attribution/{cnn}.h5", cnn=CNNS),
        scores=collect("<results>/scores/cnn_{cnn}.csv", cnn=CNNS),
        statistics=collect("<results>/statistics/cnn_{cnn}.json", cnn=CNNS),
        nodes="<results>/nodes.tsv",
    output:
        figure_6=drawn(
            "unsigned_heatmaps",
            item="Figure 6, one colour",
            content="as the paper prints it",
        ),
        figure_7=drawn(
            "unsigned_heatmaps_pair",
            item="Figure 7, one colour",
            content="as the paper prints it",
        ),
    log:
        "<logs>/draw_unsigned_heatmaps.log",
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        cnns=CNNS,
        paired=CNNS[1:],
        window_hu=setting("image/window_hu"),
        synthetic=SYNTHETIC,
        code=version_of("draw_unsigned_heatmaps"),
    script:
        "../scripts/figures/draw_unsigned_heatmaps.py"


rule draw_faithfulness:
    """Draw the support of the CNNs while pixels are replaced, by every method."""
    input:
        curves=collect("<results>/attribution/{cnn}.curves.tsv", cnn=CNNS),
    output:
        drawn(
            "faithfulness",
            item="Faithfulness",
            content="of the heatmaps",
            category="Audit",
        ),
    log:
        "<logs>/draw_faithfulness.log",
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        cnns=CNNS,
        synthetic=SYNTHETIC,
        code=version_of("draw_faithfulness"),
    script:
        "../scripts/figures/draw_faithfulness.py"


localrules:
    figure_1,
    figure_2,
    figure_3,
    figure_4,
    figure_5,
    figure_6,
    figure_7,
    unsigned_heatmaps,
    faithfulness,
    figures,


rule figure_1:
    """Target: Figure 1 of the paper."""
    input:
        multiext("<results>/figures/figure_1", ".pdf", ".svg", ".png"),


rule figure_2:
    """Target: Figure 2 of the paper."""
    input:
        multiext("<results>/figures/figure_2", ".pdf", ".svg", ".png"),


rule figure_3:
    """Target: Figure 3 of the paper."""
    input:
        multiext("<results>/figures/figure_3", ".pdf", ".svg", ".png"),


rule figure_4:
    """Target: Figure 4 of the paper."""
    input:
        multiext("<results>/figures/figure_4", ".pdf", ".svg", ".png"),


rule figure_5:
    """Target: Figure 5 of the paper."""
    input:
        multiext("<results>/figures/figure_5", ".pdf", ".svg", ".png"),


rule figure_6:
    """Target: Figure 6 of the paper."""
    input:
        multiext("<results>/figures/figure_6", ".pdf", ".svg", ".png"),


rule figure_7:
    """Target: Figure 7 of the paper."""
    input:
        multiext("<results>/figures/figure_7", ".pdf", ".svg", ".png"),


rule unsigned_heatmaps:
    """Target: Figures 6 and 7 in one colour, as the paper prints them."""
    input:
        UNSIGNED_HEATMAPS,


rule faithfulness:
    """Target: Whether the heatmaps name the pixels that matter."""
    input:
        FAITHFULNESS_FIGURE,


rule figures:
    """Target: All figures."""
    input:
        FIGURES,
        UNSIGNED_HEATMAPS,
        FAITHFULNESS_FIGURE,
