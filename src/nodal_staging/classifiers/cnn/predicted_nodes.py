"""The table of new nodes as a CNN scores them; read without loading a network."""

from nodal_staging import tables
from nodal_staging.tables.columns import identifier, number, one_of, table

PREDICTIONS = table(
    {
        "node_id": identifier(unique=True),
        "patient_id": identifier(),
        "location": one_of([*tables.LOCATIONS, tables.UNKNOWN]),
        "volume_mm3": number(0),
        "short_axis_mm": number(0),
        "score": number(0, 1),
        "threshold": number(),
        "prediction": one_of(tables.STATUS),
        "distance": number(0),
        "unseen_percent": number(0, 100),
        "far": one_of(["yes", "no"]),
    },
)
"""New nodes by one CNN; ``distance`` from the training set in the space of the last
hidden layer, ``unseen_percent`` of the study's own test nodes lie nearer, ``far`` if
nearly all do."""
