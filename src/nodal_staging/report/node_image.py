"""A small image of a node with its outline, as SVG that needs nothing else."""

import base64
from html import escape
from io import BytesIO

import numpy as np
import numpy.typing as npt
from PIL import Image

BAR_MM = 10


def node_image(
    image: npt.NDArray[np.float32], mask: npt.NDArray[np.bool_], *, alt: str
) -> str:
    """Return an axial image as SVG, a pixel and a mm a unit.

    Parameters
    ----------
    image
        CT on the scale of the window, 0 black and 1 white ``(y, x)``.
    mask
        The node there ``(y, x)``.
    alt
        What it shows, for those who do not see it.
    """
    rows, columns = image.shape
    bar = f'<path class="bar" d="M2 {rows - 2.5}h{BAR_MM}"/>'
    return (
        f'<svg viewBox="0 0 {columns} {rows}" role="img" aria-label="{escape(alt)}">'
        f'<image width="{columns}" height="{rows}" href="{_png(image)}"/>'
        f'<path class="outline" d="{outline(mask)}"/>{bar}</svg>'
    )


def outline(mask: npt.NDArray[np.bool_]) -> str:
    """Return the edges of a mask as an SVG path along the edges of its pixels."""
    padded = np.pad(mask, 1).astype(np.int8)
    across = np.argwhere(np.diff(padded, axis=0)[:, 1:-1])
    along = np.argwhere(np.diff(padded, axis=1)[1:-1])
    return "".join(
        [f"M{x} {y}h1" for y, x in across] + [f"M{x} {y}v1" for y, x in along]
    )


def _png(image: npt.NDArray[np.float32]) -> str:
    """Return grey values as a PNG in a data URL."""
    grey = np.rint(255 * np.clip(image, 0, 1)).astype(np.uint8)
    file = BytesIO()
    Image.fromarray(grey).save(file, "png", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
