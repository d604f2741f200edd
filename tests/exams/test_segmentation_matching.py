"""Labels of nodes.tsv: by name, by value, by layer and value, or refused."""

import numpy as np
import pytest
from segmentation_files import GRID, SECRET

from nodal_staging.exams.segmentation.matching import match
from nodal_staging.exams.segmentation.regions import Label, Region, Segmentation
from nodal_staging.study.errors import SegmentationError, naming

PLACE = "patient P1, exam E1, column segmentation"


def segmentation(*labels, empty=()) -> Segmentation:
    mask = np.ones((1, 1, 1), bool)
    regions = [Region(GRID, *label, (0, 0, 0), mask) for label in labels]
    return Segmentation(tuple(regions), tuple(Label(*label) for label in empty), 2)


TWO = segmentation((0, 1, "a"), (0, 2, "b"))
LAYERS = segmentation((0, 1, "a"), (1, 1, "b"), (1, 2, SECRET), (1, 3, SECRET))


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"N1": "a", "N2": "b"}, {"N1": (0, 1), "N2": (0, 2)}),
        ({"N1": "2", "N2": " 1 "}, {"N1": (0, 2), "N2": (0, 1)}),
        ({"N1": "0:2", "N2": "a"}, {"N1": (0, 2), "N2": (0, 1)}),
    ],
)
def test_names_values_and_layers(wanted, found):
    assert match(TWO, wanted) == found


def test_layers_tell_equal_values_apart():
    wanted = {"N1": "0:1", "N2": "1:1", "N3": "2", "N4": "1:3"}
    assert list(match(LAYERS, wanted).values()) == [
        (0, 1),
        (1, 1),
        (1, 2),
        (1, 3),
    ]


@pytest.mark.parametrize(
    ("labels", "wanted", "words"),
    [
        (LAYERS, {"N1": "1"}, r"2 labels fit .*N1; write layer:value .* 0:1, 1:1"),
        (LAYERS, {"N1": SECRET}, r"2 labels fit .*N1; .* 1:2, 1:3"),
        (TWO, {"N1": "a"}, "label 0:2 has no node"),
        (LAYERS, {"N1": "a"}, r"label 1:1 has no node in nodes.tsv \(and 2 more\)"),
        (TWO, {"N1": "a", "N2": "1"}, "2 nodes of nodes.tsv name label 0:1"),
        (TWO, {"N1": "a", "N2": "b", "N3": "9"}, "node N3 .* no voxels .* 0:1, 0:2"),
        (TWO, {"N1": "a", "N2": "1:2"}, "node N2 .* no voxels"),
        (TWO, {"N1": "a", "N2": SECRET}, "node N2 .* no voxels"),
        (TWO, {"N1": "a", "N2": "9" * 5000}, "node N2 .* no voxels"),
        (TWO, {"N1": "a", "N2": "²"}, "node N2 .* no voxels"),
        (segmentation(), {"N1": "1"}, "which holds none"),
        (
            segmentation((0, 1, "a"), empty=[(0, 2, "leer")]),
            {"N1": "a", "N2": "leer"},
            "node N2 .* no voxels",
        ),
        # A name that reads like the value of another label must not decide silently.
        (segmentation((0, 1, "2"), (0, 2, "b")), {"N1": "2"}, "2 labels fit"),
    ],
)
def test_what_does_not_match_is_named(labels, wanted, words):
    with pytest.raises(SegmentationError, match=words) as error, naming(PLACE):
        match(labels, wanted)
    assert str(error.value).startswith(f"{PLACE}: ")
    assert SECRET not in str(error.value)


def test_an_umlaut_may_be_one_character_or_two():
    labels = segmentation((0, 1, "a\u0308"), (0, 2, "\u00f6"))
    wanted = {"N1": "\u00e4", "N2": "o\u0308"}
    assert match(labels, wanted) == {"N1": (0, 1), "N2": (0, 2)}


def test_an_empty_label_needs_no_node():
    labels = segmentation((0, 1, "a"), empty=[(0, 2, "leer")])
    assert match(labels, {"N1": "a"}) == {"N1": (0, 1)}
