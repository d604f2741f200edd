"""Classifiers of tables, fitted to their training set once more to score other nodes.

The same table and the same seed give the model that the study scored its test set with.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from nodal_staging import tables
from nodal_staging.classifiers import forest, logistic_baseline
from nodal_staging.classifiers.baselines import shares_of_positives
from nodal_staging.classifiers.location_and_volume import fit, probability_of_positive
from nodal_staging.classifiers.radiomics_baseline import used_features
from nodal_staging.classifiers.radiomics_model import RadiomicsForest, RadiomicsModel
from nodal_staging.nodes.radiomics.node_features import RADIOMICS
from nodal_staging.study.arrays import FloatArray

FOREST = "forest_"
"""After ``radiomics_``, begins the name of a forest on radiomics features."""


class Measured(Protocol):
    """What was measured of the same nodes, each table by ``node_id``."""

    @property
    def measured(self) -> pd.DataFrame:
        """``tables.NODES``."""

    @property
    def radiomics(self) -> pd.DataFrame:
        """``RADIOMICS``."""


TableScorer = Callable[[pd.DataFrame, Measured], FloatArray]
"""Returns the probabilities of nodes: their ``node_id`` and ``location``, and what was
measured of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableModels:
    """What classifiers of tables are fitted to.

    Attributes
    ----------
    nodes, radiomics
        ``tables.NODES`` and ``RADIOMICS`` of the study.
    training
        ``tables.DATASET`` by training set.
    forest
        Options of the forests.
    ridge
        Of the logistic regression on location and volume.
    """

    nodes: str | Path
    radiomics: str | Path
    training: Mapping[str, str | Path]
    forest: forest.ForestOptions
    ridge: float

    def names(self) -> list[str]:
        """Name the classifiers that every study has."""
        forests = [f"rf_{training}" for training in self.training]
        radiomics = [f"radiomics_{training}" for training in self.training]
        return [*forests, "location", "logistic_location_volume", *radiomics]

    def scorer(self, name: str) -> TableScorer:
        """Fit a classifier of ``names``, or a radiomics forest, to its training set."""
        kind, _, training = name.partition("_")
        if kind == "rf":
            return self._forest(training)
        if kind == "radiomics":
            return self._radiomics(training)
        trained = tables.read(self.training["status_balanced"], tables.DATASET)
        if name == "location":
            return lambda rows, _: shares_of_positives(trained, rows)
        return self._logistic(trained)

    def _forest(self, training: str) -> TableScorer:
        trained = tables.read(self.training[training], tables.DATASET)
        model = forest.new_forest(self.forest)
        return self._of_nodes(trained, model, forest.features)

    def _logistic(self, trained: pd.DataFrame) -> TableScorer:
        regression = logistic_baseline.new_regression(self.ridge)
        return self._of_nodes(trained, regression, logistic_baseline.features)

    def _of_nodes(
        self,
        trained: pd.DataFrame,
        model: Any,
        features: Callable[[pd.DataFrame, pd.DataFrame], FloatArray],
    ) -> TableScorer:
        measured = tables.read(self.nodes, tables.NODES).set_index("node_id")
        fitted = fit(model, features(trained, measured), trained)
        return lambda rows, new: probability_of_positive(
            fitted, features(rows, new.measured)
        )

    def _radiomics(self, training: str) -> TableScorer:
        is_forest = training.startswith(FOREST)
        path = self.training[training.removeprefix(FOREST)]
        trained = tables.read(path, tables.DATASET)
        known = tables.read(self.radiomics, RADIOMICS).set_index("node_id")
        features = used_features(trained, known)
        if is_forest:
            grown = RadiomicsForest(partial(forest.new_forest, self.forest))
            fitted = fit(grown, features, trained)
        else:
            fitted = fit(RadiomicsModel(), features, trained, grouped=True)
        return lambda rows, new: probability_of_positive(
            fitted, used_features(rows, new.radiomics)
        )
