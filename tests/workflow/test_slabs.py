"""Slabs drawn without files show what the study's patches show."""

from pathlib import Path

import numpy as np
import pytest
import yaml
from slabs import draw_slabs

from nodal_staging.phantom.scanner import Scanner
from nodal_staging.phantom.truth import dials_of

pytestmark = pytest.mark.phantom

CONFIG = Path(__file__).parents[2] / "config" / "config.yaml"


@pytest.fixture(scope="module")
def phantom():
    return yaml.safe_load(CONFIG.read_text())["phantom"]


def draw(phantom, seed: int):
    parts = ("body", "ct", "pet", "segmentation")
    return draw_slabs(
        patients=8,
        nodes=40,
        dials=dials_of(phantom),
        scanner=Scanner(**{part: phantom[part] for part in parts}),
        seed=seed,
    )


def test_slabs_repeat_themselves_and_seeds_share_no_name(phantom):
    first, second, other = draw(phantom, 1), draw(phantom, 1), draw(phantom, 2)
    np.testing.assert_array_equal(first.images, second.images)
    np.testing.assert_array_equal(first.masks, second.masks)
    assert not set(first.nodes["patient_id"]) & set(other.nodes["patient_id"])
    assert not set(first.nodes["node_id"]) & set(other.nodes["node_id"])


def test_the_node_lies_in_the_middle_and_is_soft_tissue(phantom):
    cohort = draw(phantom, 3)
    assert cohort.images.shape == cohort.masks.shape == (40, 12, 80, 80)
    for image, mask in zip(cohort.images, cohort.masks, strict=True):
        middle = np.argwhere(mask).mean(axis=0)
        np.testing.assert_allclose(middle[1:], 39.5, atol=1.5)
        assert -90 < np.median(image[mask > 0]) < 150


def test_larger_latents_make_larger_nodes(phantom):
    cohort = draw(phantom, 4)
    area = cohort.masks.max(axis=1).sum(axis=(1, 2))
    order = np.corrcoef(cohort.nodes["size"].rank(), area.argsort().argsort())[0, 1]
    assert order > 0.8
