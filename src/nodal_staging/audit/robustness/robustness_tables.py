"""The tables of robustness, and the perturbations that their rows name.

The report and the figures read them, and need nothing of what computes them.
"""

from nodal_staging.tables.categories import STATUS
from nodal_staging.tables.columns import (
    count,
    estimated,
    identifier,
    number,
    one_of,
    optional_number,
    table,
    text,
)

IDENTITY = "identity"
RETRAINED = "seed"
ACTS_ON = {
    IDENTITY: "nothing",
    "hu_shift": "image",
    "hu_scale": "image",
    "noise": "image",
    "blur": "image",
    "thick": "image",
    "shift": "position",
    "dilate": "mask",
    "erode": "mask",
    "jitter": "mask",
    "rotate": "orientation",
    "mirror": "orientation",
    RETRAINED: "training",
}
"""What each perturbation changes, in the order in which they are listed. The last one
is another training of a CNN on the same nodes (a refit); its strength is a number."""

COMPARED, NOT_USED = "compared", "not_used"

ROBUSTNESS = table(
    {
        "classifier": text(),
        "perturbation": one_of(list(ACTS_ON)),
        "strength": number(),
        "status": one_of([COMPARED, NOT_USED]),
        "nodes": count(),
        "sensitivity": optional_number(0, 1),
        **estimated("sensitivity_change", -1, 1),
        "specificity": optional_number(0, 1),
        **estimated("specificity_change", -1, 1),
        **estimated("calls_changed", 0, 1),
        "calls_changed_in_any": optional_number(0, 1),
        "auc": optional_number(0, 1),
        **estimated("auc_change", -1, 1),
        "logit_shift": optional_number(),
        "logit_sd": optional_number(0),
        "icc": optional_number(-1, 1),
        "icc_lower": optional_number(),
        "icc_upper": optional_number(),
        "worst_node": text(nullable=True),
        "vanished": count(),
        "too_far": count(),
        "dice": optional_number(0, 1),
    },
    unique=["classifier", "perturbation", "strength"],
)
"""Calls at the frozen threshold, then scores. Shifts in several directions count as
their mean; ``calls_changed_in_any`` counts a node if any of them changes its call.
Logits of the perturbed less those of the original scores: mean, standard deviation, and
ICC(2,1) of all of them. ``not_used``: the classifier does not depend on what is
perturbed.
``vanished``: masks left without a voxel; ``too_far``: nodes whose centre moved by more
than the images can; ``dice``: mean overlap with the original masks."""


STABLE_NODES = table(
    {
        "classifier": text(),
        "node_id": identifier(),
        "status": one_of(STATUS),
        "prediction": one_of(STATUS),
        "stable": one_of(["yes", "no"]),
        "largest_change": number(0),
        "perturbation": one_of(list(ACTS_ON)),
        "strength": number(),
    },
    unique=["classifier", "node_id"],
)
"""Test nodes as they are called; ``stable`` if no plausible perturbation changes the
call; the largest change of the logit among these, and what makes it."""

STABILITY = table(
    {
        "classifier": text(unique=True),
        "nodes": count(),
        "stable": count(),
        **estimated("stable_accuracy", 0, 1),
        **estimated("unstable_accuracy", 0, 1),
    },
)
"""Nodes that keep their call under every plausible perturbation, and the accuracy of
these and of the others."""
