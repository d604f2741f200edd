"""Segmentations of a ``.mitk`` scene: an archive with an index of its nodes.

References
----------
MITK v2016.03.0, Modules/SceneSerialization/src/mitkSceneIO.cpp.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import Element

from nodal_staging.exams.segmentation.archive import Archive, opened
from nodal_staging.exams.segmentation.nrrd_labels import read_nrrd
from nodal_staging.exams.segmentation.regions import Segmentation, called, stacked
from nodal_staging.exams.segmentation.safe_text import TextError, properties, roots
from nodal_staging.study.errors import SegmentationError, naming_part

INDEX = "index.xml"
SEGMENTATION_TYPES = frozenset({"LabelSetImage", "MultiLabelSegmentation"})
MARKS = ("segmentation", "binary")


@dataclass(frozen=True, slots=True)
class SceneNode:
    """A segmentation node: the member with its voxels, and its true name."""

    member: str
    name: str | None


def read_scene(path: Path) -> Segmentation:
    """Read the segmentation nodes of a scene, each a layer or more, in its order.

    Parameters
    ----------
    path
        The scene's archive.

    Raises
    ------
    SegmentationError
        If archive, index or a segmentation is damaged, or there is none.
    """
    with opened(path) as archive:
        return stacked(_each(archive))


def _each(archive: Archive) -> Iterator[Segmentation]:
    nodes = _nodes(archive)
    for place, node in enumerate(nodes, start=1):
        named = f"segmentation {place} of {len(nodes)} in the scene"
        with archive.stream(node.member) as stream, naming_part(named):
            part = read_nrrd(stream)
        yield called(part, node.name)


def _nodes(archive: Archive) -> list[SceneNode]:
    text = archive.text(INDEX)
    try:
        found = [_node(archive, element) for element in roots(text).findall("node")]
    except TextError:
        raise SegmentationError(
            "the index or the properties of the scene cannot be read; save "
            "the scene again with MITK"
        ) from None
    nodes = [node for node in found if node is not None]
    if not nodes:
        raise SegmentationError(
            "the scene holds no segmentation; save it with the nodes' segmentations"
        )
    if len({node.member for node in nodes}) < len(nodes):
        raise SegmentationError(
            "two nodes of the scene name one file; save the scene again with MITK"
        )
    return nodes


def _node(archive: Archive, element: Element) -> SceneNode | None:
    """Return a node of the index, or None for an image, a plane or a folder."""
    parts = element.findall("data")
    if len(parts) != 1 or "file" not in parts[0].attrib:
        return None
    (described,) = parts
    stated: dict[str, dict[str, str]] = {}
    for properties_of in (described, element):
        for listed in properties_of.findall("properties"):
            if "renderwindow" not in listed.attrib:
                stated |= _properties(archive, listed)
    if not _is_segmentation(described.get("type", ""), stated):
        return None
    return SceneNode(described.attrib["file"], stated.get("name", {}).get("value"))


def _properties(archive: Archive, listed: Element) -> dict[str, dict[str, str]]:
    text = archive.text(listed.get("file", ""))
    return properties(roots(text))


def _is_segmentation(kind: str, stated: dict[str, dict[str, str]]) -> bool:
    """Tell segmentations from images, which older files tell by a property alone."""
    if kind in SEGMENTATION_TYPES:
        return True
    marked = any(stated.get(mark, {}).get("value") == "true" for mark in MARKS)
    return kind == "Image" and marked
