"""Which nodes keep their call under every plausible perturbation."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nodal_staging.audit.robustness.score_changes import Outcome, logits
from nodal_staging.estimates.patient_bootstrap import PatientBootstrap
from nodal_staging.study.arrays import BoolArray


def is_plausible(
    perturbation: str, strength: float, bounds: Mapping[str, float]
) -> bool:
    """Tell whether a perturbation may happen unnoticed.

    Parameters
    ----------
    perturbation, strength
        Which.
    bounds
        Largest plausible strength by perturbation; others are not plausible.
    """
    return abs(strength) <= bounds.get(perturbation, -1)


def stable_nodes(
    original: Outcome,
    outcomes: Sequence[Outcome],
    node_ids: Sequence[str],
    positive: BoolArray,
) -> list[dict[str, Any]]:
    """Return rows of ``STABLE_NODES`` without the classifier.

    Parameters
    ----------
    original
        Of the identity.
    outcomes
        Of the plausible perturbations.
    node_ids, positive
        Of the n nodes.
    """
    before, called = logits(original.score), original.called[0]
    found = [original, *outcomes]
    changes = np.array([np.abs(logits(o.score) - before).max(axis=0) for o in found])
    stable = np.all([(o.called == called).all(axis=0) for o in found], axis=0)
    rows = []
    for node, worst in enumerate(changes.argmax(axis=0)):
        rows.append(
            {
                "node_id": node_ids[node],
                "status": _sign(positive[node]),
                "prediction": _sign(called[node]),
                "stable": "yes" if stable[node] else "no",
                "largest_change": float(changes[worst, node]),
                "perturbation": found[worst].perturbation,
                "strength": found[worst].strength,
            }
        )
    return rows


def stability(
    rows: Sequence[Mapping[str, Any]], drawn: PatientBootstrap
) -> dict[str, Any]:
    """Return the row of ``STABILITY`` of rows of ``STABLE_NODES``, in their order."""
    stable = np.array([row["stable"] == "yes" for row in rows])
    right = np.array([row["status"] == row["prediction"] for row in rows], float)
    found: dict[str, Any] = {"nodes": len(rows), "stable": int(stable.sum())}
    for name, members in (("stable", stable), ("unstable", ~stable)):
        start = f"{name}_accuracy"
        accuracy = drawn.mean(right, among=members)
        found |= accuracy.named(start, f"{start}_lower", f"{start}_upper")
    return found


def _sign(positive: bool) -> str:
    return "positive" if positive else "negative"
