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

import numpy as np
import pandas as pd

from nodal_staging.attribution.chain import LinearChain
from nodal_staging.attribution.gradients import logits
from nodal_staging.attribution.localisation import localise
from nodal_staging.attribution.occlusion import area_gap, flipping, shares_replaced
from nodal_staging.attribution.randomisation import cascade, rank_correlation
from nodal_staging.classifiers.cnn.fitting import new_network
from nodal_staging.classifiers.cnn.recipes import Recipe
from nodal_staging.heatmaps.heatmap_files import FRESH, PERMUTED, TRAINED, Heatmaps
from nodal_staging.heatmaps.methods import Explained, Explanation
from nodal_staging.heatmaps.options import PATTERN_METHODS, HeatmapOptions
from nodal_staging.study.arrays import AnyArray, Float32Array

RANDOMISED = ("pattern_attribution", "gradient", "gradient_x_input", "grad_cam")
"""Methods whose dependence on the weights is checked."""
OUTSIDE = ("pattern_attribution", "integrated_gradients", "gradient_x_input")
"""Methods whose relevance outside the node is compared with untrained networks."""
FROM_FILL = "integrated_gradients_fill"
"""Integrated gradients from an image of ``mask_fill``, without a node: from the mean
training image they would give relevance to pixels that are empty in every image."""


def check_heatmaps(
    recipe: Recipe,
    explanation: Explanation,
    drawn: Heatmaps,
    trained_on: Float32Array,
    permuted: LinearChain | None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Check the heatmaps of a CNN node by node.

    Parameters
    ----------
    recipe, trained_on
        How the CNN was trained, and on which images ``(n, y, x, channels)``.
    explanation, drawn
        The CNN with its test images, and its maps of them.
    permuted
        The same network, trained with permuted labels; None without.

    Returns
    -------
    ``NODE_CHECKS`` and ``CURVES``.
    """
    bench = _Bench(recipe, explanation, drawn, trained_on)
    others = bench.others(permuted)
    rows = [*bench.randomised(others), *bench.outside(others), *bench.completeness()]
    gaps, curve = bench.flipped()
    return pd.concat([*rows, gaps], ignore_index=True), curve


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class _Bench:
    """A network with the images that it explains, its maps, and its training images."""

    recipe: Recipe
    explained: Explanation
    drawn: Heatmaps
    trained_on: Float32Array

    @property
    def network(self) -> Explained:
        return self.explained.network

    @property
    def options(self) -> HeatmapOptions:
        return self.network.options

    def others(self, permuted: LinearChain | None) -> dict[str, Explanation]:
        """Fit the network that learned permuted labels, and untrained ones."""
        chains = {} if permuted is None else {PERMUTED: permuted}
        for number in range(1, self.options.fresh_networks + 1):
            chains[f"{FRESH}_{number}"] = self.untrained(number)
        return {name: self.fitted(chain) for name, chain in chains.items()}

    def untrained(self, number: int) -> LinearChain:
        """Draw the network anew."""
        model = new_network(self.recipe, f"untrained {number}")
        return LinearChain.from_keras(model, mean_pooling=True)

    def fitted(self, chain: LinearChain) -> Explanation:
        """Fit the patterns of another network of the same form."""
        network = Explained.fitted(chain, self.trained_on, self.options, self.network)
        return self.of(network)

    def of(self, network: Explained) -> Explanation:
        """Explain the same images by another network."""
        return Explanation(network, self.explained.images)

    def randomised(self, others: dict[str, Explanation]) -> Iterator[pd.DataFrame]:
        """Compare the maps of the trained network with those of randomised ones."""
        fresh = others[f"{FRESH}_1"]
        stages = cascade(
            self.network.chain,
            fresh.network.chain,
            levels=self.options.randomised_levels,
        )
        for name, layers, chain in stages:
            same = chain.sha256 == fresh.network.chain.sha256
            other = fresh if same else self.fitted(chain)
            yield from self._compared(name, layers, other)
        if PERMUTED in others:
            layers = len(self.network.chain.kernels)
            yield from self._compared(PERMUTED, layers, others[PERMUTED])

    def _compared(
        self, name: str, layers: int, other: Explanation
    ) -> Iterator[pd.DataFrame]:
        for method in self._among(RANDOMISED):
            ways = {"none": other}
            if method in PATTERN_METHODS and self.network.patterns is not None:
                kept = self.network.patterns.moved_to(other.network.chain)
                ways = {
                    "fitted": other,
                    "kept": self.of(dataclasses.replace(other.network, patterns=kept)),
                }
            for patterns, explained in ways.items():
                found = explained.heatmap(method).map
                value = rank_correlation(self.drawn.maps[method].map, found)
                yield self._rows(
                    "rank_correlation", method, patterns, name, layers, value
                )

    def outside(self, others: dict[str, Explanation]) -> Iterator[pd.DataFrame]:
        """Measure how much lies outside the node, in trained networks and others."""
        for method in self._among(OUTSIDE):
            patterns = "fitted" if method in PATTERN_METHODS else "none"
            filled = method == "integrated_gradients"
            for name, explained in {TRAINED: self.explained, **others}.items():
                shown = self._from_fill(explained) if filled else explained
                found = shown.heatmap(method).map
                value = 1 - localise(found, self.drawn.masks).share[:, 0]
                layers = 0 if name == TRAINED else len(self.network.chain.kernels)
                called = FROM_FILL if filled else method
                yield self._rows("outside_share", called, patterns, name, layers, value)

    def _from_fill(self, explained: Explanation) -> Explanation:
        """Let integrated gradients start where masked pixels are, without a node."""
        fill = np.zeros_like(explained.network.baseline)
        fill[..., 0] = self.recipe.image.mask_fill
        return self.of(dataclasses.replace(explained.network, baseline=fill))

    def completeness(self) -> Iterator[pd.DataFrame]:
        """Compare sums of integrated gradients with the difference of two logits."""
        for method in self._among(("integrated_gradients",)):
            before = logits(self.network.chain, self.network.baseline[None])
            difference = self.explained.logit - before
            error = self.explained.integrated.sum(axis=(1, 2, 3)) - difference
            sizes = {"logit_difference": difference, "completeness_error": error}
            for check, value in sizes.items():
                yield self._rows(check, method, "none", TRAINED, 0, np.abs(value))

    def flipped(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Replace pixels of the CT in the order of each map."""
        steps, images = self.options.flipping_steps, self.explained.images
        without = self.network.without_ct(images)
        ends = self.explained.logit, logits(self.network.chain, without)
        gaps, curves = [], []
        for method, found in self.drawn.maps.items():
            most, least = flipping(
                self.network.chain,
                images,
                found.for_side(self.drawn.logit),
                without,
                steps=steps,
                ends=ends,
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
        return [name for name in methods if name in self.options.methods]

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
