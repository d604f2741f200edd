"""Segmentations as MITK wrote them, broken ones, and labels that do not match."""

import numpy as np
import pytest

from nodal_staging.geometry import Lattice
from nodal_staging.phantom.mitk_writer import write_multilabel
from nodal_staging.segmentation.label_map import match_labels, read_label_map
from nodal_staging.segmentation.nrrd import SegmentationError

LATTICE = Lattice((3, 4, 5), (0.7, 0.8, 3.0), (-10.0, -20.0, 30.0))


@pytest.fixture
def file(tmp_path):
    values = np.zeros(LATTICE.shape, np.uint16)
    values[0, 0, 0], values[1, 2, 3] = 1, 2
    write_multilabel(tmp_path / "a.nrrd", values, LATTICE, ['iliakal "re"', "axillär"])
    return tmp_path / "a.nrrd"


def changed(file, old: bytes, new: bytes):
    content = file.read_bytes()
    assert old in content
    file.write_bytes(content.replace(old, new, 1))
    return file


def test_names_values_and_place_come_back(file):
    label_map = read_label_map(file, role="seg")
    assert label_map.names == {0: "Exterior", 1: 'iliakal "re"', 2: "axillär"}
    assert label_map.values[1, 2, 3] == 2
    assert LATTICE.difference(label_map.lattice) is None


def test_real_mitk_files_are_read(real_files):
    folder = real_files / "reconstructed"
    four = read_label_map(folder / "mitk2016_four_nodes.nrrd", role="seg")
    assert four.names[3] == "LN3 neg axillär"
    assert four.lattice.origin_mm == (-250.0, -401.5, -1023.25)
    legacy = real_files / "mitk2023_lib" / "mitk_legacy_single_axial.nrrd"
    named = read_label_map(legacy, role="seg").names
    assert named[2] == 'LN_02 retroperitoneal <neg> & "x"'


def test_plain_files_have_values_without_names(real_files):
    path = real_files / "reconstructed" / "plain_binary_uchar_1.nrrd"
    label_map = read_label_map(path, role="seg")
    assert label_map.names == {}
    assert set(np.unique(label_map.values)) == {0, 1}


def test_layers_are_refused(real_files):
    path = real_files / "reconstructed" / "mitk2018_two_layers_same_value.nrrd"
    with pytest.raises(SegmentationError, match="dimension is 4"):
        read_label_map(path, role="seg")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (b"encoding: gzip", b"encoding: gzip\ndata file: /etc/passwd", "points else"),
        (b"dimension: 3", b"dimension: 4", "dimension is 4"),
        (b"type: unsigned short", b"type: float", "type is float"),
        (b"sizes: 5 4 3", b"sizes: 5 4 -3", "make no volume"),
        (b"sizes: 5 4 3", b"sizes: 9999999 4 3", "make no volume"),
        (b"(0,0,3)", b"(0,0,nan)", "make no volume"),
        (b"(0,0,3)", b"(0,0,0)", "make no volume"),
        (b"space: left", b"spice: left", "where the voxels lie"),
        (b"NRRD0004", b"MRRD0004", "not an NRRD"),
        (b'<string value="iliakal', b"<!DOCTYPE x><string value", "cannot be read"),
    ],
)
def test_broken_headers_are_refused(file, old, new, words):
    with pytest.raises(SegmentationError, match=words):
        read_label_map(changed(file, old, new), role="seg")


def test_truncated_voxels_are_refused(file):
    file.write_bytes(file.read_bytes()[:-12])
    with pytest.raises(SegmentationError, match="truncated"):
        read_label_map(file, role="seg")


def test_labels_match_by_name_and_by_value(file):
    label_map = read_label_map(file, role="seg")
    matched = match_labels(label_map, {"N1": "axillär", "N2": "1"}, role="seg")
    assert matched == {"N1": 2, "N2": 1}


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({"N1": "1"}, "label 2 has no node"),
        ({"N1": "1", "N2": "2", "N3": "3"}, "node N3 .*no voxels"),
        ({"N1": "1", "N2": 'iliakal "re"'}, "2 nodes of nodes.tsv name label 1"),
        ({"N1": "1", "N2": "unknown"}, "node N2"),
    ],
)
def test_labels_that_do_not_match_are_named(file, wanted, words):
    label_map = read_label_map(file, role="seg")
    with pytest.raises(SegmentationError, match=words):
        match_labels(label_map, wanted, role="seg")
