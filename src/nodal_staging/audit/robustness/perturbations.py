"""Perturbations of a patch: attenuation, noise, slices, centre and mask.

Attenuation is changed in HU, before windowing, which clips. What is computed is not
rounded: the patch was rounded once, when it was cut.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from nodal_staging.audit.robustness.robustness_tables import ACTS_ON, IDENTITY
from nodal_staging.classifiers.cnn.inputs import AIR_HU
from nodal_staging.study.arrays import FloatArray, Mask, Volume
from nodal_staging.study.seeds import stream

DIRECTIONS = ((1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1))
"""Along which the centre is shifted ``(z, y, x)``."""

NOISE_VOXELS = 0.6
"""Standard deviation of the kernel that correlates noise within a slice."""


@dataclass(frozen=True, slots=True)
class Step:
    """One perturbation.

    Attributes
    ----------
    name
        One of ``ACTS_ON``.
    strength
        HU of ``hu_shift`` and ``noise``; factor of ``hu_scale``; mm of ``blur``,
        ``thick``, ``shift``, ``dilate`` and ``erode``; per cent of the volume of
        ``jitter``; degrees of ``rotate``.
    direction
        Place in ``DIRECTIONS``; 0 where there is but one.
    """

    name: str
    strength: float
    direction: int = 0

    @property
    def acts_on(self) -> str:
        """What it changes: ``image``, ``mask``, ``position`` or ``orientation``."""
        return ACTS_ON[self.name]


@dataclass(frozen=True, slots=True, eq=False)
class NodePatch:
    """The patch of a node around its middle.

    Attributes
    ----------
    node_id
        Of the node.
    image
        HU ``(z, y, x)``; an even number of slices, cut to the same above and below.
    mask
        Voxels of the node ``(z, y, x)``.
    spacing_mm
        Distance of the voxels along each axis.
    shift
        Where the node is centred, in voxels from the middle ``(z, y, x)``.
    vanished
        Whether the mask was left without a voxel and keeps one.
    """

    node_id: str
    image: Volume
    mask: Mask
    spacing_mm: float
    shift: tuple[float, float, float] = (0.0, 0.0, 0.0)
    vanished: bool = False


def steps_of(strengths: Mapping[str, Sequence[float]]) -> Iterator[Step]:
    """Yield the identity, then every perturbation, strengths ascending.

    Parameters
    ----------
    strengths
        By perturbation.
    """
    yield Step(IDENTITY, 0.0)
    for name in ACTS_ON:
        directions = range(len(DIRECTIONS) if name == "shift" else 1)
        for strength in sorted(strengths.get(name, ())):
            for direction in directions:
                yield Step(name, float(strength), direction)


def perturbed_image(node: NodePatch, step: Step, *, seed: int) -> Volume:
    """Return the image ``(z, y, x)`` after a step that acts on it.

    Parameters
    ----------
    node, step
        What is changed, and how.
    seed
        Of the study; noise has a stream for each node and strength.
    """
    hu = node.image
    if step.name == "hu_shift":
        return hu + np.float32(step.strength)
    if step.name == "hu_scale":
        return (hu - AIR_HU) * np.float32(step.strength) + AIR_HU
    if step.name == "noise":
        return hu + _noise(node, step.strength, seed)
    if step.name == "blur":
        sigma = step.strength / node.spacing_mm
        return np.asarray(ndimage.gaussian_filter(hu, (0, sigma, sigma)))
    slices = odd_slices(step.strength, node.spacing_mm)
    return np.asarray(ndimage.uniform_filter1d(hu, slices, axis=0, mode="nearest"))


def odd_slices(thickness_mm: float, spacing_mm: float) -> int:
    """Return the odd number of slices that is nearest to a thickness, at least 1.

    Examples
    --------
    >>> odd_slices(3, 1), odd_slices(5, 1), odd_slices(3, 0.5)
    (3, 5, 7)
    """
    return 2 * int(np.floor(thickness_mm / spacing_mm / 2 + 1e-9)) + 1


def perturbed_mask(node: NodePatch, step: Step) -> Mask:
    """Return the mask ``(z, y, x)`` after ``dilate`` or ``erode`` by a ball."""
    reach = int(np.ceil(step.strength / node.spacing_mm)) + 1
    box = box_around_mask(node.mask, reach)
    inside = np.pad(node.mask[box], 1)
    spacing = (node.spacing_mm,) * 3
    mask = node.mask.copy()
    if step.name == "dilate":
        distance = ndimage.distance_transform_edt(~inside, sampling=spacing)
        inside = distance <= step.strength
    else:
        distance = ndimage.distance_transform_edt(inside, sampling=spacing)
        inside = distance > step.strength
    mask[box] = inside[1:-1, 1:-1, 1:-1]
    return mask


def with_mask(node: NodePatch, mask: Mask) -> NodePatch:
    """Put another mask on a node; without a voxel it keeps the one at its centre."""
    if mask.any():
        return replace(node, mask=mask)
    return replace(node, mask=_centre_voxel(node.mask), vanished=True)


def turned(node: NodePatch, step: Step) -> NodePatch:
    """Rotate in the axial plane by quarters, or mirror left and right; exact."""
    if step.name == "mirror":
        return replace(node, image=node.image[..., ::-1], mask=node.mask[..., ::-1])
    quarters = round(step.strength / 90)
    image = np.rot90(node.image, quarters, axes=(1, 2))
    return replace(node, image=image, mask=np.rot90(node.mask, quarters, axes=(1, 2)))


def shifted(node: NodePatch, step: Step) -> NodePatch:
    """Move the centre; image and mask stay where they are."""
    z, y, x = (
        step.strength * way / node.spacing_mm for way in DIRECTIONS[step.direction]
    )
    return replace(node, shift=(z, y, x))


def box_around_mask(mask: Mask, margin: int) -> tuple[slice, slice, slice]:
    """Return the box of a mask with a margin, within the patch; at least a voxel."""
    found = []
    for axis in range(3):
        others = tuple(other for other in range(3) if other != axis)
        places = np.flatnonzero(mask.any(axis=others))
        low, high = (places[0], places[-1]) if len(places) else (0, 0)
        found.append(slice(max(int(low) - margin, 0), int(high) + margin + 1))
    return found[0], found[1], found[2]


def centre_of(mask: Mask, centre: str) -> FloatArray:
    """Return the centre of a mask in voxels ``(z, y, x)``.

    Parameters
    ----------
    mask
        At least one voxel.
    centre
        ``centroid``, or centre of the ``bounding_box``.
    """
    places = np.argwhere(mask)
    if centre == "centroid":
        middle: FloatArray = places.mean(axis=0)
        return middle
    return np.asarray((places.min(axis=0) + places.max(axis=0)) / 2)


def _centre_voxel(mask: Mask) -> Mask:
    """Return the voxel of a mask that is nearest to its centroid."""
    places = np.argwhere(mask)
    kept = np.zeros_like(mask)
    if len(places):
        distance = ((places - places.mean(axis=0)) ** 2).sum(axis=1)
        kept[tuple(places[int(np.argmin(distance))])] = True
    return kept


def _noise(node: NodePatch, sd_hu: float, seed: int) -> Volume:
    """Draw noise of a standard deviation, correlated within slices."""
    rng = stream(seed, "robustness", "noise", node.node_id, f"{sd_hu:g}")
    white = rng.standard_normal(node.image.shape, np.float32)
    sigma = (0, NOISE_VOXELS, NOISE_VOXELS)
    smooth = ndimage.gaussian_filter(white, sigma, mode="wrap")
    # Each axis leaves the root of the sum of squared weights of the standard deviation.
    kept = kernel_sd(NOISE_VOXELS) ** 2
    return np.asarray(smooth * np.float32(sd_hu / kept))


def kernel_sd(sigma: float) -> float:
    """Return what smoothing along one axis leaves of the SD of white noise.

    Parameters
    ----------
    sigma
        Of the Gaussian kernel, in voxels.
    """
    reach = int(4 * sigma + 0.5)
    point = np.zeros(2 * reach + 1)
    point[reach] = 1
    weights = ndimage.gaussian_filter1d(point, sigma, mode="constant")
    return float(np.sqrt((weights**2).sum()))
