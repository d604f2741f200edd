"""A file with any damage is read, or refused with an InputError; nothing else escapes.

The examples are the same in every run.
"""

import itertools
import zipfile

import numpy as np
import pytest
import segmentation_files as files
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from segmentation_files import volume

from nodal_staging.exams.segmentation.reading import read_labels, read_segmentation
from nodal_staging.study.errors import InputError, naming

PLACE = "patient P1, exam E1, column segmentation"
LISTED = files.xml_keys([(1, 'a "ä"'), (2, "b")])
GROUPS = files.json_keys([{"labels": [{"value": 1, "name": "a"}]}, None])
SLICER = {"Segment0_ID": "a", "Segment0_LabelValue": "1", "Segment0_Layer": "0"}
LAYERS = np.stack([volume(), volume()], axis=-1)
NODES = [("LabelSetImage", files.nrrd(keys=LISTED), {"name": "a", "binary": True})]
CORNERS = [(1, 1.5, 1.5), (1, 1.5, 4.5), (1, 4.5, 4.5), (1, 4.5, 1.5)]
STRUCTURES = {
    name: [files.GRID.to_points(CORNERS) + np.array([0, 0, shift])]
    for name, shift in (("a", 0), ("b", files.GRID.spacing_mm[2]))
}
SOUND = {
    "raw nrrd": files.nrrd(encoding="raw"),
    "mitk 2016": files.nrrd(keys=LISTED),
    "mitk 2018": files.nrrd(LAYERS, keys=files.xml_keys([(1, "a")], [(1, "b")])),
    "mitk 2023": files.nrrd(LAYERS, keys=GROUPS, encoding="raw"),
    "slicer": files.nrrd(keys=SLICER, kind="<f4"),
    "scene": files.scene(*NODES),
    "stored scene": files.zipped(
        files.scene_members(*NODES), method=zipfile.ZIP_STORED
    ),
    "stack": files.stack([{"_file": "a.nrrd", "labels": [{"value": 1, "name": "a"}]}]),
    "nifti": files.nifti(zipped=False),
    "nifti 1 gzip": files.nifti(kind="<f4"),
    "seg": files.seg(),
    "fractional": files.dicom_bytes(files.whole_byte_seg()),
    "rle": files.dicom_bytes(files.whole_byte_seg(compressed=True)),
    "label map": files.dicom_bytes(files.whole_byte_seg(label_map=True)),
    "structure set": files.dicom_bytes(files.structure_set(STRUCTURES)),
    "mha": files.metaimage(compressed=False),
    "compressed mha": files.metaimage(compressed=True),
}
HEAD_BYTES = 700  # where most formats keep what matters
TELLING = [
    b"\0",
    b"\xff",
    b"\xff\xff\xff\xff",
    b"-",
    b"9999999999",
    b"nan",
    b"\n",
    b":",
]
TELLING += [b"\\", b'"', b"<", b"&", b"{", b"[", b"\x7f\xf0\0\0", b"NRRD0004\n", b"../"]

places = st.one_of(st.floats(0, 1, exclude_max=True), st.integers(0, HEAD_BYTES))
payloads = st.one_of(st.binary(min_size=1, max_size=6), st.sampled_from(TELLING))
changes = st.lists(
    st.tuples(
        st.sampled_from(["replace", "insert", "delete", "cut", "repeat", "swap"]),
        places,
        payloads,
    ),
    min_size=1,
    max_size=6,
)


def damaged(content: bytes, change) -> bytes:
    kind, place, payload = change
    at = int(place * len(content)) if isinstance(place, float) else place
    at = min(at, len(content))
    length = len(payload)
    if kind == "replace":
        return content[:at] + payload + content[at + length :]
    if kind == "insert":
        return content[:at] + payload + content[at:]
    if kind == "delete":
        return content[:at] + content[at + length :]
    if kind == "cut":
        return content[:at]
    if kind == "repeat":
        return content[:at] + content[max(0, at - 9 * length) :]
    return _with_lines_swapped(content, at, length)


def _with_lines_swapped(content: bytes, at: int, step: int) -> bytes:
    lines = content.split(b"\n")
    one = content[:at].count(b"\n")
    other = (one + step) % len(lines)
    lines[one], lines[other] = lines[other], lines[one]
    return b"\n".join(lines)


def outcome(path) -> bool:
    """Read a file both ways; tell whether it could be read."""
    read = True
    for reader in (_read_on_ct, read_labels):
        try:
            with naming(PLACE):
                reader(path)
        except InputError as error:
            assert str(error).startswith(PLACE)
            read = False
    return read


def _read_on_ct(path):
    return read_segmentation(path, ct=files.GRID)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fuzz")
    (folder / "a.nrrd").write_bytes(files.nrrd())
    return folder


@pytest.mark.parametrize("name", SOUND)
def test_any_damage_is_read_or_refused(folder, name):
    path = folder / "damaged"
    path.write_bytes(SOUND[name])
    assert outcome(path)
    refused = 0

    @settings(
        max_examples=150,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(changes)
    def damage(listed):
        nonlocal refused
        content = SOUND[name]
        for change in listed:
            content = damaged(content, change)
        path.write_bytes(content)
        refused += not outcome(path)

    damage()
    assert refused > 50  # the damage is real


@pytest.mark.parametrize("name", SOUND)
def test_every_cut_is_refused(folder, name):
    """A file that ends early is never taken for a whole one."""
    path = folder / "damaged"
    content = SOUND[name]
    step = max(1, len(content) // 150)
    for end in itertools.chain(
        range(0, len(content), step), range(len(content) - 30, len(content))
    ):
        path.write_bytes(content[:end])
        with pytest.raises(InputError, match=PLACE), naming(PLACE):
            _read_on_ct(path)


@pytest.mark.parametrize("name", ["mitk 2016", "scene", "nifti 1 gzip"])
def test_no_flipped_bit_of_compressed_voxels_goes_unseen(folder, name):
    """Checksums are compared: a bit makes no other node."""
    path = folder / "damaged"
    truth = [region.mask for region in _read(path, SOUND[name])]
    start = SOUND[name].find(b"\n\n\x1f\x8b") + 1  # headers have no checksum
    for at in range(start, len(SOUND[name]), 3):
        content = bytearray(SOUND[name])
        content[at] ^= 1 << at % 8
        try:
            found = _read(path, bytes(content))
        except InputError:
            continue
        for mask, wanted in zip(found, truth, strict=True):
            np.testing.assert_array_equal(mask.mask, wanted)


def _read(path, content):
    path.write_bytes(content)
    return read_segmentation(path).regions
