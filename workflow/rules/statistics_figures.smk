"""Figures of the statistics, each a target of its own.

INPUTS   statistics/
OUTPUTS  figures/calibration.{pdf,svg,png}      predicted and observed, by CNN
         figures/decision_curves.{pdf,svg,png}  net benefit by threshold probability
         figures/subgroups.{pdf,svg,png}        forest plot by location and size
"""

CALIBRATION_FIGURE = multiext("<results>/figures/calibration", ".pdf", ".svg", ".png")
DECISION_FIGURE = multiext("<results>/figures/decision_curves", ".pdf", ".svg", ".png")
SUBGROUP_FIGURE = multiext("<results>/figures/subgroups", ".pdf", ".svg", ".png")
COMPARED_WITH_CNNS = [f"rf_{forest}" for forest in FORESTS] + READERS


rule draw_calibration:
    """Draw predicted against observed for each CNN."""
    input:
        statistics=collect("<results>/statistics/cnn_{cnn}.json", cnn=CNNS),
        calibration=collect("<results>/statistics/calibration/cnn_{cnn}.tsv", cnn=CNNS),
    output:
        drawn("calibration", item="Calibration", content="of the CNNs"),
    log:
        "<logs>/draw_calibration.log",
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        cnns=[f"cnn_{cnn}" for cnn in CNNS],
        synthetic=SYNTHETIC,
        code=version_of("draw_calibration"),
    script:
        "../scripts/figures/draw_calibration.py"


rule draw_decision_curves:
    """Draw net benefit of CNNs, forests and readers."""
    input:
        cnns=collect("<results>/statistics/decision_curve/cnn_{cnn}.tsv", cnn=CNNS),
        others=collect(
            "<results>/statistics/decision_curve/{other}.tsv", other=COMPARED_WITH_CNNS
        ),
        statistics=f"<results>/statistics/cnn_{CNNS[0]}.json",
    output:
        drawn("decision_curves", item="Decision curves", content="net benefit"),
    log:
        "<logs>/draw_decision_curves.log",
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        cnns=[f"cnn_{cnn}" for cnn in CNNS],
        others=COMPARED_WITH_CNNS,
        synthetic=SYNTHETIC,
        code=version_of("draw_decision_curves"),
    script:
        "../scripts/figures/draw_decision_curves.py"


rule draw_subgroups:
    """Draw the CNNs by location and by size as a forest plot."""
    input:
        "<results>/statistics/subgroups.tsv",
    output:
        drawn("subgroups", item="Subgroups", content="location and size"),
    log:
        "<logs>/draw_subgroups.log",
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        classifiers=[f"cnn_{cnn}" for cnn in CNNS],
        synthetic=SYNTHETIC,
        code=version_of("draw_subgroups"),
    script:
        "../scripts/figures/draw_subgroups.py"


localrules:
    calibration,
    decision_curves,
    subgroups,
    statistics,


rule calibration:
    """Target: Calibration of the CNNs."""
    input:
        CALIBRATION_FIGURE,


rule decision_curves:
    """Target: Decision curves of CNNs, forests and readers."""
    input:
        DECISION_FIGURE,


rule subgroups:
    """Target: Results by location and size."""
    input:
        SUBGROUP_FIGURE,


rule statistics:
    """Target: All statistics, and their figures."""
    input:
        STATISTICS,
        CALIBRATION_FIGURE,
        DECISION_FIGURE,
        SUBGROUP_FIGURE,
