"""Patterns: which input makes a unit of a trained network speak.

A kernel w of a linear unit cancels what distracts as well as it weighs the signal;
its pattern a says where the signal itself lies. With rows x of the layer's input
(patches of a convolution), ``y = w x`` and the mask m of the rows at which the ReLU
after the unit is open, the published estimator is

    a = (E+[x y] - E+[x] E[y]) / w (E+[x y] - E+[x] E[y])

where E+ is the mean over open rows and E that over all. Computed as
``k = sum(x m (y - E[y]))`` and ``a = k / (w k)``: the number of open rows cancels,
and k is the gradient of ``sum((w x) m (y - E[y]))`` with respect to w, so patches are
never written out.

References
----------
Kindermans et al., Learning how to explain neural networks, ICLR 2018
(arXiv:1705.05598).
"""

import hashlib
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from functools import cache, partial
from pathlib import Path
from typing import Any, Literal, Self, cast

import h5py
import numpy as np
import numpy.typing as npt
from keras import ops

from .autodiff import Compiled, pull_back, tensors
from .chain import LinearChain, forward
from .steps import KernelStep, Step

Array = npt.NDArray[Any]
FloatArray = npt.NDArray[np.float64]
Images = npt.NDArray[np.floating[Any]]

Estimator = Literal["relu", "linear", "two_component", "relu.cond"]
Precision = Literal["float32", "float64"]
ESTIMATORS = ("relu", "linear", "two_component", "relu.cond")
DTYPES = ("float32", "float64")
TOLERANCE = 64
"""Rounding errors below which the denominator of a pattern counts as zero."""


class PatternsMismatchError(ValueError):
    """Patterns belong to another model or to other images."""


@dataclass(frozen=True, slots=True)
class LayerReport:
    """How well the patterns of a layer are determined.

    Attributes
    ----------
    layer, units
        Its name and number of units.
    active
        Share of rows at which the ReLU is open, mean over units; 1 without a ReLU.
    undefined
        Units without a pattern: never open, or with a denominator that is rounding
        error alone. Their patterns are zero.
    negative
        Units whose denominator is negative; legal, and kept.
    smallest_denominator
        Least of ``|w k| / sum |w_d k_d|`` over defined units; NaN without any.
    amplification_median, amplification_largest
        Of ``sum |w_d a_d|``, by which a unit may enlarge relevance.
    """

    layer: str
    units: int
    active: float
    undefined: int
    negative: int
    smallest_denominator: float
    amplification_median: float
    amplification_largest: float


@dataclass(frozen=True, slots=True, eq=False)
class Patterns:
    """Patterns of all kernels of a chain, and what they belong to.

    Attributes
    ----------
    estimator, dtype
        How they were estimated.
    kernels
        Layer to patterns of the shape of its kernel; each unit has ``sum(w a) = 1``
        or, where undefined, zeros.
    inactive
        The same for closed gates, of the two-component estimator only. They say what
        a unit is silent about; no relevance passes there.
    report
        One per layer, in the order of computation.
    model_sha256, images_sha256, n_images
        Chain and images that they were estimated on.
    """

    estimator: str
    dtype: str
    kernels: Mapping[str, Array]
    inactive: Mapping[str, Array]
    report: tuple[LayerReport, ...]
    model_sha256: str
    images_sha256: str
    n_images: int

    def save(self, path: str | Path) -> None:
        """Write HDF5 without pickle; the same patterns give the same bytes."""
        with h5py.File(path, "w") as file:
            for name in (
                "estimator",
                "dtype",
                "model_sha256",
                "images_sha256",
                "n_images",
            ):
                file.attrs[name] = getattr(self, name)
            for row in self.report:
                dataset = file.create_dataset(
                    f"active/{row.layer}", data=self.kernels[row.layer]
                )
                for field in fields(LayerReport):
                    dataset.attrs[field.name] = getattr(row, field.name)
                if row.layer in self.inactive:
                    file[f"inactive/{row.layer}"] = self.inactive[row.layer]
            file.attrs["layers"] = [row.layer for row in self.report]

    @classmethod
    def load(
        cls,
        path: str | Path,
        chain: LinearChain | None = None,
        images: Images | None = None,
    ) -> Self:
        """Read what ``save`` wrote.

        Parameters
        ----------
        path
            The file.
        chain, images
            Model and images that the patterns must belong to, where given.

        Raises
        ------
        PatternsMismatchError
            If they belong to another model or to other images.
        """
        with h5py.File(path) as file:
            names = list(file.attrs["layers"])
            report = tuple(_report(file[f"active/{name}"].attrs) for name in names)
            closed = file.get("inactive", {})
            found = cls(
                estimator=str(file.attrs["estimator"]),
                dtype=str(file.attrs["dtype"]),
                kernels={name: file[f"active/{name}"][()] for name in names},
                inactive={name: closed[name][()] for name in names if name in closed},
                report=report,
                model_sha256=str(file.attrs["model_sha256"]),
                images_sha256=str(file.attrs["images_sha256"]),
                n_images=int(file.attrs["n_images"]),
            )
        if chain is not None:
            found.require(chain)
        if images is not None and found.images_sha256 != images_digest(images):
            raise PatternsMismatchError(
                f"{Path(path).name}: expected patterns of these {len(images)} images, "
                f"found those of {found.n_images} others; fit them again"
            )
        return found

    def require(self, chain: LinearChain) -> None:
        """Refuse a chain that these patterns do not belong to."""
        if self.model_sha256 != chain.sha256:
            raise PatternsMismatchError(
                f"expected patterns of the model {chain.sha256[:12]}, found those of "
                f"{self.model_sha256[:12]}; fit them again"
            )

    def moved_to(self, chain: LinearChain) -> Self:
        """Declare these patterns to be those of another chain of the same form.

        Only a randomisation check wants this.
        """
        return replace(self, model_sha256=chain.sha256)


def images_digest(images: Images) -> str:
    """Return the SHA-256 sum of images, whatever their precision ``(n, y, x, c)``."""
    total = hashlib.sha256(repr(images.shape).encode())
    for image in images:
        total.update(np.ascontiguousarray(image, np.float32).tobytes())
    return total.hexdigest()


def fit_patterns(
    chain: LinearChain,
    images: Images,
    *,
    estimator: Estimator = "relu",
    dtype: Precision = "float32",
    batch_size: int = 32,
) -> Patterns:
    """Estimate the patterns of every kernel, in two passes over the images.

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
        Images at a time; decides memory, not results.

    Raises
    ------
    ValueError
        If there are no images, or estimator or dtype are unknown.
    """
    _require_choice("estimator", estimator, ESTIMATORS)
    _require_choice("dtype", dtype, DTYPES)
    chain.require_patterns()
    if not len(images):
        raise ValueError("expected at least one image to fit patterns on, found none")
    gates = tuple(chain.gates().items())
    form = _Form(chain.steps, chain.image_shape, gates, estimator, dtype)
    weights = tensors(chain.weights, dtype)
    batches = _Batches(images, batch_size, dtype)
    means = _total(_mean_graph(form), weights, batches)
    centres = tuple(_ratio(total, rows) for total, rows in means)
    sums = _total(_covariance_graph(form), (weights, tensors(centres, dtype)), batches)
    return _gather(chain, form, sums, images)


@dataclass(frozen=True, slots=True)
class _Form:
    """What decides the graph of an estimation."""

    steps: tuple[Step, ...]
    image_shape: tuple[int, ...]
    gates: tuple[tuple[int, int | None], ...]
    estimator: str
    dtype: str


@dataclass(frozen=True, slots=True, eq=False)
class _Batches:
    """Images in batches; the last may be short."""

    images: Images
    size: int
    dtype: str

    def __iter__(self) -> Iterator[Array]:
        for start in range(0, len(self.images), self.size):
            yield np.asarray(self.images[start : start + self.size], self.dtype)


def _total(graph: Compiled, weights: Any, batches: _Batches) -> list[list[FloatArray]]:
    """Add up in float64 what a graph returns for each batch."""
    total: list[list[FloatArray]] = []
    for batch in batches:
        found = graph(weights, batch)
        if not total:
            total = [[np.zeros(a.shape) for a in row] for row in found]
        for row, add in zip(total, found, strict=True):
            for whole, part in zip(row, add, strict=True):
                np.add(whole, part, out=whole)
    return total


@cache
def _mean_graph(form: _Form) -> Compiled:
    """Sum the outputs over the rows whose mean is to be subtracted, and count them."""

    def means(weights: Any, images: Any) -> list[list[Any]]:
        inputs = forward(form.steps, weights, images)
        found = []
        for place, gate in form.gates:
            y = inputs[place + 1]
            if form.estimator == "relu.cond" and gate is not None:
                rows = ops.cast(inputs[gate] > 0, form.dtype)
                found.append([_over_rows(rows * y), _over_rows(rows)])
            else:
                found.append([_over_rows(y), _count(y)])
        return found

    return Compiled(means)


@cache
def _covariance_graph(form: _Form) -> Compiled:
    """Sum ``x m (y - centre)``, and count rows and open rows."""

    def covariances(weights: Any, images: Any) -> list[list[Any]]:
        weights, centres = weights
        inputs = forward(form.steps, weights, images)
        found = []
        for (place, gate), centre in zip(form.gates, centres, strict=True):
            x, y = inputs[place], inputs[place + 1] - centre
            is_open = ops.ones_like(y)
            if form.estimator != "linear" and gate is not None:
                is_open = ops.cast(inputs[gate] > 0, form.dtype)
            masks = [is_open]
            if form.estimator == "two_component":
                masks.append(1 - is_open)
            step = cast(KernelStep, form.steps[place])
            product, kernel = partial(step.product, x), weights[place][0]
            sums = [pull_back(product, kernel, mask * y) for mask in masks]
            found.append([_over_rows(is_open), _count(y), *sums])
        return found

    return Compiled(covariances)


def _over_rows(y: Any) -> Any:
    """Sum over rows, in float64 from one image to the next ``(units,)``."""
    places = tuple(range(1, len(y.shape) - 1))
    by_image = ops.sum(y, axis=places) if places else y
    return ops.sum(ops.cast(by_image, "float64"), axis=0)


def _count(y: Any) -> Any:
    """Return the number of rows, in float64."""
    places = math.prod(y.shape[1:-1])
    return ops.cast(ops.shape(y)[0] * places, "float64")


def _ratio(total: FloatArray, rows: FloatArray) -> FloatArray:
    """Divide, with zero where there are no rows."""
    return total / np.where(rows > 0, rows, 1)


def _gather(
    chain: LinearChain, form: _Form, sums: list[list[FloatArray]], images: Images
) -> Patterns:
    kernels, inactive, report = {}, {}, []
    for (place, _), (opened, rows, *found) in zip(form.gates, sums, strict=True):
        name, kernel = chain.steps[place].name, chain.weights[place][0]
        pattern, row = _divided(kernel, found[0], form.dtype)
        active = float(np.mean(_ratio(opened, rows)))
        report.append(replace(row, layer=name, active=active))
        kernels[name] = pattern
        if len(found) > 1:
            inactive[name], _ = _divided(kernel, found[1], form.dtype)
    return Patterns(
        estimator=form.estimator,
        dtype=form.dtype,
        kernels=kernels,
        inactive=inactive,
        report=tuple(report),
        model_sha256=chain.sha256,
        images_sha256=images_digest(images),
        n_images=len(images),
    )


def _divided(
    kernel: FloatArray, covariance: FloatArray, dtype: str
) -> tuple[Array, LayerReport]:
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


def _report(attributes: Mapping[str, Any]) -> LayerReport:
    return LayerReport(
        **{
            field.name: field.type(attributes[field.name])  # type: ignore[operator]
            for field in fields(LayerReport)
        }
    )


def _require_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ValueError(f"expected {name} to be one of {choices}, received {value!r}")
