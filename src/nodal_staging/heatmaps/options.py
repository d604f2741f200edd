"""How heatmaps are drawn and checked, as the configuration says."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

METHODS = {
    "pattern_attribution": "PatternAttribution",
    "pattern_net": "PatternNet",
    "integrated_gradients": "Integrated gradients",
    "integrated_gradients_fill": "Integrated gradients from the mask's fill",
    "gradient_x_input": "Gradient × input",
    "gradient": "Gradient",
    "smoothgrad": "SmoothGrad",
    "grad_cam": "Grad-CAM",
    "occlusion": "Occlusion",
    "edges": "Edge map (control)",
    "random": "Random map (control)",
    "centre": "Centre map (control)",
}
"""Methods and controls, in the order of every table."""


def method_name(method: str) -> str:
    """Return the name of a method for people."""
    return METHODS.get(method, method)


PATTERN_METHODS = ("pattern_attribution", "pattern_net")


@dataclass(frozen=True, slots=True)
class HeatmapOptions:
    """How heatmaps are drawn and checked; the section ``attribution`` of the config."""

    methods: tuple[str, ...]
    estimator: Any
    batch_norm: Any
    start: Any
    dtype: Any
    batch_size: int
    integration_points: int
    smooth_samples: int
    smooth_noise: float
    occlusion_mm: int
    occlusion_stride_mm: int
    seed: int
    flipping_steps: int = 10
    randomised_levels: int | None = None
    fresh_networks: int = 1

    @classmethod
    def of(cls, section: Mapping[str, Any], seed: int) -> "HeatmapOptions":
        """Take what concerns maps from the section of the configuration."""
        chosen = {name: section[name] for name in cls.__slots__ if name in section}
        return cls(**chosen | {"methods": tuple(chosen["methods"])}, seed=seed)

    @property
    def needs_patterns(self) -> bool:
        """Whether a method needs patterns."""
        return any(name in PATTERN_METHODS for name in self.methods)
