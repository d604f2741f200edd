"""The shortcut matrix, and what it says.

Only a network that is tested on the view of its training tells what the view holds. The
negative control was trained on the surroundings of nodes whose locations are matched,
so there is nothing to learn. On the test set, whose locations are not matched, its AUC
over all pairs lies above or below 0.5 by chance of its weights. It is judged by pairs
of the same location, and by its loss, which is ln 2 if nothing was learned.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from nodal_staging import tables
from nodal_staging.audit.location import SiteMatched
from nodal_staging.audit.shortcut import FEWEST_PAIRS
from nodal_staging.audit.shortcut_matrix.image_views import FULL, NODE, SURROUNDINGS
from nodal_staging.audit.shortcut_matrix.matrix_tables import KEY, MATRIX, VIEW_SCORES
from nodal_staging.estimates.patient_bootstrap import BootstrapOptions, PatientBootstrap
from nodal_staging.study.arrays import FloatArray, TextArray
from nodal_staging.study.files import read_json, write_json
from nodal_staging.study.seeds import named_seed
from nodal_staging.tables.ceiling_table import read_ceilings
from nodal_staging.tables.intervals import with_interval
from nodal_staging.tables.rounding import number

STATUS, CONTROL = "status_balanced", "location_balanced"
CALLED = 0.5
NOTHING_LEARNED = 0.6931471805599453
"""Natural logarithm of 2: the cross-entropy of scores of 0.5."""
TOLERANCE = 0.02
"""How far the last loss of the control may lie below ln 2."""

CEILING_OF = {
    (STATUS, FULL): "cnn_status_balanced",
    (STATUS, NODE): "cnn_xmask",
    (STATUS, SURROUNDINGS): "location",
}
"""Classifiers that see what a network sees on the view of its training."""


@dataclass(frozen=True, slots=True)
class MatrixFiles:
    """What the matrix is made of.

    Attributes
    ----------
    scores
        ``VIEW_SCORES``.
    nodes
        ``tables.NODES``.
    control_history
        ``tables.HISTORY`` of the negative control.
    ball
        JSON of ``view_networks.measure_ball``.
    ceilings
        ``tables.CEILINGS``; None unless the cohort is synthetic.
    """

    scores: str | Path
    nodes: str | Path
    control_history: str | Path
    ball: str | Path
    ceilings: str | Path | None


def measure_matrix(
    *,
    files: MatrixFiles,
    bootstrap: BootstrapOptions,
    matrix: str | Path,
    reading: str | Path,
) -> None:
    """Write the matrix and what it says.

    Parameters
    ----------
    files
        What is read.
    bootstrap
        Replicates, confidence level and the seed of the study; all networks have the
        same draws of patients.
    matrix, reading
        Outputs: ``MATRIX``, and JSON.
    """
    scores = tables.read(files.scores, VIEW_SCORES)
    location = tables.read(files.nodes, tables.NODES).set_index("node_id")["location"]
    seed = named_seed(bootstrap.seed, "audit", "shortcut_matrix")
    rows = []
    for _, own in scores.groupby(["trained_on", "trained_view"], sort=False):
        bench = _Bench.of(own, location, replace(bootstrap, seed=seed))
        rows += bench.rows(own)
    frame = pd.DataFrame(rows).reindex(columns=list(MATRIX.columns))
    best = read_ceilings(files.ceilings, "ceiling")
    own_view = frame["trained_view"] == frame["tested_view"]
    keys = zip(frame["trained_on"], frame["trained_view"], strict=True)
    ceilings = pd.Series(
        [best.get(CEILING_OF.get(key, "")) for key in keys], dtype=float
    )
    frame["ceiling"] = ceilings.where(own_view)
    tables.write(frame, matrix, MATRIX)
    loss = float(tables.read(files.control_history, tables.HISTORY)["loss"].iloc[-1])
    found = read_json(files.ball) | read_matrix(frame, loss, level=bootstrap.level)
    write_json(reading, found)


@dataclass(frozen=True, slots=True, eq=False)
class _Bench:
    """The test nodes of a network, and draws of their patients."""

    drawn: PatientBootstrap
    location: TextArray
    times: FloatArray

    @classmethod
    def of(
        cls, own: pd.DataFrame, location: pd.Series, options: BootstrapOptions
    ) -> "_Bench":
        """Take the nodes of the first view; all views have the same."""
        first = own[own["tested_view"] == own["tested_view"].iloc[0]]
        first = first.sort_values("node_id")
        drawn = PatientBootstrap(
            first["status"].eq("positive").to_numpy(bool),
            first["patient_id"].to_numpy(str),
            options,
        )
        often = drawn.times[:, drawn.patient]
        times = np.vstack([np.ones(len(first)), often])
        return cls(drawn, location.loc[first["node_id"]].to_numpy(str), times)

    def rows(self, own: pd.DataFrame) -> list[dict[str, object]]:
        """Return the cells of each view that a network is tested on."""
        by_view = {
            view: rows.sort_values("node_id")["score"].to_numpy(float)
            for view, rows in own.groupby("tested_view", sort=False)
        }
        trained = {name: own[name].iloc[0] for name in KEY[:2]}
        pairs = {
            view: SiteMatched(score, self.drawn.positive, self.location)
            for view, score in by_view.items()
        }
        areas = {view: one.areas(self.times) for view, one in pairs.items()}
        reference = areas[trained["trained_view"]].plain
        rows: list[dict[str, object]] = []
        for view, score in by_view.items():
            row = trained | {
                "tested_view": view,
                "nodes": len(score),
                "patients": len(np.unique(self.drawn.patient_id)),
                "pairs": pairs[view].n_pairs,
                "mean_score": float(score.mean()),
                "called_positive": float((score >= CALLED).mean()),
            }
            row |= self._bounded("auc", areas[view].plain)
            row |= self._bounded("site_matched_auc", areas[view].matched)
            row |= self._kept(areas[view].plain, reference)
            rows.append(row)
        return rows

    def _bounded(self, name: str, values: FloatArray) -> dict[str, float | None]:
        """Return a value and the interval of its replicates."""
        lower, upper = self.drawn.interval(values[1:])
        return {name: float(values[0]), f"{name}_lower": lower, f"{name}_upper": upper}

    def _kept(self, area: FloatArray, own: FloatArray) -> dict[str, float | None]:
        """Return the share of what exceeds 0.5 on its own view, if that is certain."""
        lower, _ = self.drawn.interval(own[1:])
        if lower is None or lower <= CALLED:
            return {}
        share = np.full(len(own), np.nan)
        np.divide(area - 0.5, own - 0.5, out=share, where=own > CALLED)
        return self._bounded("kept_share", share)


def read_matrix(
    matrix: pd.DataFrame, control_loss: float, *, level: float
) -> dict[str, object]:
    """Say what the matrix shows, by declared rules.

    Parameters
    ----------
    matrix
        ``MATRIX``.
    control_loss
        Last loss of the negative control in training.
    level
        Confidence level of the intervals.

    Returns
    -------
    ``surroundings_alone`` and ``node_alone``: whether the lower limit of the AUC of a
    network that was trained and tested on this view exceeds 0.5. ``control_silent``:
    whether the interval of the control over pairs of the same location covers 0.5, None
    from too few pairs;
    ``control_learned``: whether its loss lies below ln 2 by more than a tolerance.
    ``sentences`` state them.
    """
    by_key = matrix.set_index(KEY)
    around = by_key.loc[STATUS, SURROUNDINGS, SURROUNDINGS]
    node = by_key.loc[STATUS, NODE, NODE]
    control = by_key.loc[CONTROL, SURROUNDINGS, SURROUNDINGS]
    lower, upper = (control[f"site_matched_auc_{end}"] for end in ("lower", "upper"))
    judged = control["pairs"] >= FEWEST_PAIRS
    silent = bool(lower <= CALLED <= upper) if judged else None
    learned = control_loss < NOTHING_LEARNED - TOLERANCE
    return {
        "surroundings_alone": _above(around),
        "node_alone": _above(node),
        "control_silent": silent,
        "control_learned": learned,
        "control_loss": control_loss,
        "sentences": [
            _sentence("surroundings", around, level),
            _sentence("node", node, level),
            _control_sentence(control, control_loss, silent, learned, level),
        ],
    }


def _above(row: Mapping[str, float]) -> bool:
    return bool(row["auc_lower"] > CALLED)


def _sentence(view: str, row: Mapping[str, float], level: float) -> str:
    """Say whether a view alone tells positive from negative nodes."""
    what = "separates" if _above(row) else "is not shown to separate"
    subject = f"A CNN that sees the {view} alone {what} positive and negative nodes"
    return f"{subject}: AUC {_area(row, 'auc', level)}, {_matched(row, level)}."


def _control_sentence(
    row: Mapping[str, float],
    loss: float,
    silent: bool | None,
    learned: bool,
    level: float,
) -> str:
    """Say whether the negative control found nothing, as it should."""
    if learned or silent is False:
        verdict = "has learned something; read the matrix with care"
    elif silent is None:
        verdict = f"is inconclusive (fewer than {FEWEST_PAIRS} pairs of one location)"
    else:
        verdict = "has learned nothing, as expected"
    return (
        "The negative control, trained on the surroundings of nodes whose locations "
        f"are matched, {verdict}: {_matched(row, level)} (0.5 expected); last "
        f"loss {number(loss)} (ln 2 = {number(NOTHING_LEARNED)})."
    )


def _matched(row: Mapping[str, float], level: float) -> str:
    return f"among nodes of the same location {_area(row, 'site_matched_auc', level)}"


def _area(row: Mapping[str, float], name: str, level: float) -> str:
    ends = row[f"{name}_lower"], row[f"{name}_upper"]
    return with_interval(row[name], *ends, level=level)
