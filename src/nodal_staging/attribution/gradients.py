"""Maps of the gradient family, of any chain: what patterns are compared with.

Everything here explains the logit and returns maps ``(n, y, x, channels)``. If there
are no images, or images of another shape or with values that are not finite, it raises
a ValueError that says so.

References
----------
Simonyan et al. 2014 (arXiv:1312.6034), gradient; Shrikumar et al. 2016
(arXiv:1605.01713), gradient times input; Sundararajan et al. 2017
(arXiv:1703.01365), integrated gradients; Smilkov et al. 2017 (arXiv:1706.03825),
SmoothGrad; Selvaraju et al. 2017 (arXiv:1610.02391), Grad-CAM.
"""

from collections.abc import Callable
from functools import cache, partial
from typing import Any

import numpy as np
from keras import ops

from .array_types import Float64Array, FloatArray
from .autodiff import Compiled, evaluate, pull_back, tensors
from .chain import LinearChain, forward
from .images import require_images
from .steps import Step

SMALLEST_MAP = 6
"""Side of the coarsest maps that Grad-CAM may be drawn from."""
BATCH = 64
"""Images at a time."""


def logits(
    chain: LinearChain,
    images: FloatArray,
    *,
    dtype: str = "float32",
    batch_size: int = BATCH,
) -> Float64Array:
    """Return the logit of each image ``(n,)``."""
    graph = _logit_graph(chain.steps, chain.image_shape, dtype)
    found = _in_batches(graph, chain, images, dtype, batch_size)
    return np.asarray(found, np.float64)


def gradient(
    chain: LinearChain,
    images: FloatArray,
    *,
    dtype: str = "float32",
    batch_size: int = BATCH,
) -> FloatArray:
    """Return the gradient of the logit with respect to each pixel."""
    slope = partial(evaluate, partial(_slope, chain.steps))
    return _in_batches(slope, chain, images, dtype, batch_size)


def gradient_times_input(
    chain: LinearChain, images: FloatArray, *, dtype: str = "float32"
) -> FloatArray:
    """Return the product of image and gradient: exactly zero where the image is."""
    return gradient(chain, images, dtype=dtype) * images


def integrated_gradients(
    chain: LinearChain,
    images: FloatArray,
    baseline: FloatArray,
    *,
    points: int = 32,
    dtype: str = "float32",
) -> FloatArray:
    """Integrate the gradient along the line from a baseline to each image.

    Parameters
    ----------
    chain, images
        The network and what to explain.
    baseline
        Where the line starts ``(y, x, channels)``.
    points
        Of the Gauss-Legendre rule.

    Returns
    -------
    Maps whose sum is the difference of the logits of image and baseline, up to the
    error of the rule.
    """
    nodes, weights = np.polynomial.legendre.leggauss(points)
    require_images(images, chain.image_shape)
    start = np.broadcast_to(baseline, images.shape)
    require_images(start, chain.image_shape, name="baselines")
    difference = images - baseline
    total = np.zeros(images.shape)
    for at, weight in zip((nodes + 1) / 2, weights / 2, strict=True):
        total += weight * _traced_gradient(chain, baseline + at * difference, dtype)
    integrated: FloatArray = total * difference
    return integrated


def smooth_gradient(
    chain: LinearChain,
    images: FloatArray,
    *,
    samples: int = 16,
    noise: float = 0.15,
    rng: np.random.Generator,
    dtype: str = "float32",
) -> FloatArray:
    """Average the gradient over noisy copies of each image (SmoothGrad).

    Parameters
    ----------
    chain, images
        The network and what to explain.
    samples
        Copies of each image.
    noise
        Standard deviation, as a share of the range of the image.
    rng
        Draws the noise.
    """
    require_images(images, chain.image_shape)
    spread = np.ptp(images, axis=(1, 2, 3), keepdims=True) * noise
    total = np.zeros(images.shape)
    for _ in range(samples):
        noisy = images + spread * rng.standard_normal(images.shape)
        total += _traced_gradient(chain, noisy, dtype)
    smooth: FloatArray = total / samples
    return smooth


def grad_cam(
    chain: LinearChain,
    images: FloatArray,
    *,
    smallest: int = SMALLEST_MAP,
    dtype: str = "float32",
    batch_size: int = BATCH,
) -> FloatArray:
    """Return what supports the sign of the logit in the last fine feature maps.

    Parameters
    ----------
    chain, images
        The network and what to explain.
    smallest
        Least side of the feature maps; those before the first pooling or convolution
        that makes them smaller are taken.

    Returns
    -------
    Maps ``(n, y, x, 1)``, not negative, interpolated linearly to the image.
    """
    heat = partial(evaluate, partial(_heat, chain.steps, chain.image_shape, smallest))
    return _in_batches(heat, chain, images, dtype, batch_size)


def _traced_gradient(chain: LinearChain, images: FloatArray, dtype: str) -> FloatArray:
    """Return gradients of one set of images of many."""
    graph = _gradient_graph(chain.steps, chain.image_shape, dtype)
    return _in_batches(graph, chain, images, dtype, BATCH)


def _in_batches(
    function: Callable[..., Any],
    chain: LinearChain,
    images: FloatArray,
    dtype: str,
    size: int,
) -> FloatArray:
    require_images(images, chain.image_shape)
    weights = tensors(chain.weights, dtype)
    parts = [
        function(weights, np.asarray(images[at : at + size], dtype))
        for at in range(0, len(images), size)
    ]
    found: FloatArray = np.concatenate(parts)
    return found


@cache
def _logit_graph(
    steps: tuple[Step, ...], _image_shape: tuple[int, ...], _dtype: str
) -> Compiled:
    return Compiled(lambda w, x: ops.reshape(forward(steps, w, x)[-1], (-1,)))


@cache
def _gradient_graph(
    steps: tuple[Step, ...], _image_shape: tuple[int, ...], _dtype: str
) -> Compiled:
    return Compiled(partial(_slope, steps))


def _slope(steps: tuple[Step, ...], weights: Any, images: Any) -> Any:
    """Return the gradient of the logit."""
    one = ops.ones((ops.shape(images)[0], 1), images.dtype)

    def logit(x: Any) -> Any:
        return ops.reshape(forward(steps, weights, x)[-1], (-1, 1))

    return pull_back(logit, images, one)


def _heat(
    steps: tuple[Step, ...],
    image_shape: tuple[int, ...],
    smallest: int,
    weights: Any,
    images: Any,
) -> Any:
    """Return Grad-CAM, interpolated to the image."""
    inputs = forward(steps, weights, images)
    place = _last_fine(inputs, smallest)
    sign = ops.sign(ops.reshape(inputs[-1], (-1, 1)))

    def logit(x: Any) -> Any:
        later = forward(steps[place:], weights[place:], x)
        return ops.reshape(later[-1], (-1, 1))

    slope = pull_back(logit, inputs[place], sign)
    weight = ops.mean(slope, axis=(1, 2), keepdims=True)
    coarse = ops.relu(ops.sum(weight * inputs[place], axis=-1, keepdims=True))
    size = image_shape[:2]
    return ops.image.resize(coarse, size, "bilinear", data_format="channels_last")


def _last_fine(inputs: list[Any], smallest: int) -> int:
    """Return the last place whose maps are fine enough."""
    fine = [
        place
        for place, x in enumerate(inputs[:-1])
        if len(x.shape) == 4 and min(x.shape[1:3]) >= smallest
    ]
    if not fine:
        raise ValueError(f"expected feature maps of at least {smallest} x {smallest}")
    return fine[-1]
