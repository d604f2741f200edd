"""Two-way decomposition of a balanced layout: rows, columns, interaction, repeats.

Every row is measured in every column, equally often. Weights of the rows stand for
resampled rows, so that a bootstrap needs no loop.
"""

from dataclasses import dataclass

import numpy as np

from nodal_staging.study.arrays import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class TwoWay:
    """Values ``(rows, columns, repeats)``, and how often each row counts.

    Attributes
    ----------
    values
        Finite numbers.
    weights
        ``(draws, rows)``, not negative; each draw is decomposed by itself.
    """

    values: FloatArray
    weights: FloatArray

    @classmethod
    def plain(cls, values: FloatArray) -> "TwoWay":
        """Return a single draw, in which each row counts once."""
        return cls(values, np.ones((1, len(values))))

    def column_means(self) -> FloatArray:
        """Return the mean of each column ``(draws, columns)``."""
        means: FloatArray = (self.weights @ self._cells()) / self._rows()[:, None]
        return means

    def sums_of_squares(self) -> FloatArray:
        """Return the sums of squares ``(draws, 4)``.

        They are those of rows, columns, interaction and repeats. They add up to the sum
        of squares about the grand mean of each draw.

        References
        ----------
        Scheffé, The Analysis of Variance, 1959, section 4.3.
        """
        _, columns, repeats = self.values.shape
        cells, rows = self._cells(), self._rows()
        row = cells.mean(axis=1)
        grand = self.weights @ row / rows
        between = (self.weights * (row - grand[:, None]) ** 2).sum(axis=1)
        columns_about = ((self.column_means() - grand[:, None]) ** 2).sum(axis=1)
        within_rows = self.weights @ ((cells - row[:, None]) ** 2).sum(axis=1)
        within_cells = ((self.values - cells[..., None]) ** 2).sum(axis=(1, 2))
        parts = [
            columns * repeats * between,
            repeats * rows * columns_about,
            repeats * (within_rows - rows * columns_about),
            self.weights @ within_cells,
        ]
        sums: FloatArray = np.maximum(np.stack(parts, axis=1), 0.0)
        return sums

    def shares(self) -> FloatArray:
        """Return them as shares of their total ``(draws, 4)``; NaN without any."""
        parts = self.sums_of_squares()
        total: FloatArray = parts.sum(axis=1, keepdims=True)
        found: FloatArray = np.full(parts.shape, np.nan)
        np.divide(parts, total, out=found, where=total > 0)
        return found

    def _cells(self) -> FloatArray:
        """Return the means over repeats ``(rows, columns)``."""
        cells: FloatArray = self.values.mean(axis=2)
        return cells

    def _rows(self) -> FloatArray:
        """Return how many rows each draw holds ``(draws,)``."""
        held: FloatArray = self.weights.sum(axis=1)
        return held


def slopes(x: FloatArray, y: FloatArray, weights: FloatArray) -> FloatArray:
    """Return the least-squares slope of y on x in each draw ``(draws,)``.

    Parameters
    ----------
    x
        ``(n,)``.
    y
        ``(n,)``, or ``(draws, n)`` where it differs from draw to draw.
    weights
        ``(draws, n)``, not negative.

    Returns
    -------
    NaN where x has no spread.
    """
    total = weights.sum(axis=1, keepdims=True)
    away = x - (weights @ x)[:, None] / total
    spread = (weights * away**2).sum(axis=1)
    found = np.full(len(weights), np.nan)
    crossed = (weights * away * y).sum(axis=1)
    known = spread > 1e-12 * np.maximum(weights @ x**2, 1e-300)
    np.divide(crossed, spread, out=found, where=known)
    return found
