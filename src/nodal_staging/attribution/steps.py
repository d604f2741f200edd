"""The steps of a linear chain: what each computes, and how relevance goes back.

A step contains its form, not its weights, so that networks of the same form share one
compiled graph. Weights of a step are a tuple: kernel and bias, scale and shift, or
nothing.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from keras import ops

from .array_types import AnyArray
from .autodiff import kernel_pull_back, pull_back

Tensor = Any
Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Convolution:
    """A convolution ``(n, y, x, channels)`` without its activation."""

    name: str
    shape: tuple[int, ...]
    strides: Pair
    dilation: Pair
    padding: str

    def product(self, x: Tensor, kernel: Tensor) -> Tensor:
        """Multiply the patches of x by the kernel; no bias."""
        return ops.conv(
            x,
            kernel,
            strides=self.strides,
            padding=self.padding,
            dilation_rate=self.dilation,
            data_format="channels_last",
        )

    def forward(self, weights: tuple[Tensor, ...], x: Tensor) -> Tensor:
        """Return the output before any activation."""
        return self.product(x, weights[0]) + weights[1]

    def kernel_sums(self, x: Tensor, v: Tensor) -> Tensor:
        """Sum ``x v`` over patches x, in the shape of the kernel.

        That is the gradient of ``sum((w x) v)`` with respect to the kernel w.
        """
        if self.dilation == (1, 1):
            return kernel_pull_back(
                x, self.shape, v, strides=self.strides, padding=self.padding
            )
        kernel = ops.zeros(self.shape, x.dtype)
        return pull_back(lambda w: self.product(x, w), kernel, v)

    @property
    def mirrored(self) -> bool:
        """Whether the way back is the same convolution with a mirrored kernel."""
        odd = all(extent % 2 for extent in self.shape[:2])
        return odd and self.strides == (1, 1) and self.padding == "same"

    def back_kernel(self, kernel: AnyArray) -> AnyArray:
        """Return a kernel as ``back`` takes it; mirroring it each time is slow."""
        if not self.mirrored:
            return kernel
        return np.ascontiguousarray(kernel[::-1, ::-1].swapaxes(2, 3))

    def back(self, x: Tensor, kernel: Tensor, relevance: Tensor) -> Tensor:
        """Give relevance to the input; what lands on padding is dropped."""
        if self.mirrored:
            return self.product(relevance, kernel)
        return pull_back(lambda z: self.product(z, kernel), x, relevance)


@dataclass(frozen=True, slots=True)
class Dense:
    """A dense layer ``(n, units)`` without its activation."""

    name: str
    shape: tuple[int, ...]

    def product(self, x: Tensor, kernel: Tensor) -> Tensor:
        """Multiply x by the kernel; no bias."""
        return ops.matmul(x, kernel)

    def forward(self, weights: tuple[Tensor, ...], x: Tensor) -> Tensor:
        """Return the output before any activation."""
        return self.product(x, weights[0]) + weights[1]

    def kernel_sums(self, x: Tensor, v: Tensor) -> Tensor:
        """Sum ``x v`` over images, in the shape of the kernel."""
        return ops.matmul(ops.transpose(x), v)

    def back_kernel(self, kernel: AnyArray) -> AnyArray:
        """Return a kernel as ``back`` takes it."""
        return np.ascontiguousarray(kernel.T)

    def back(self, _x: Tensor, kernel: Tensor, relevance: Tensor) -> Tensor:
        """Give relevance to the input."""
        return ops.matmul(relevance, kernel)


@dataclass(frozen=True, slots=True)
class Normalisation:
    """Batch normalisation at inference: ``scale * x + shift`` per channel."""

    name: str
    shape: tuple[int, ...]

    def forward(self, weights: tuple[Tensor, ...], x: Tensor) -> Tensor:
        """Scale and shift."""
        return weights[0] * x + weights[1]


@dataclass(frozen=True, slots=True)
class Rectifier:
    """ReLU; open where its input is above zero."""

    name: str

    def forward(self, _weights: tuple[Tensor, ...], x: Tensor) -> Tensor:
        """Cut off what is below zero."""
        return ops.relu(x)

    def back(self, x: Tensor, relevance: Tensor) -> Tensor:
        """Pass relevance through open gates."""
        return relevance * ops.cast(x > 0, relevance.dtype)


@dataclass(frozen=True, slots=True)
class MaxPool:
    """Max-pooling without padding."""

    name: str
    size: Pair
    strides: Pair

    def forward(self, _weights: tuple[Tensor, ...], x: Tensor) -> Tensor:
        """Return the largest value of each window."""
        return ops.max_pool(
            x, self.size, self.strides, padding="valid", data_format="channels_last"
        )

    def back(self, x: Tensor, relevance: Tensor) -> Tensor:
        """Give relevance to the largest value, ties to the first in row-major order.

        What a library does with ties is its own affair, and on masked images most
        windows tie.
        """
        largest = self.forward((), x)
        free = ops.ones_like(largest, dtype="bool")
        won = []
        for window in self._windows(x):
            wins = ops.logical_and(window == largest, free)
            free = ops.logical_and(free, ops.logical_not(wins))
            won.append(relevance * ops.cast(wins, relevance.dtype))
        if self.strides == self.size:
            return self._tiled(x, won)
        stacked = ops.stack(won)
        return pull_back(lambda y: ops.stack(self._windows(y)), x, stacked)

    def _tiled(self, x: Tensor, won: list[Tensor]) -> Tensor:
        """Put windows that do not overlap side by side."""
        (height, width), columns = self.size, won[0].shape[2]
        lines = [
            ops.reshape(
                ops.stack(won[row * width : (row + 1) * width], axis=3),
                (-1, won[0].shape[1], columns * width, x.shape[3]),
            )
            for row in range(height)
        ]
        rows = won[0].shape[1] * height
        tiled = ops.reshape(
            ops.stack(lines, axis=2), (-1, rows, columns * width, x.shape[3])
        )
        rest = ((0, x.shape[1] - rows), (0, x.shape[2] - columns * width))
        return ops.pad(tiled, ((0, 0), *rest, (0, 0)))

    def _windows(self, x: Tensor) -> list[Tensor]:
        """Return the values at each place of a window, row by row."""
        (rows, row_step), (columns, column_step) = zip(
            self.size, self.strides, strict=True
        )
        last_row = (x.shape[1] - rows) // row_step * row_step + 1
        last_column = (x.shape[2] - columns) // column_step * column_step + 1
        return [
            x[:, i : i + last_row : row_step, j : j + last_column : column_step]
            for i in range(rows)
            for j in range(columns)
        ]


@dataclass(frozen=True, slots=True)
class MeanPool:
    """Mean-pooling without padding; gradients pass it, patterns are not defined."""

    name: str
    size: Pair
    strides: Pair

    def forward(self, _weights: tuple[Tensor, ...], x: Tensor) -> Tensor:
        """Return the mean of each window."""
        return ops.average_pool(
            x, self.size, self.strides, padding="valid", data_format="channels_last"
        )


@dataclass(frozen=True, slots=True)
class Flatten:
    """Everything of an image in one row."""

    name: str

    def forward(self, _weights: tuple[Tensor, ...], x: Tensor) -> Tensor:
        """Reshape to ``(n, features)``."""
        features = 1
        for extent in x.shape[1:]:
            features *= extent
        return ops.reshape(x, (-1, features))

    def back(self, x: Tensor, relevance: Tensor) -> Tensor:
        """Give relevance its shape back."""
        return ops.reshape(relevance, (-1, *x.shape[1:]))


KernelStep = Convolution | Dense
Step = KernelStep | Normalisation | Rectifier | MaxPool | MeanPool | Flatten
