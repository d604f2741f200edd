"""A transplanted node is the donor's, in the patch of the recipient."""

import numpy as np
import pytest

from nodal_staging.nodes.transplants import USUAL_FAT_HU, fat_around, transplant

SHAPE = (12, 80, 80)
Z, Y, X = (
    index - (n - 1) / 2 for index, n in zip(np.indices(SHAPE), SHAPE, strict=True)
)
AWAY = np.sqrt(Z**2 + Y**2 + X**2)


def patch(*, radius, node_hu, fat_hu, beyond_hu, noise=0.0, seed=1):
    """Return a ball in fat that ends 15 mm from the middle."""
    image = np.where(AWAY <= 15, fat_hu, beyond_hu)
    image = np.where(AWAY <= radius, node_hu, image).astype(float)
    image += np.random.default_rng(seed).normal(0, noise, SHAPE)
    mask = (AWAY <= radius).astype(np.uint8)
    return np.rint(image).astype(np.int16), mask


def moved(donor, recipient):
    rng = np.random.default_rng(5)
    return transplant(donor, recipient, spacing_mm=1.0, rng=rng)


def test_inside_is_the_donor_and_outside_the_recipient():
    donor = patch(radius=4, node_hu=60, fat_hu=-110, beyond_hu=500)
    recipient = patch(radius=3, node_hu=20, fat_hu=-90, beyond_hu=-800)
    image, mask = moved(donor, recipient)
    assert (mask == donor[1]).all()
    assert (image[mask > 0] == 60).all()
    assert (image[AWAY > 8.2] == recipient[0][AWAY > 8.2]).all()
    # The fat between them is the recipient's, and nothing of its node is left.
    assert (image[(mask == 0) & (AWAY < 15)] == -90).all()


def test_a_larger_node_of_the_recipient_is_replaced_by_its_fat():
    donor = patch(radius=2, node_hu=60, fat_hu=-110, beyond_hu=500)
    recipient = patch(radius=7, node_hu=20, fat_hu=-90, beyond_hu=-800, noise=5)
    image, mask = moved(donor, recipient)
    rest = image[(mask == 0) & (AWAY > 3) & (AWAY < 10)].astype(float)
    assert rest.max() < -50
    assert rest.mean() == pytest.approx(-90, abs=1)
    assert 3 < rest.std() < 7


def test_a_node_in_its_own_patch_stays_what_it_is():
    donor = patch(radius=4, node_hu=60, fat_hu=-100, beyond_hu=300)
    image, mask = moved(donor, donor)
    assert (image == donor[0]).all()
    assert (mask == donor[1]).all()


def test_fat_is_what_is_near_and_as_dark_as_fat():
    image, _ = patch(radius=4, node_hu=60, fat_hu=-104, beyond_hu=300)
    assert fat_around(image, AWAY - 4).hu == -104
    water = np.zeros(SHAPE, np.int16)
    assert fat_around(water, AWAY - 4).hu == USUAL_FAT_HU
