"""Which input makes a unit of a trained network speak.

With rows x of the layer's input (patches of a convolution), ``y = w x`` and the mask
m of the rows at which the ReLU after the unit is open, the published estimator is

    a = (E+[x y] - E+[x] E[y]) / w (E+[x y] - E+[x] E[y])

where E+ is the mean over open rows and E that over all. Computed as
``k = sum(x m (y - E[y]))`` and ``a = k / (w k)``: the number of open rows cancels,
and k is the gradient of ``sum((w x) m (y - E[y]))`` with respect to w, a product for
each place of the kernel, so patches are never written out.

Layer by layer: the outputs of one are the inputs of the next, so that both passes
over the images take each convolution once forward, and once for its sums.

References
----------
Kindermans et al., Learning how to explain neural networks, ICLR 2018
(arXiv:1705.05598).
"""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from .array_types import AnyArray, Float64Array, FloatArray
from .autodiff import evaluate, tensors
from .chain import LinearChain
from .images import require_different, require_images
from .kernel_layers import (
    Estimator,
    KernelLayer,
    Precision,
    covariances,
    kernel_layers,
    outputs,
)
from .outputs import Outputs
from .patterns import LayerReport, Patterns, PatternsMismatchError, images_digest

ESTIMATORS = ("relu", "linear", "two_component", "relu.cond")
DTYPES = ("float32", "float64")
TOLERANCE = 64
"""Rounding errors below which the denominator of a pattern counts as zero."""


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A chain and the patterns that were fitted for it."""

    chain: LinearChain
    patterns: Patterns

    def shared_with(self, chain: LinearChain) -> set[str]:
        """Name the kernel layers whose patterns are also those of another chain.

        A pattern depends on the weights up to the ReLU that follows, and no others.
        """
        if chain.steps != self.chain.steps:
            return set()
        pairs = zip(chain.weights, self.chain.weights, strict=True)
        equal = [all(map(np.array_equal, a, b)) for a, b in pairs]
        return {
            chain.steps[place].name
            for place, gate in chain.gates().items()
            if all(equal[: gate or place + 1])
        }


def fit_patterns(
    chain: LinearChain,
    images: FloatArray,
    *,
    estimator: Estimator = "relu",
    dtype: Precision = "float32",
    batch_size: int = 32,
    known: Fitted | None = None,
) -> Patterns:
    """Estimate the patterns of every kernel.

    Parameters
    ----------
    chain
        The network.
    images
        What it was trained on, not augmented, ``(n, y, x, channels)``.
    estimator
        ``relu``: the published one; ``linear``: the same over all rows;
        ``two_component``: also patterns of closed gates; ``relu.cond``: the
        covariance among open rows, which does not change when a constant is added to
        the input (not published).
    dtype
        Of the convolutions; sums over batches are float64 in any case.
    batch_size
        Images at a time where a layer has most inputs, more where it has fewer;
        decides memory, not results. What one layer hands to the next lies in a
        temporary file where memory would not hold it (``outputs.ROOM_BYTES``).
    known
        Patterns of another chain from the same images, in the same way. Those of the
        first layers are taken over as far as both chains have the same weights.

    Raises
    ------
    PatternsMismatchError
        If ``known`` are patterns of other images.
    ValueError
        If there are no images, or images of another shape or with values that are not
        finite; if all are the same; if estimator or dtype are unknown, or are not
        those of ``known``.
    OSError
        If there is no room for the outputs of two layers.
    """
    _require_choice("estimator", estimator, ESTIMATORS)
    _require_choice("dtype", dtype, DTYPES)
    chain.require_patterns()
    require_images(images, chain.image_shape)
    require_different(images)
    digest = images_digest(images)
    shared = _shared(chain, known, (estimator, dtype, digest))
    inputs, most = _read(images, dtype, batch_size), 0
    kernels, inactive, report = {}, {}, []
    for layer, arrays in kernel_layers(chain, estimator, dtype):
        most = max(most, inputs.values)
        size, weights = batch_size * (most // inputs.values), tensors(arrays, dtype)
        found, centre = _outputs(layer, weights, inputs, size)
        name = layer.step.name
        if name in shared:
            active, closed, row = shared[name]
        else:
            sums = _covariances(layer, (weights, centre), inputs, found, size)
            active, closed, row = _patterns_of(layer, arrays[1][0][0], sums)
        inputs.close()
        inputs = found
        kernels[name] = active
        report.append(row)
        if closed is not None:
            inactive[name] = closed
    inputs.close()
    return Patterns(
        estimator=estimator,
        dtype=dtype,
        kernels=kernels,
        inactive=inactive,
        report=tuple(report),
        model_sha256=chain.sha256,
        images_sha256=digest,
        n_images=len(images),
    )


def _read(images: FloatArray, dtype: str, size: int) -> Outputs:
    """Take the images as what the first layer receives."""
    found = Outputs(dtype)
    for start in range(0, len(images), size):
        found.append(np.asarray(images[start : start + size], dtype))
    return found


def _outputs(
    layer: KernelLayer, weights: Any, inputs: Outputs, size: int
) -> tuple[Outputs, Any]:
    """Return the outputs of all images, and the mean to subtract by unit."""
    found, total, rows = Outputs(layer.dtype), 0.0, 0.0
    for batch in inputs.batches(size):
        y, (add, more) = evaluate(partial(outputs, layer), weights, batch)
        found.append(y)
        total, rows = total + add, rows + more
    return found, tensors(_ratio(np.asarray(total), np.asarray(rows)), layer.dtype)


def _covariances(
    layer: KernelLayer, weights: Any, inputs: Outputs, outputs: Outputs, size: int
) -> list[Float64Array]:
    """Add up in float64 the sums of each batch."""
    total: list[Float64Array] = []
    for x, y in zip(inputs.batches(size), outputs.batches(size), strict=True):
        found = evaluate(partial(covariances, layer), weights, x, y)
        if not total:
            total = [np.zeros(array.shape) for array in found]
        for whole, part in zip(total, found, strict=True):
            np.add(whole, part, out=whole)
    return total


Layer = tuple[AnyArray, AnyArray | None, LayerReport]
"""Patterns of a layer, of open and perhaps of closed gates, and the report on them."""


def _patterns_of(
    layer: KernelLayer, kernel: Float64Array, sums: list[Float64Array]
) -> Layer:
    """Turn the sums of a layer to its patterns."""
    opened, rows, *found = sums
    pattern, row = _divided(kernel, found[0], layer.dtype)
    row = replace(
        row, layer=layer.step.name, active=float(np.mean(_ratio(opened, rows)))
    )
    closed = _divided(kernel, found[1], layer.dtype)[0] if len(found) > 1 else None
    return pattern, closed, row


def _shared(
    chain: LinearChain, known: Fitted | None, wanted: tuple[str, str, str]
) -> dict[str, Layer]:
    """Return the known patterns that are also those of a chain, by layer."""
    if known is None:
        return {}
    old = known.patterns
    old.require(known.chain)
    if old.images_sha256 != wanted[2]:
        raise PatternsMismatchError(
            f"expected known patterns of these images, found those of {old.n_images} "
            "others; fit them again"
        )
    if (old.estimator, old.dtype) != wanted[:2]:
        raise ValueError(
            f"expected known patterns by {wanted[0]} in {wanted[1]}, received those by "
            f"{old.estimator} in {old.dtype}"
        )
    names = known.shared_with(chain)
    return {
        row.layer: (old.kernels[row.layer], old.inactive.get(row.layer), row)
        for row in old.report
        if row.layer in names
    }


def _ratio(total: Float64Array, rows: Float64Array) -> Float64Array:
    """Divide, with zero where there are no rows."""
    return total / np.where(rows > 0, rows, 1)


def _divided(
    kernel: Float64Array, covariance: Float64Array, dtype: str
) -> tuple[AnyArray, LayerReport]:
    """Scale covariances so that each unit has ``sum(w a) = 1``, where defined."""
    kernel, k = (array.reshape(-1, array.shape[-1]) for array in (kernel, covariance))
    product = kernel * k
    denominator, size = product.sum(axis=0), np.abs(product).sum(axis=0)
    defined = np.abs(denominator) > TOLERANCE * np.finfo(dtype).eps * size
    # A kernel of zeros has no signal, and a unit that is never open has no rows.
    safe = np.where(defined, denominator, 1)
    pattern = np.where(defined, k / safe, 0.0)
    amplification = size[defined] / np.abs(denominator[defined])
    some = defined.any()
    report = LayerReport(
        layer="",
        units=len(defined),
        active=1.0,
        undefined=int((~defined).sum()),
        negative=int((denominator[defined] < 0).sum()),
        smallest_denominator=float(1 / amplification.max()) if some else np.nan,
        amplification_median=float(np.median(amplification)) if some else np.nan,
        amplification_largest=float(amplification.max()) if some else np.nan,
    )
    return pattern.reshape(covariance.shape).astype(dtype), report


def _require_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ValueError(f"expected {name} to be one of {choices}, received {value!r}")
