"""How methods of heatmaps are called in print."""

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
