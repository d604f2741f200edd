"""Patterns of the kernels of a network, the report on them, and their file.

A kernel w of a linear unit cancels what distracts as well as it weighs the signal; its
pattern a says where the signal itself lies, and ``w a = 1``.

References
----------
Kindermans et al., Learning how to explain neural networks, ICLR 2018
(arXiv:1705.05598).
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Self

import h5py
import numpy as np

from .array_types import AnyArray, FloatArray
from .chain import LinearChain


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
    kernels: Mapping[str, AnyArray]
    inactive: Mapping[str, AnyArray]
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
        images: FloatArray | None = None,
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


def images_digest(images: FloatArray) -> str:
    """Return the SHA-256 sum of images, whatever their precision ``(n, y, x, c)``."""
    total = hashlib.sha256(repr(images.shape).encode())
    for image in images:
        total.update(np.ascontiguousarray(image, np.float32).tobytes())
    return total.hexdigest()


def _report(attributes: Mapping[str, Any]) -> LayerReport:
    return LayerReport(
        **{
            field.name: field.type(attributes[field.name])  # type: ignore[operator]
            for field in fields(LayerReport)
        }
    )
