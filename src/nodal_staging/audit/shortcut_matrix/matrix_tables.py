"""Tables of the shortcut matrix."""

from nodal_staging.audit.shortcut_matrix.image_views import VIEWS
from nodal_staging.tables.columns import (
    count,
    estimated,
    number,
    one_of,
    optional_number,
    table,
    text,
)

NETWORK = {
    "trained_on": text(),
    "trained_view": one_of(list(VIEWS)),
    "tested_view": one_of(list(VIEWS)),
}
KEY = list(NETWORK)

VIEW_SCORES = table(
    NETWORK
    | {
        "node_id": text(),
        "patient_id": text(),
        "status": one_of(["positive", "negative"]),
        "score": number(0, 1),
    },
    unique=[*KEY, "node_id"],
)
"""Scores of the test set by training set, view of the training and view of the test."""

MATRIX = table(
    NETWORK
    | {
        "nodes": count(),
        "patients": count(),
        **estimated("auc", 0, 1, known=True),
        **estimated("site_matched_auc", 0, 1),
        "pairs": count(),
        **estimated("kept_share"),
        "ceiling": optional_number(0, 1),
        "mean_score": number(0, 1),
        "called_positive": number(0, 1),
    },
    unique=KEY,
)
"""AUC of each network on each view of the test set, over all pairs and over the
``pairs`` of the same location, with intervals over patients. ``kept_share``: of what
the network exceeds 0.5 by on the view of its training, if that is certain.
``ceiling``: the best AUC that the view of the training allows, of a synthetic cohort.
``called_positive``: share of scores of at least 0.5; with ``mean_score`` it shows
whether a network calls all nodes alike on images that it was not trained on."""
