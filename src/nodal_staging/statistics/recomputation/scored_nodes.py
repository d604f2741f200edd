"""Scores and calls as plain tables, read without the readers of the package."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]
TextArray = npt.NDArray[np.str_]


@dataclass(frozen=True, eq=False)
class Nodes:
    """Scored nodes of one partition, by ``node_id``: ``patient_id``, ``positive``,
    ``score`` and, of test nodes, ``called``.
    """  # noqa: D205

    frame: pd.DataFrame

    @property
    def positive(self) -> BoolArray:
        """Status ``(n,)``."""
        return np.asarray(self.frame["positive"], bool)

    @property
    def patient(self) -> TextArray:
        """Patient ``(n,)``."""
        return np.asarray(self.frame["patient_id"].to_numpy(str))

    @property
    def score(self) -> FloatArray:
        """Score ``(n,)``."""
        return np.asarray(self.frame["score"], float)

    @property
    def called(self) -> BoolArray:
        """Called positive ``(n,)``."""
        return np.asarray(self.frame["called"], bool)

    @property
    def correct(self) -> BoolArray:
        """Called what it is ``(n,)``."""
        return np.asarray(self.called == self.positive)

    def counts(self) -> dict[str, int]:
        """Count the four outcomes, by a table of both columns."""
        table = pd.crosstab(self.positive, self.called)
        table = table.reindex(index=[True, False], columns=[True, False], fill_value=0)
        (tp, fn), (fp, tn) = table.to_numpy().tolist()
        return {"tp": tp, "fn": fn, "tn": tn, "fp": fp}

    def sizes(self) -> dict[str, int]:
        """Count nodes by status, and patients."""
        return {
            "n_positive": int(self.frame["positive"].sum()),
            "n_negative": int((~self.frame["positive"]).sum()),
            "n_patients": int(self.frame["patient_id"].nunique()),
        }

    def among(self, members: npt.ArrayLike) -> "Nodes":
        """Return some of the nodes ``(n,)``."""
        return Nodes(self.frame[np.asarray(members, bool)])


@dataclass(frozen=True, eq=False)
class Scores:
    """A classifier's scores and statistics as files have them."""

    name: str
    rows: pd.DataFrame
    statistics: Mapping[str, Any]

    @property
    def decided(self) -> bool:
        """Whether the scores come with decisions."""
        test = self.rows[self.rows["partition"] == "test"]
        return bool(test["prediction"].notna().any())

    def nodes(self, partition: str) -> Nodes:
        """Return the nodes of a partition, test nodes with their calls."""
        rows = self.rows[self.rows["partition"] == partition]
        rows = rows.set_index("node_id").sort_index()
        frame = rows[["patient_id", "score"]].assign(
            positive=rows["status"].eq("positive")
        )
        if partition == "test":
            threshold = self.statistics["threshold"]["value"]
            called = (
                rows["prediction"].eq("positive")
                if self.decided
                else rows["score"].ge(float(threshold))
            )
            frame = frame.assign(called=called)
        return Nodes(frame)


def read_table(path: str | Path) -> pd.DataFrame:
    """Read a table of the study, numbers to the last bit."""
    separator = "," if str(path).endswith(".csv") else "\t"
    return pd.read_csv(
        path,
        sep=separator,
        dtype={
            "node_id": str,
            "patient_id": str,
            "prediction": str,
            "reader": str,
        },
        keep_default_na=False,
        na_values=[""],
    )


def on_common_nodes(*several: Nodes) -> list[Nodes]:
    """Keep the nodes that all have, in the same order."""
    common = several[0].frame.index
    for other in several[1:]:
        common = common.intersection(other.frame.index)
    common = common.sort_values()
    return [Nodes(one.frame.loc[common]) for one in several]
