"""What every figure of the report shows, in words, and the files with its data."""

from collections.abc import Mapping

Described = tuple[str, tuple[str, ...]]
"""Description, and attributes of ``Artefacts`` with the files behind a figure."""

FIGURES: Mapping[str, Described] = {
    "figure_1": (
        "Coronal CT and PET projection of a patient with a marked positive node, and "
        "axial CT and PET of three nodes with their outlines and scale bars.",
        ("nodes",),
    ),
    "figure_2": (
        "Flow chart from screened patients over excluded and included exams to the "
        "test set and the training sets, with the number of nodes in each box.",
        ("flow",),
    ),
    "figure_3": (
        "Bars of positive and negative nodes by location for the training sets, and "
        "box plots of node volumes on a logarithmic axis by status and set.",
        ("nodes",),
    ),
    "figure_4": (
        "Diagram of the network: input patch, convolutional blocks, dense layers and "
        "output, with the size of each layer.",
        (),
    ),
    "figure_5": (
        "Above, sensitivity against specificity: a curve with a shaded band for each "
        "CNN, points for readers and random forests. Below, histograms of the outputs "
        "of each CNN for positive and negative nodes, with two thresholds.",
        ("scores", "statistics"),
    ),
    "figure_6": (
        "A row for a positive and one for a negative node: the CT with the outline of "
        "the node, then the heatmap of each CNN with the output below it.",
        ("heatmaps",),
    ),
    "figure_7": (
        "Two nodes of the same location, a row each: the CT with the outline of the "
        "node, then the heatmaps of two CNNs with the output below them.",
        ("heatmaps",),
    ),
    "uptake": (
        "SUVmax of every node on a logarithmic axis, a column for each location; "
        "positive and negative nodes in two colours, the cut-off as a dashed line, and "
        "rings around nodes that disagree with their status.",
        ("disagreements", "nodes"),
    ),
    "training": (
        "A column for each CNN. Above, training loss and held-out loss by epoch; "
        "below, AUC of the held-out nodes by epoch, a line for each fold and their "
        "mean.",
        ("trainings",),
    ),
    "subgroups": (
        "Forest plot of AUC, sensitivity and specificity of each CNN by location and "
        "short axis, with intervals and the numbers of positive and negative nodes.",
        ("subgroups",),
    ),
    "calibration": (
        "Observed share of positive nodes against predicted probability for each CNN, "
        "in the test set and weighted to all nodes, with points, intervals, the fitted "
        "curve and the diagonal.",
        ("statistics",),
    ),
    "decision_curves": (
        "Net benefit against threshold probability: on the left the CNNs with bands, "
        "on the right with forests and readers, each with the lines of acting on all "
        "and on no nodes.",
        ("classifiers",),
    ),
    "faithfulness": (
        "A row for each CNN and a column for groups of methods: mean support for the "
        "output while pixels are replaced, most relevant first and least relevant "
        "first, with a random map.",
        ("faithfulness",),
    ),
    "counterfactual": (
        "A panel for each CNN: log odds of the same nodes at every location, a thin "
        "line for each node, the mean of the CNN and that of an ideal observer. A flat "
        "mean does not use the location; a rising one does.",
        ("effects",),
    ),
    "mixes": (
        "AUC of each classifier with its interval under five mixes of locations, from "
        "reversed to that of the cohort.",
        ("reweighted",),
    ),
    "shortcut_matrix": (
        "A row for each training and a column for each view of the test nodes: full "
        "image, node and surroundings; in each tile the AUC with its interval and that "
        "of pairs of the same location.",
        ("matrix",),
    ),
    "robustness": (
        "A panel for each CNN: change of sensitivity, specificity and AUC with "
        "intervals, a row for each change of attenuation, noise, centre or mask.",
        ("robustness",),
    ),
    "readers": (
        "On the left, ROC curves of the CNNs with the operating points of the readers; "
        "on the right, differences of AUC between CNNs and readers with intervals.",
        ("readers.areas", "readers.fixed"),
    ),
}
"""Name of the figure to its description and files."""
