"""PatternNet and PatternAttribution: from the logit back to the pixels.

Relevance starts as 1 at the logit (the share of the output, whatever its sign) or as
the logit itself, and goes down the chain. A kernel layer hands it to its input
through the transposed product with ``w * a`` (PatternAttribution) or with ``a``
(PatternNet: the signal); ReLU passes it where it is open; pooling gives it to the
winner. Batch normalisation is a linear layer of its own: ``a = 1 / s`` for any data,
so ``w * a = 1`` and relevance passes unchanged, while the signal is divided by s.

References
----------
Kindermans et al., Learning how to explain neural networks, ICLR 2018
(arXiv:1705.05598); Sixt et al., When explanations lie, ICML 2020 (arXiv:1912.09818),
on what such maps do not depend on.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
from keras import ops

from .array_types import AnyArray, Float64Array, FloatArray
from .autodiff import evaluate, tensors
from .chain import LinearChain, forward
from .images import require_images
from .patterns import Patterns
from .steps import Convolution, Dense, MeanPool, Normalisation, Step

Mode = Literal["attribution", "net"]
Start = Literal["share", "logit"]
BatchNorm = Literal["own", "gradient"]


@dataclass(frozen=True, slots=True, eq=False)
class Maps:
    """Maps of n images.

    Attributes
    ----------
    map
        ``(n, y, x, channels)``, each image divided by its largest absolute value;
        zeros where nothing is relevant.
    log_scale
        ``(n,)``: the unscaled map is ``map * exp(log_scale)``, which single precision
        may not hold.
    logit
        What is explained, ``(n,)``.
    """

    map: AnyArray
    log_scale: Float64Array
    logit: Float64Array

    def unscaled(self) -> Float64Array:
        """Return the maps with their scale."""
        scale = np.exp(self.log_scale)[:, None, None, None]
        unscaled: Float64Array = self.map.astype(np.float64) * scale
        return unscaled


def attribute(
    chain: LinearChain,
    patterns: Patterns,
    images: FloatArray,
    *,
    mode: Mode = "attribution",
    start: Start = "share",
    batch_norm: BatchNorm = "own",
    batch_size: int = 64,
) -> Maps:
    """Explain the logit of images, in the precision of the patterns.

    Parameters
    ----------
    chain, patterns
        The network and its patterns.
    images
        ``(n, y, x, channels)``.
    mode
        ``attribution`` or ``net`` (PatternNet).
    start
        ``share`` of the logit, or the ``logit`` itself; a scalar per image apart.
    batch_norm
        ``own``: a linear layer of its own; ``gradient``: relevance is multiplied by
        its scale, so that maps change with scalings that no output notices.
    batch_size
        Images at a time.

    Raises
    ------
    PatternsMismatchError
        If the patterns belong to another chain.
    ValueError
        If there are no images, or images of another shape or with values that are not
        finite.
    """
    patterns.require(chain)
    require_images(images, chain.image_shape)
    explain = partial(_explain, chain.steps, mode, batch_norm)
    weights = tensors(
        (chain.weights, _back_weights(chain, patterns, mode)), patterns.dtype
    )
    parts = [
        evaluate(
            explain,
            weights,
            np.asarray(images[at : at + batch_size], patterns.dtype),
        )
        for at in range(0, len(images), batch_size)
    ]
    found, log_scale, logit = (
        np.concatenate(part) for part in zip(*parts, strict=True)
    )
    if start == "logit":
        return _times_logit(Maps(found, log_scale, logit))
    return Maps(found, log_scale, logit)


def _times_logit(share: Maps) -> Maps:
    """Turn the share of the logit to relevance in its units."""
    sign = np.sign(share.logit).astype(share.map.dtype)
    size = np.where(share.logit == 0, 1.0, np.abs(share.logit))
    return Maps(
        share.map * sign[:, None, None, None],
        share.log_scale + np.log(size),
        share.logit,
    )


def _back_weights(chain: LinearChain, patterns: Patterns, mode: str) -> Any:
    """Return what each step multiplies on the way back, or nothing."""
    found: list[tuple[AnyArray, ...]] = []
    for step, weights in zip(chain.steps, chain.weights, strict=True):
        if isinstance(step, Convolution | Dense):
            pattern = patterns.kernels[step.name]
            kernel = weights[0] * pattern if mode == "attribution" else pattern
            found.append((step.back_kernel(kernel),))
        else:
            found.append(())
    return tuple(found)


def _explain(
    steps: tuple[Step, ...], mode: str, batch_norm: str, weights: Any, images: Any
) -> tuple[Any, Any, Any]:
    """Go up a chain and back; return maps, the logarithms of their scales, logits."""
    ahead, back = weights
    inputs = forward(steps, ahead, images)
    logit = ops.reshape(inputs[-1], (-1,))
    relevance = ops.ones_like(inputs[-1])
    log_scale = ops.cast(ops.zeros_like(logit), "float64")
    for place in reversed(range(len(steps))):
        step, x = steps[place], inputs[place]
        if isinstance(step, Convolution | Dense):
            relevance = step.back(x, back[place][0], relevance)
            relevance, log_scale = _rescaled(relevance, log_scale)
        elif isinstance(step, Normalisation):
            relevance = relevance * _through(ahead[place][0], mode, batch_norm)
        elif not isinstance(step, MeanPool):
            relevance = step.back(x, relevance)
    relevance, log_scale = _rescaled(relevance, log_scale)
    return relevance, log_scale, ops.cast(logit, "float64")


def _through(scale: Any, mode: str, batch_norm: str) -> Any:
    """Return what batch normalisation multiplies relevance by ``(channels,)``."""
    if batch_norm == "gradient":
        return scale
    alive = ops.cast(scale != 0, scale.dtype)
    if mode == "attribution":
        return alive
    return alive / ops.where(scale != 0, scale, ops.ones_like(scale))


def _rescaled(relevance: Any, log_scale: Any) -> tuple[Any, Any]:
    """Divide each image by its largest absolute value, and remember it."""
    axes = tuple(range(1, len(relevance.shape)))
    largest = ops.max(ops.abs(relevance), axis=axes, keepdims=True)
    safe = ops.where(largest > 0, largest, ops.ones_like(largest))
    size = ops.cast(ops.reshape(safe, (-1,)), "float64")
    return relevance / safe, log_scale + ops.log(size)
