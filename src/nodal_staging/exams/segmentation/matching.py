"""Which label is which node of nodes.tsv."""

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping

from nodal_staging.exams.segmentation.regions import Label, Segmentation
from nodal_staging.study.errors import SegmentationError
from nodal_staging.tables.rounding import and_more

VALUE = re.compile(r"(?:([0-9]{1,6}):)?([0-9]{1,19})")

Place = tuple[int, int]


def match(segmentation: Segmentation, wanted: Mapping[str, str]) -> dict[str, Place]:
    """Find the label of every node, and prove that no label is left over.

    Parameters
    ----------
    segmentation
        All labels of the exam.
    wanted
        Label of each node_id as nodes.tsv gives it: its name, its value (``3``), or
        layer and value (``1:3``), layers counted from 0.

    Returns
    -------
    Layer and value of the label of each node_id.

    Raises
    ------
    SegmentationError
        For a node whose label is absent, empty or ambiguous, two nodes with one
        label, or a label without a node.
    """
    matched = {
        node_id: _place_of(segmentation, text, node_id)
        for node_id, text in wanted.items()
    }
    for place, count in Counter(matched.values()).items():
        if count > 1:
            raise SegmentationError(
                f"{count} nodes of nodes.tsv name label {_written(place)}; "
                "give each node a label of its own"
            )
    drawn = {_place(region.label) for region in segmentation.regions}
    left_over = sorted(drawn - set(matched.values()))
    if left_over:
        raise SegmentationError(
            f"label {_written(left_over[0])} has no node in nodes.tsv"
            f"{and_more(len(left_over) - 1)}; add its row or delete the label"
        )
    return matched


def _place_of(segmentation: Segmentation, text: str, node_id: str) -> Place:
    """Find one label by its name, its value, or its layer and value."""
    found = [label for label in segmentation.labels if _is_meant(label, text)]
    if len(found) > 1:
        raise SegmentationError(
            f"{len(found)} labels fit the one that nodes.tsv gives node "
            f"{node_id}; write layer:value instead, here "
            f"{_listed([_place(label) for label in found])}"
        )
    drawn = [_place(region.label) for region in segmentation.regions]
    if not found or _place(found[0]) not in drawn:
        raise SegmentationError(
            f"the label of node {node_id} in nodes.tsv has no voxels in the "
            f"segmentation, which holds {_listed(drawn) or 'none'} (layer:value); "
            "correct column label or segment the node"
        )
    return _place(found[0])


def _is_meant(label: Label, text: str) -> bool:
    if label.name is not None and _composed(label.name) == _composed(text):
        return True
    match = VALUE.fullmatch(text.strip())
    if match is None:
        return False
    layer, value = match.groups()
    return int(value) == label.value and layer in (None, str(label.layer))


def _composed(name: str) -> str:
    """Write an umlaut as one character: some systems make two of it."""
    return unicodedata.normalize("NFC", name)


def _place(label: Label) -> Place:
    return label.layer, label.value


def _written(place: Place) -> str:
    return f"{place[0]}:{place[1]}"


def _listed(places: list[Place]) -> str:
    """Write the first few of a list."""
    shown = ", ".join(_written(place) for place in places[:12])
    return shown + and_more(len(places) - 12)
