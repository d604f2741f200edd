"""Heatmap files: one HDF5 per CNN, the same bytes for the same maps.

Every map is of the CT. Where the mask is a channel of the input too,
``channel_share`` says how much of the absolute values the CT had: what lies on the
mask depends on the node's outline, and would put the map on the node whatever the CT.

``explains`` says what the numbers of a map mean. The side of the output is that of
0.5, of the logit that of zero; the study's threshold may lie elsewhere.

- ``share``: parts of the logit, whatever its sign; above zero supports the side of
  0.5 on which the output lies
- ``logit``: parts of the logit, or of its difference from a baseline; above zero
  supports a positive node
- ``support``: not negative, larger where more supports that side
- ``size``: not negative, how strongly the logit reacts, without a direction
- ``signal``: what the network took for its signal, in units of the image
- ``control``: does not depend on the network
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import h5py
import numpy as np

from nodal_staging.nodes.patch_files import encoded
from nodal_staging.study.arrays import BoolArray, Float32Array, FloatArray
from nodal_staging.study.files import replacing
from nodal_staging.tables.columns import count, number, one_of, table, text

DIRECTED = {"share", "logit"}
"""What maps explain of which parts can speak against the output."""


@dataclass(frozen=True, slots=True, eq=False)
class Heatmap:
    """Maps of n images by one method.

    Attributes
    ----------
    map
        Of the CT ``(n, y, x)``, the largest absolute value of each image 1, or zeros.
    log_scale
        ``(n,)``: the map in its own units is ``map * exp(log_scale)``.
    channel_share
        Share of each channel of the input in the absolute values ``(n, channels)``,
        the CT first; ``(n, 1)`` for methods that have one map for all channels.
    explains
        What its numbers mean.
    precision
        Numbers in which it was computed, ``float32`` or ``float64``.
    """

    map: Float32Array
    log_scale: FloatArray
    channel_share: FloatArray
    explains: str
    precision: str = "float64"

    @property
    def ct_share(self) -> FloatArray:
        """Share of the CT in the absolute values ``(n,)``; NaN of a single channel."""
        whole = self.channel_share
        if whole.shape[1] == 1:
            return np.full(len(whole), np.nan)
        return np.where(whole.sum(axis=1) > 0, whole[:, 0], np.nan)

    def for_side(self, logit: FloatArray) -> Float32Array:
        """Return the map so that larger values support the side of the output more."""
        if self.explains == "logit":
            return self._turned(logit)
        return np.abs(self.map) if self.explains == "signal" else self.map

    def against(self, logit: FloatArray) -> FloatArray:
        """Return the share of the absolute values that contradicts the output.

        That is against the side of 0.5 on which each output lies, ``(n,)``; NaN where
        a map is empty. The map must be ``DIRECTED``.
        """
        values = self.for_side(logit).astype(np.float64)
        against = np.maximum(-values, 0).sum(axis=(1, 2))
        whole = np.abs(values).sum(axis=(1, 2))
        share = np.full(len(whole), np.nan)
        np.divide(against, whole, out=share, where=whole > 0)
        return share

    def for_positive(self, logit: FloatArray) -> Self:
        """Return parts of the logit, where the map has shares of it; else itself.

        What supports an output below 0.5 supports a negative node.
        """
        if self.explains != "share":
            return self
        return replace(self, map=self._turned(logit), explains="logit")

    def _turned(self, logit: FloatArray) -> Float32Array:
        """Return the map with its sign changed where the output is below 0.5."""
        sign = np.where(logit < 0, -1, 1).astype(np.float32)
        return np.asarray(self.map * sign[:, None, None], np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Heatmaps:
    """The heatmaps of a CNN for n nodes.

    Attributes
    ----------
    node_ids
        Nodes, in the order of all else.
    logit
        What is explained ``(n,)``; above zero where the output is above 0.5.
    images, masks
        What the network saw of the CT, and the node there ``(n, y, x)``.
    maps
        By method.
    """

    node_ids: Sequence[str]
    logit: FloatArray
    images: Float32Array
    masks: BoolArray
    maps: Mapping[str, Heatmap]


def write_heatmaps(path: str | Path, heatmaps: Heatmaps) -> None:
    """Write HDF5; all numbers are stored as float32.

    ``/node_id``, ``/logit``, ``/image``, ``/mask``, and by method ``/map/<method>``
    with the attributes ``explains`` and ``precision``, ``/log_scale/<method>`` and
    ``/channel_share/<method>``; the attribute ``methods`` has their order.
    """
    with replacing(path) as part, h5py.File(part, "w") as file:
        file["node_id"] = encoded(heatmaps.node_ids)
        file["logit"] = heatmaps.logit.astype(np.float32)
        file["image"] = heatmaps.images.astype(np.float32)
        file["mask"] = heatmaps.masks.astype(np.float32)
        file.attrs["methods"] = list(heatmaps.maps)
        for name, drawn in heatmaps.maps.items():
            file[f"map/{name}"] = drawn.map
            file[f"map/{name}"].attrs["explains"] = drawn.explains
            file[f"map/{name}"].attrs["precision"] = drawn.precision
            file[f"log_scale/{name}"] = drawn.log_scale.astype(np.float32)
            file[f"channel_share/{name}"] = drawn.channel_share.astype(np.float32)


def read_heatmaps(path: str | Path) -> Heatmaps:
    """Read what ``write_heatmaps`` wrote."""
    with h5py.File(path) as file:
        return Heatmaps(
            node_ids=[name.decode() for name in file["node_id"][()]],
            logit=file["logit"][()].astype(np.float64),
            images=file["image"][()],
            masks=file["mask"][()] > 0,
            maps={
                name: Heatmap(
                    file[f"map/{name}"][()],
                    file[f"log_scale/{name}"][()].astype(np.float64),
                    file[f"channel_share/{name}"][()].astype(np.float64),
                    str(file[f"map/{name}"].attrs["explains"]),
                    str(file[f"map/{name}"].attrs["precision"]),
                )
                for name in file.attrs["methods"]
            },
        )


CHECKS = [
    "rank_correlation",
    "area_gap",
    "outside_share",
    "logit_difference",
    "completeness_error",
]
PATTERNS = ["fitted", "kept", "none"]
TRAINED, PERMUTED, FRESH = "trained", "labels_permuted", "untrained"

NODE_CHECKS = table(
    {
        "node_id": text(),
        "check": one_of(CHECKS),
        "method": text(),
        "patterns": one_of(PATTERNS),
        "network": text(),
        "layers": count(),
        "value": number(nullable=True),
    },
    unique=["node_id", "check", "method", "patterns", "network"],
)
"""One value per node: ``network`` is ``trained``, ``labels_permuted``,
``untrained_<k>``, or the name of the lowest layer drawn anew, ``layers`` of them."""

CURVES = table(
    {
        "method": text(),
        "share_replaced": number(0, 1),
        "most_first": number(),
        "least_first": number(),
    },
    unique=["method", "share_replaced"],
)
"""Mean support for the side of 0.5 on which the output of each test node lies (logit
times its sign)."""
