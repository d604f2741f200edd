"""Tables of the counterfactual experiment, and what their rows mean."""

import numpy as np
import pandas as pd

from nodal_staging.phantom.copies import COPIES
from nodal_staging.phantom.truth import LATENTS
from nodal_staging.study.classifier_names import CNNS
from nodal_staging.tables.columns import (
    count,
    identifier,
    number,
    one_of,
    optional_number,
    table,
    text,
)

IDEAL = "ideal_observer"

CNN_SCORES = table(
    {
        "node_id": identifier(unique=True),
        **{name: optional_number(0, 1) for name in CNNS},
    },
)
"""Probability of a positive node by each CNN, for every copy."""


CLASSIFIERS = (
    *CNNS,
    "rf_status_balanced",
    "rf_location_balanced",
    "location",
    "logistic_location_volume",
    "radiomics_status_balanced",
    "radiomics_location_balanced",
    IDEAL,
)
"""Who scores the copies; the ideal observer reads the truth."""

NEGLIGIBLE_SHARE = 0.02
"""Share of the variance of the log odds below which an effect of the location is
taken as none."""

SHARES = ("node_share", "location_share", "interaction_share", "rendering_share")

QUANTITIES = (
    *SHARES,
    "excess_share",
    "location_slope",
    "node_slope",
    "calls_changed",
    "pairs_changed",
    "pairs_changed_same_location",
    "auc_own_location",
    "auc_any_location",
    "auc_gain",
    *(f"{latent}_slope" for latent in LATENTS),
)


COUNTERFACTUAL = table(
    {
        **COPIES.columns,
        "node_evidence": number(nullable=True),
        "location_evidence": number(),
        **{f"logit_{name}": optional_number() for name in CLASSIFIERS},
    }
)
"""Copies of nodes with the log odds of every classifier. ``node_evidence`` is the
log-likelihood ratio of the latents, ``location_evidence`` the log prior ratio of the
location."""

EFFECTS = table(
    {
        "classifier": text(),
        "quantity": one_of(QUANTITIES),
        "value": number(nullable=True),
        "lower": number(nullable=True),
        "upper": number(nullable=True),
        "nodes": number(0),
    },
    unique=["classifier", "quantity"],
)
"""Effects of the location on each classifier, with intervals over resampled patients.
Shares are of the sum of squares of the log odds; ``excess_share`` is the share of the
location less that of the rendering. Slopes are per unit of the log prior ratio of the
location, of the log-likelihood ratio of the node, and per standard deviation of a
latent. Calls are those at the threshold of the study: nodes whose call is not the same
at all locations, and pairs of copies with different calls."""

CALIBRATION = table(
    {
        "classifier": text(unique=True),
        "correlation": number(-1, 1, nullable=True),
        "lower": number(-1, 1, nullable=True),
        "upper": number(-1, 1, nullable=True),
        "correlation_of_locations": number(-1, 1, nullable=True),
        "slope_of_locations": number(nullable=True),
        "exact_location_share": number(0, 1, nullable=True),
        "transplanted_location_share": number(0, 1, nullable=True),
        "nodes": count(),
    },
)
"""How well transplants agree with copies rendered at each location: correlation of the
effects of the location over nodes and locations, with an interval over resampled
patients; of the mean effects of the locations, their slope on the exact ones, and the
share of the location by both."""


def moved_by_location(effects: pd.DataFrame) -> bool:
    """Tell whether the location moves the score of a classifier.

    It does if its share of the variance exceeds that of the rendering, with the whole
    interval of the difference above ``NEGLIGIBLE_SHARE``.

    Parameters
    ----------
    effects
        Rows of one classifier, by ``quantity``.
    """
    lower = effects["lower"].get("excess_share", np.nan)
    return bool(lower > NEGLIGIBLE_SHARE)
