"""What a heatmap must pass before it says something about a network.

- Randomisation: weights are drawn anew from the logit down, or all of them are
  learned from permuted labels; how like the map of the trained network is the map
  then? Patterns are fitted again on the randomised network, and kept.
- Faithfulness: pixels of the CT are replaced by the mean training image, most or
  least relevant first; how far apart do the two curves lie?
- Completeness: integrated gradients add up to the difference of two logits, but for
  the error of the rule that integrates; how large is it?
- Outside: the share of the absolute relevance outside the node, for the trained
  network, one that learned permuted labels, and untrained ones. What untrained
  networks have too is no finding about what was learned.
"""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from nodal_staging import tables
from nodal_staging.attribution.chain import LinearChain
from nodal_staging.attribution.gradients import integrated_gradients, logits
from nodal_staging.attribution.localisation import localise
from nodal_staging.attribution.occlusion import area_gap, flipping, shares_replaced
from nodal_staging.attribution.randomisation import cascade, rank_correlation
from nodal_staging.classifiers.cnn.fitting import new_network
from nodal_staging.classifiers.cnn.inputs import ImageSource
from nodal_staging.classifiers.cnn.recipes import Recipe
from nodal_staging.heatmaps.drawing import TrainedCnn, read_chain, read_explained
from nodal_staging.heatmaps.heatmap_files import (
    CURVES,
    FRESH,
    NODE_CHECKS,
    PERMUTED,
    TRAINED,
    Heatmaps,
    read_heatmaps,
)
from nodal_staging.heatmaps.methods import Explained, heatmap
from nodal_staging.heatmaps.options import PATTERN_METHODS, HeatmapOptions
from nodal_staging.study.arrays import AnyArray, Float32Array

RANDOMISED = ("pattern_attribution", "gradient", "gradient_x_input", "grad_cam")
"""Methods whose dependence on the weights is checked."""
OUTSIDE = ("pattern_attribution", "integrated_gradients", "gradient_x_input")
"""Methods whose relevance outside the node is set beside that of untrained networks."""
FROM_FILL = "integrated_gradients_fill"
"""Integrated gradients from an image of ``mask_fill``, without a node: from the mean
training image they would give relevance to pixels that are empty in every image."""


def check_attribution(
    *,
    cnn: TrainedCnn,
    permuted: str | Path | None,
    patterns: str | Path | None,
    heatmaps: str | Path,
    options: HeatmapOptions,
    gpu: bool,
    checks: str | Path,
    curves: str | Path,
) -> None:
    """Check the heatmaps of a CNN node by node.

    Parameters
    ----------
    cnn, patterns, options, gpu
        As for ``drawing.attribute_cnn``.
    permuted
        Weights of the same network, trained with permuted labels; None without.
    heatmaps
        What ``drawing.attribute_cnn`` wrote.
    checks, curves
        Outputs: ``NODE_CHECKS`` and ``CURVES``.
    """
    how, chain, trained_on = cnn.read(gpu=gpu)
    network = read_explained(chain, patterns, trained_on, options)
    drawn = read_heatmaps(heatmaps)
    images = ImageSource.read(cnn.patches, list(drawn.node_ids), how.image).plain()
    learned = None if permuted is None else read_chain(how, permuted)
    bench = _Bench(how, network, drawn, images, trained_on)
    others = list(bench.others(learned))
    rows = [*bench.randomised(others), *bench.outside(others), *bench.completeness()]
    gaps, curve = bench.flipped()
    tables.write(pd.concat([*rows, gaps], ignore_index=True), checks, NODE_CHECKS)
    tables.write(curve, curves, CURVES)


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class _Bench:
    """A network, its maps, and the images to draw others from."""

    recipe: Recipe
    network: Explained
    drawn: Heatmaps
    images: Float32Array
    trained_on: Float32Array

    def others(self, permuted: LinearChain | None) -> Iterator[tuple[str, Explained]]:
        """Fit the network that learned permuted labels, and untrained ones."""
        chains = {} if permuted is None else {PERMUTED: permuted}
        for number in range(1, self.network.options.fresh_networks + 1):
            chains[f"{FRESH}_{number}"] = self.untrained(number)
        for name, chain in chains.items():
            yield name, self.fitted(chain)

    def untrained(self, number: int) -> LinearChain:
        """Draw the network anew."""
        model = new_network(self.recipe, f"untrained {number}")
        return LinearChain.from_keras(model, mean_pooling=True)

    def fitted(self, chain: LinearChain) -> Explained:
        """Fit the patterns of another network of the same form."""
        return Explained.fitted(chain, self.trained_on, self.network.options)

    def randomised(self, others: list[tuple[str, Explained]]) -> Iterator[pd.DataFrame]:
        """Compare the maps of the trained network with those of randomised ones."""
        options = self.network.options
        fresh = self.untrained(1)
        stages = cascade(self.network.chain, fresh, levels=options.randomised_levels)
        for name, layers, chain in stages:
            known = [other for _, other in others if other.chain.sha256 == chain.sha256]
            yield from self._compared(
                name, layers, known[0] if known else self.fitted(chain)
            )
        for name, other in others:
            if name == PERMUTED:
                layers = len(other.chain.kernels)
                yield from self._compared(name, layers, other)

    def _compared(
        self, name: str, layers: int, other: Explained
    ) -> Iterator[pd.DataFrame]:
        for method in self._among(RANDOMISED):
            ways = {"none": other}
            if method in PATTERN_METHODS and self.network.patterns is not None:
                kept = self.network.patterns.moved_to(other.chain)
                ways = {
                    "fitted": other,
                    "kept": dataclasses.replace(other, patterns=kept),
                }
            for patterns, explained in ways.items():
                found = heatmap(method, explained, self.images).map
                value = rank_correlation(self.drawn.maps[method].map, found)
                yield self._rows(
                    "rank_correlation", method, patterns, name, layers, value
                )

    def outside(self, others: list[tuple[str, Explained]]) -> Iterator[pd.DataFrame]:
        """Measure how much lies outside the node, in trained networks and others."""
        networks = [(TRAINED, self.network), *others]
        for method in self._among(OUTSIDE):
            patterns = "fitted" if method in PATTERN_METHODS else "none"
            filled = method == "integrated_gradients"
            for name, network in networks:
                explained = self._from_fill(network) if filled else network
                found = heatmap(method, explained, self.images).map
                value = 1 - localise(found, self.drawn.masks).share[:, 0]
                layers = 0 if name == TRAINED else len(self.network.chain.kernels)
                called = FROM_FILL if filled else method
                yield self._rows("outside_share", called, patterns, name, layers, value)

    def _from_fill(self, network: Explained) -> Explained:
        """Let integrated gradients start where masked pixels are, without a node."""
        fill = np.zeros_like(network.baseline)
        fill[..., 0] = self.recipe.image.mask_fill
        return dataclasses.replace(network, baseline=fill)

    def completeness(self) -> Iterator[pd.DataFrame]:
        """Set the sums of integrated gradients beside what they should add up to."""
        for method in self._among(("integrated_gradients",)):
            chain, baseline = self.network.chain, self.network.baseline
            points = self.network.options.integration_points
            maps = integrated_gradients(chain, self.images, baseline, points=points)
            difference = logits(chain, self.images) - logits(chain, baseline[None])
            error = maps.sum(axis=(1, 2, 3)) - difference
            sizes = {"logit_difference": difference, "completeness_error": error}
            for check, value in sizes.items():
                yield self._rows(check, method, "none", TRAINED, 0, np.abs(value))

    def flipped(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Replace pixels of the CT in the order of each map."""
        steps = self.network.options.flipping_steps
        without = self.network.without_ct(self.images)
        gaps, curves = [], []
        for method, found in self.drawn.maps.items():
            most, least = flipping(
                self.network.chain,
                self.images,
                found.for_side(self.drawn.logit),
                without,
                steps=steps,
            )
            patterns = "fitted" if method in PATTERN_METHODS else "none"
            gap = area_gap(most, least)
            gaps.append(self._rows("area_gap", method, patterns, TRAINED, 0, gap))
            curve = {
                "method": method,
                "share_replaced": shares_replaced(steps),
                "most_first": most.mean(axis=0),
                "least_first": least.mean(axis=0),
            }
            curves.append(pd.DataFrame(curve))
        return pd.concat(gaps), pd.concat(curves, ignore_index=True)

    def _among(self, methods: tuple[str, ...]) -> list[str]:
        """Return those of some methods that the study draws."""
        return [name for name in methods if name in self.network.options.methods]

    def _rows(
        self,
        check: str,
        method: str,
        patterns: str,
        network: str,
        layers: int,
        value: AnyArray,
    ) -> pd.DataFrame:
        return pd.DataFrame(
            {
                "node_id": list(self.drawn.node_ids),
                "check": check,
                "method": method,
                "patterns": patterns,
                "network": network,
                "layers": layers,
                "value": value,
            }
        )
