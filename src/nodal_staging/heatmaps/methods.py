"""The heatmaps that a study draws, each by one name.

What their numbers mean is said in ``heatmap_files``. All are of the CT, the first
channel of the input: a mask channel shows the node and nothing else.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from nodal_staging.attribution import gradients
from nodal_staging.attribution.chain import LinearChain
from nodal_staging.attribution.estimation import fit_patterns
from nodal_staging.attribution.localisation import centre_map, edge_map
from nodal_staging.attribution.maps import attribute
from nodal_staging.attribution.occlusion import occlusion
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
    """A network that is to be explained, and what methods need beside it.

    Attributes
    ----------
    chain
        The network.
    patterns
        Its patterns, or None where no method asks for them.
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
        cls, chain: LinearChain, trained_on: Float32Array, options: HeatmapOptions
    ) -> "Explained":
        """Fit the patterns of a network on its training images ``(n, y, x, c)``."""
        patterns = None
        if options.needs_patterns:
            patterns = fit_patterns(
                chain,
                trained_on,
                estimator=options.estimator,
                dtype=options.dtype,
                batch_size=options.batch_size,
            )
        return cls(chain, patterns, trained_on.mean(axis=0), options)

    def without_ct(self, images: Float32Array) -> Float32Array:
        """Return images with the CT of the baseline; a mask among them stays."""
        replaced = images.copy()
        replaced[..., 0] = self.baseline[..., 0]
        return replaced


def heatmap(name: str, network: Explained, images: Float32Array) -> Heatmap:
    """Draw the maps of images by a method.

    Parameters
    ----------
    name
        One of ``METHODS``.
    network, images
        What is explained; images ``(n, y, x, channels)``.

    Notes
    -----
    Of a map for each channel the first is taken, the CT; ``channel_share`` says how
    much of the absolute values lies there.
    """
    method = METHODS[name]
    drawn, log_scale = method.draw(network, images)
    size = np.abs(drawn).sum(axis=(1, 2))
    total = size.sum(axis=1, keepdims=True)
    shares = np.divide(size, total, out=np.zeros_like(size), where=total > 0)
    of_ct = np.abs(drawn[..., 0]) if method.explains == "size" else drawn[..., 0]
    largest = np.abs(of_ct).max(axis=(1, 2))
    safe = np.where(largest > 0, largest, 1.0)
    return Heatmap(
        (of_ct / safe[:, None, None]).astype(np.float32),
        log_scale + np.log(safe),
        shares,
        method.explains or network.options.start,
    )


Drawn = tuple[FloatArray, FloatArray]
"""Maps ``(n, y, x, channels)`` and the logarithm of what they are to be scaled by."""


@dataclass(frozen=True, slots=True)
class Method:
    """How maps are drawn, and what they mean."""

    draw: Callable[[Explained, Float32Array], Drawn]
    explains: str = ""


def _by_patterns(mode: Any) -> Callable[[Explained, Float32Array], Drawn]:
    def draw(network: Explained, images: Float32Array) -> Drawn:
        if network.patterns is None:
            raise ValueError("expected patterns, found none; fit them first")
        options = network.options
        found = attribute(
            network.chain,
            network.patterns,
            images,
            mode=mode,
            start=options.start,
            batch_norm=options.batch_norm,
        )
        return np.asarray(found.map, np.float64), found.log_scale

    return draw


def _unscaled(
    draw: Callable[[Explained, Float32Array], AnyArray],
) -> Callable[[Explained, Float32Array], Drawn]:
    def drawn(network: Explained, images: Float32Array) -> Drawn:
        return np.asarray(draw(network, images), np.float64), np.zeros(len(images))

    return drawn


def _smooth(network: Explained, images: Float32Array) -> AnyArray:
    options = network.options
    return gradients.smooth_gradient(
        network.chain,
        images,
        samples=options.smooth_samples,
        noise=options.smooth_noise,
        rng=stream(options.seed, "attribution", "smooth gradient"),
    )


def _integrated(network: Explained, images: Float32Array) -> AnyArray:
    points = network.options.integration_points
    return gradients.integrated_gradients(
        network.chain, images, network.baseline, points=points
    )


def _occluded(network: Explained, images: Float32Array) -> AnyArray:
    options = network.options
    return occlusion(
        network.chain,
        images,
        network.without_ct(images),
        size=options.occlusion_mm,
        stride=options.occlusion_stride_mm,
    )


def _random(network: Explained, images: Float32Array) -> AnyArray:
    rng = stream(network.options.seed, "attribution", "random control")
    return rng.random(images.shape[:3])[..., None]


METHODS = {
    "pattern_attribution": Method(_by_patterns("attribution")),
    "pattern_net": Method(_by_patterns("net"), "signal"),
    "integrated_gradients": Method(_unscaled(_integrated), "logit"),
    "gradient_x_input": Method(
        _unscaled(lambda n, x: gradients.gradient_times_input(n.chain, x)), "logit"
    ),
    "gradient": Method(_unscaled(lambda n, x: gradients.gradient(n.chain, x)), "size"),
    "smoothgrad": Method(_unscaled(_smooth), "size"),
    "grad_cam": Method(
        _unscaled(lambda n, x: gradients.grad_cam(n.chain, x)), "support"
    ),
    "occlusion": Method(_unscaled(_occluded), "logit"),
    "edges": Method(_unscaled(lambda _, x: edge_map(x[..., 0])[..., None]), "control"),
    "random": Method(_unscaled(_random), "control"),
    "centre": Method(
        _unscaled(lambda _, x: centre_map(x.shape[:3])[..., None]), "control"
    ),
}
"""Every method by its name in files and in the configuration."""
