"""Requirements of images before a network is applied to them.

Checked here, since a graph that is given another shape fails in its own words, and
one that is given NaN does not fail at all.
"""

import numpy as np

from .array_types import FloatArray

AT_A_TIME = 64
"""Images looked at together, so that those of a file are never all in memory."""


def require_images(
    images: FloatArray, image_shape: tuple[int | None, ...], *, name: str = "images"
) -> None:
    """Refuse what a chain cannot take.

    Parameters
    ----------
    images
        ``(n, y, x, channels)``.
    image_shape
        ``(y, x, channels)`` of the chain; None where any extent will do.
    name
        What the error calls them.

    Raises
    ------
    ValueError
        If there are none, if they are of another shape, or if they hold NaN or
        infinite values.
    """
    shape = np.shape(images)
    axes = tuple(range(1, len(shape)))
    fits = len(shape) == len(image_shape) + 1 and all(
        wanted in {None, found}
        for wanted, found in zip(image_shape, shape[1:], strict=True)
    )
    if not fits or not shape[0]:
        wanted = ", ".join("any" if e is None else str(e) for e in image_shape)
        raise ValueError(
            f"expected {name} of shape (n, {wanted}), at least one image, received "
            f"{shape}"
        )
    finite = np.concatenate(
        [
            np.isfinite(images[at : at + AT_A_TIME]).all(axis=axes)
            for at in range(0, len(images), AT_A_TIME)
        ]
    )
    if not finite.all():
        raise ValueError(
            f"expected finite {name}, found NaN or infinite values in "
            f"{int((~finite).sum())} of {len(finite)}, first in that of index "
            f"{int(np.argmin(finite))}"
        )


def require_different(images: FloatArray) -> None:
    """Refuse images that are all the same, from which no pattern can be learned.

    The logit then has no variance, and but for rounding no pattern.

    Raises
    ------
    ValueError
        If no image differs from the first.
    """
    for at in range(0, len(images), AT_A_TIME):
        if (np.asarray(images[at : at + AT_A_TIME]) != images[0]).any():
            return
    raise ValueError(
        f"expected images that differ, received {len(images)} with the same values: "
        "the logit has no pattern then, and every map would be zero; fit patterns on "
        "the images of the training set"
    )
