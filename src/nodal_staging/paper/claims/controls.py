"""What lies on the node by the heatmaps of a CNN, compared with its controls.

Controls are maps that know of no network, and untrained networks. Claim C4 and the
first lines of the report both take the one that was chosen before anything was
measured: a control chosen for its share would be tested on the nodes that chose it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from nodal_staging.heatmaps.heatmap_files import FRESH
from nodal_staging.heatmaps.options import method_name
from nodal_staging.paper.claims.rules import Estimate
from nodal_staging.study.classifier_names import printed

CENTRE = "centre map"


@dataclass(frozen=True, slots=True)
class OverControl:
    """What lies on the node by a method, set against a control of the same CNN.

    Attributes
    ----------
    control
        In words.
    share
        Of the absolute values of the control, on the node.
    difference
        Share of the method less that of the control, on the same nodes.
    """

    control: str
    share: float
    difference: Estimate


def first_method(localisation: pd.DataFrame) -> str:
    """Name the first method of the study, from ``LOCALISATION``."""
    return str(localisation["method"].iloc[0])


def over_controls(
    cnn: str, method: str, *, controls: pd.DataFrame, halo: pd.DataFrame
) -> list[OverControl]:
    """Set the maps of a CNN by a method against each of its controls.

    Parameters
    ----------
    cnn, method
        Whose maps.
    controls, halo
        ``OVER_CONTROLS`` and ``OUTSIDE``.
    """
    maps = _of(controls, cnn, method)
    maps = maps[maps["region"] == "node"]
    untrained = _of(halo, cnn, method)
    untrained = untrained[untrained["network"].str.startswith(FRESH)]
    return [
        _over(
            cnn,
            method_name(row["control"]).removesuffix(" (control)").lower(),
            row["control_share"],
            (row["difference"], row["lower"], row["upper"]),
        )
        for row in maps.to_dict("records")
    ] + [
        # What lies on the node is the rest of what lies outside: signs turn.
        _over(
            cnn,
            f"untrained network {row['network'].removeprefix(f'{FRESH}_')}",
            1 - row["outside_share"],
            (-row["difference"], -row["difference_upper"], -row["difference_lower"]),
        )
        for row in untrained.to_dict("records")
    ]


def chosen_beforehand(controls: Sequence[OverControl]) -> OverControl:
    """Return the control that decides: the centre map, or without it the first one.

    The node lies in the centre of every patch, so that no image and no network is
    needed to put much of a map on it.
    """
    return next((one for one in controls if one.control == CENTRE), controls[0])


def _of(frame: pd.DataFrame, cnn: str, method: str) -> pd.DataFrame:
    return frame[(frame["cnn"] == cnn) & (frame["method"] == method)]


def _over(
    cnn: str, control: str, share: float, numbers: tuple[float, float, float]
) -> OverControl:
    name = f"relevance on the node, {printed(f'cnn_{cnn}')}, less that of its {control}"
    return OverControl(control, share, Estimate.of(name, *numbers))
