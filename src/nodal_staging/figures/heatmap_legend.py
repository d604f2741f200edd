"""What stands under figures of heatmaps, with the caution that they need."""

from collections.abc import Sequence

from nodal_staging.classifier_names import printed
from nodal_staging.figures.heatmap_panels import PERCENTILE, SIGNED, Network, against
from nodal_staging.heatmap_examples import Example, rule
from nodal_staging.heatmap_names import method_name

CAUTION = (
    "Two nodes show what such maps look like and prove nothing: a map can stay the "
    "same whatever the later layers decide, and can lie where the image is empty. "
    "Where the maps of all test nodes lie, beside maps that know of no network and of "
    "networks that learned nothing, is measured in the audit."
)


def caption(
    networks: Sequence[Network],
    examples: Sequence[Example],
    window_hu: tuple[float, float],
) -> str:
    """Say what is drawn, how it is scaled, which nodes these are, and the caution."""
    low, high = (f"{bound:g}".replace("-", "\u2212") for bound in window_hu)
    thresholds = ", ".join(f"{one.threshold:.3f}" for one in networks)
    return (
        f"Left the axial CT of the node, {low} (black) to {high} (white) HU, with its "
        f"outline; beside it the {method_name(networks[0].method)} maps of "
        f"{_listed([printed(one.classifier) for one in networks])}. "
        f"{_meaning(networks, examples)} Each map is divided by the "
        f"{PERCENTILE:g}th percentile of its absolute values. Below each map the "
        "output of the CNN, with a star where the call at the threshold "
        f"({thresholds}) is correct, and the share of the absolute relevance that lies "
        "on the node beside the node’s share of the area. "
        f"The bar is 10 mm long; R: the patient’s right. {rule(examples)} {CAUTION}"
    )


def _meaning(networks: Sequence[Network], examples: Sequence[Example]) -> str:
    """Say what light and dark mean."""
    if networks[0].first.explains in SIGNED:
        return "Red speaks for a positive node, blue against it."
    shares = [against(network, one.node) for network in networks for one in examples]
    words = "Light contributes to the output, dark little."
    if not max(shares):
        return words
    return (
        f"{words} What speaks against the decision ({100 * min(shares):.0f} to "
        f"{100 * max(shares):.0f} % of the absolute relevance of these maps) is drawn "
        "as nothing."
    )


def _listed(names: Sequence[str]) -> str:
    """Join names that have commas."""
    return "; ".join(names[:-1]) + f"; and {names[-1]}"
