"""Which nodes stand for the others in the figures: the most typical of the test set.

Typical is near the median. Of the test nodes of a status, each node's volume and
SUVmax are compared, as logarithms, with the median of that status, in units of its
interquartile range; the node with the smallest distance is shown, without a
manual choice.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from nodal_staging import tables
from nodal_staging.study.errors import InputError
from nodal_staging.tables.columns import number, one_of, optional_number, table, text

PANELS = ["a", "b", "c"]

LOWEST_SUV = 0.01
"""A colder node counts as one of this SUVmax; its logarithm would be infinite."""

EXAMPLES = table(
    {
        "panel": one_of(PANELS, unique=True),
        "node_id": text(),
        "patient_id": text(),
        "exam_id": text(),
        "location": one_of(tables.LOCATIONS),
        "status": one_of(tables.STATUS),
        "volume_mm3": number(0),
        "suv_max": optional_number(0),
        "distance": number(0),
        "candidates": number(1),
    },
)
"""One row per panel of Figure 1; ``distance`` is from the median of the
``candidates``, the test nodes of the same status."""


class NoExampleError(InputError):
    """The test set lacks nodes of a status."""

    reason = "too_few_nodes"


def choose_examples(
    *,
    nodes: str | Path,
    test: str | Path,
    sheet: str | Path,
    output: str | Path,
) -> None:
    """Choose the nodes of Figure 1 (``EXAMPLES``).

    Parameters
    ----------
    nodes, test
        Measured nodes and the test set (``tables.NODES``, ``tables.DATASET``).
    sheet
        The node sheet, which contains the exam of each node.
    output
        Panel a, the typical positive node; b, the typical negative one; c, the most
        typical positive node of another patient.
    """
    measured = tables.read(nodes, tables.NODES)
    tested = set(tables.read(test, tables.DATASET)["node_id"])
    owners = tables.read(sheet, tables.NEW_NODE_SHEET)[["node_id", "exam_id"]]
    candidates = measured[measured["node_id"].isin(tested)].merge(owners, on="node_id")
    chosen = typical_nodes(candidates)
    tables.write(chosen[list(EXAMPLES.columns)], output, EXAMPLES)


def typical_nodes(candidates: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the panels a, b and c.

    Nodes without SUVmax are left aside where any node of the status has one;
    otherwise volume alone decides. Nodes at the same distance come in the order of
    node_id. Panel c falls back on panel a's patient, and at last on its node.
    """
    ranked = {status: ranked_by_typicality(candidates, status) for status in STATUS}
    first = ranked["positive"].iloc[0]
    others = ranked["positive"].iloc[1:]
    elsewhere = others[others["patient_id"] != first["patient_id"]]
    second = next(
        rows.iloc[0] for rows in (elsewhere, others, ranked["positive"]) if len(rows)
    )
    chosen = pd.DataFrame([first, ranked["negative"].iloc[0], second])
    return chosen.assign(panel=PANELS).reset_index(drop=True)


STATUS = ("positive", "negative")


def ranked_by_typicality(candidates: pd.DataFrame, status: str) -> pd.DataFrame:
    """Return the nodes of a status, the most typical first, with their distance.

    Raises
    ------
    NoExampleError
        If there is none.
    """
    own = candidates[candidates["status"] == status].sort_values("node_id")
    if own.empty:
        raise NoExampleError(
            f"the test set has no {status} node to show; enlarge datasets.test_share "
            "or the cohort"
        )
    known = own[own["suv_max"].notna()]
    own = own if known.empty else known
    measures = [np.log(own["volume_mm3"])]
    if len(known):
        measures.append(np.log(own["suv_max"].clip(lower=LOWEST_SUV)))
    distance = np.sqrt(sum(_from_median(measure) ** 2 for measure in measures))
    ranked = own.assign(distance=distance, candidates=len(own))
    return ranked.sort_values(["distance", "node_id"])


def _from_median(values: pd.Series) -> pd.Series:
    """Return the distance from the median in interquartile ranges, 0 if all agree."""
    low, middle, high = values.quantile([0.25, 0.5, 0.75])
    spread = high - low
    return (values - middle) / spread if spread > 0 else values * 0.0
