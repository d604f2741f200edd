"""The heatmaps that a study draws, each by one name.

What their numbers mean is said in ``heatmap_files``. All are of the CT, the first
channel of the input: a mask channel shows the node and nothing else.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from nodal_staging.attribution import gradients
from nodal_staging.attribution.chain import LinearChain
from nodal_staging.attribution.estimation import Fitted, fit_patterns
from nodal_staging.attribution.localisation import centre_map, edge_map
from nodal_staging.attribution.occlusion import occlusion
from nodal_staging.attribution.pattern_attribution import attribute
from nodal_staging.attribution.patterns import Patterns
from nodal_staging.heatmaps.heatmap_files import Heatmap
from nodal_staging.heatmaps.options import HeatmapOptions
from nodal_staging.study.arrays import AnyArray, Float32Array, FloatArray
from nodal_staging.study.seeds import stream

CONTROLS = ("edges", "random", "centre")
"""Maps that know of no network: where the CT is steep, anything, and the middle of
the image, where the node always is."""


@dataclass(frozen=True, slots=True, eq=False)
class Explained:
    """A network that is to be explained, and the other inputs of the methods.

    Attributes
    ----------
    chain
        The network.
    patterns
        Its patterns, or None where no method needs them.
    baseline
        Where integrated gradients start, and what replaces the CT where it is taken
        away: the mean training image ``(y, x, channels)``.
    options
        How.
    """

    chain: LinearChain
    patterns: Patterns | None
    baseline: Float32Array
    options: HeatmapOptions

    @classmethod
    def fitted(
        cls,
        chain: LinearChain,
        trained_on: Float32Array,
        options: HeatmapOptions,
        known: "Explained | None" = None,
    ) -> "Explained":
        """Fit the patterns of a network on its training images ``(n, y, x, c)``.

        Patterns of ``known`` from these images are taken over where they are the same.
        """
        patterns = None
        if options.needs_patterns:
            patterns = fit_patterns(
                chain,
                trained_on,
                estimator=options.estimator,
                dtype=options.dtype,
                batch_size=options.batch_size,
                known=None if known is None else known._fitted(),
            )
        return cls(chain, patterns, trained_on.mean(axis=0), options)

    def _fitted(self) -> Fitted | None:
        return None if self.patterns is None else Fitted(self.chain, self.patterns)

    def without_ct(self, images: Float32Array) -> Float32Array:
        """Return images with the CT of the baseline; a mask among them stays."""
        replaced = images.copy()
        replaced[..., 0] = self.baseline[..., 0]
        return replaced


@dataclass(frozen=True, eq=False)
class Explanation:
    """A network and the images to explain; what several methods need is computed once.

    Attributes
    ----------
    network, images
        What is explained; images ``(n, y, x, channels)``.
    """

    network: Explained
    images: Float32Array
    _drawn: dict[str, Heatmap] = field(default_factory=dict)

    @cached_property
    def logit(self) -> FloatArray:
        """Logits of the images ``(n,)``."""
        return gradients.logits(self.network.chain, self.images)

    @cached_property
    def gradient(self) -> FloatArray:
        """Gradients of the logits ``(n, y, x, channels)``."""
        network = self.network
        found = gradients.gradient(
            network.chain, self.images, dtype=network.options.dtype
        )
        return np.asarray(found, np.float64)

    @cached_property
    def integrated(self) -> FloatArray:
        """Integrated gradients from the baseline ``(n, y, x, channels)``."""
        network = self.network
        found = gradients.integrated_gradients(
            network.chain,
            self.images,
            network.baseline,
            points=network.options.integration_points,
        )
        return np.asarray(found, np.float64)

    def heatmap(self, name: str) -> Heatmap:
        """Draw the maps by one of ``METHODS``.

        Of a map for each channel the first is taken, the CT; ``channel_share`` says
        how much of the absolute values lies there.
        """
        if name not in self._drawn:
            method = METHODS[name]
            explains = method.explains or self.network.options.start
            precision = method.precision or self.network.options.dtype
            self._drawn[name] = _of_ct(*method.draw(self), explains, precision)
        return self._drawn[name]


def _of_ct(
    drawn: FloatArray, log_scale: FloatArray, explains: str, precision: str
) -> Heatmap:
    """Take the channel of the CT, scaled."""
    size = np.abs(drawn).sum(axis=(1, 2))
    total = size.sum(axis=1, keepdims=True)
    shares = np.divide(size, total, out=np.zeros_like(size), where=total > 0)
    of_ct = np.abs(drawn[..., 0]) if explains == "size" else drawn[..., 0]
    largest = np.abs(of_ct).max(axis=(1, 2))
    safe = np.where(largest > 0, largest, 1.0)
    return Heatmap(
        (of_ct / safe[:, None, None]).astype(np.float32),
        log_scale + np.log(safe),
        shares,
        explains,
        precision,
    )


Drawn = tuple[FloatArray, FloatArray]
"""Maps ``(n, y, x, channels)`` and the logarithm of what they are to be scaled by."""


SINGLE = "float32"
"""The precision of methods that apply the network hundreds of times.

Their own error is larger than that of single precision: see docs/attribution.md.
"""


@dataclass(frozen=True, slots=True)
class Method:
    """How maps are drawn, what they mean, and their precision if it has no option."""

    draw: Callable[[Explanation], Drawn]
    explains: str = ""
    precision: str = ""


def _by_patterns(mode: Any) -> Callable[[Explanation], Drawn]:
    def draw(explanation: Explanation) -> Drawn:
        network = explanation.network
        if network.patterns is None:
            raise ValueError("expected patterns, found none; fit them first")
        options = network.options
        found = attribute(
            network.chain,
            network.patterns,
            explanation.images,
            mode=mode,
            start=options.start,
            batch_norm=options.batch_norm,
        )
        return np.asarray(found.map, np.float64), found.log_scale

    return draw


def _unscaled(
    draw: Callable[[Explanation], AnyArray],
) -> Callable[[Explanation], Drawn]:
    def drawn(explanation: Explanation) -> Drawn:
        found = np.asarray(draw(explanation), np.float64)
        return found, np.zeros(len(found))

    return drawn


def _smooth(explanation: Explanation) -> AnyArray:
    options = explanation.network.options
    return gradients.smooth_gradient(
        explanation.network.chain,
        explanation.images,
        samples=options.smooth_samples,
        noise=options.smooth_noise,
        rng=stream(options.seed, "attribution", "smooth gradient"),
    )


def _grad_cam(explanation: Explanation) -> AnyArray:
    network = explanation.network
    return gradients.grad_cam(
        network.chain, explanation.images, dtype=network.options.dtype
    )


def _occluded(explanation: Explanation) -> AnyArray:
    network, options = explanation.network, explanation.network.options
    return occlusion(
        network.chain,
        explanation.images,
        network.without_ct(explanation.images),
        size=options.occlusion_mm,
        stride=options.occlusion_stride_mm,
    )


def _random(explanation: Explanation) -> AnyArray:
    rng = stream(explanation.network.options.seed, "attribution", "random control")
    return rng.random(explanation.images.shape[:3])[..., None]


def _edges(explanation: Explanation) -> AnyArray:
    return edge_map(explanation.images[..., 0])[..., None]


def _centre(explanation: Explanation) -> AnyArray:
    n, rows, columns, _ = explanation.images.shape
    return centre_map((n, rows, columns))[..., None]


METHODS = {
    "pattern_attribution": Method(_by_patterns("attribution")),
    "pattern_net": Method(_by_patterns("net"), "signal"),
    "integrated_gradients": Method(_unscaled(lambda e: e.integrated), "logit", SINGLE),
    "gradient_x_input": Method(_unscaled(lambda e: e.gradient * e.images), "logit"),
    "gradient": Method(_unscaled(lambda e: e.gradient), "size"),
    "smoothgrad": Method(_unscaled(_smooth), "size", SINGLE),
    "grad_cam": Method(_unscaled(_grad_cam), "support"),
    "occlusion": Method(_unscaled(_occluded), "logit", SINGLE),
    "edges": Method(_unscaled(_edges), "control", "float64"),
    "random": Method(_unscaled(_random), "control", "float64"),
    "centre": Method(_unscaled(_centre), "control", "float64"),
}
"""Every method by its name in files and in the configuration."""
