"""A volume with any damage, in any container, is read or refused by its name."""

import gzip
import tempfile
import zlib
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import HealthCheck, given, settings
from test_dicom_fuzz import DAMAGES, damaged

from nodal_staging.exams import scans
from nodal_staging.exams.dicom import Repairs, Wording
from nodal_staging.exams.segmentation.reading import read_segmentation
from nodal_staging.study.errors import InputError, naming

SECRET = "Sekretowski"
VALUES = np.random.default_rng(12).integers(0, 9, (3, 12, 10)).astype(np.int16)
LINES = [
    "NRRD0004",
    "type: short",
    "dimension: 3",
    "space: left-posterior-superior",
    "sizes: 10 12 3",
    "space directions: (0.7,0,0) (0,0.8,0) (0,0,3)",
    "kinds: domain domain domain",
    "endian: little",
    "space origin: (0,0,0)",
]


def nifti() -> bytes:
    return nib.Nifti1Image(VALUES.T, np.diag([-0.7, -0.8, 3.0, 1.0])).to_bytes()


def nrrd(encoding: str, *, detached=False) -> bytes:
    voxels = VALUES.tobytes() if encoding == "raw" else gzip.compress(VALUES.tobytes())
    lines = [*LINES, f"encoding: {encoding}"]
    if detached:
        return "\n".join([*lines, f"data file: {SECRET}.raw", ""]).encode()
    return "\n".join(lines).encode() + b"\n\n" + voxels


def metaimage(suffix: str, *, compressed: bool) -> bytes:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name, f"{SECRET}{suffix}")
        sitk.WriteImage(sitk.GetImageFromArray(VALUES), str(path), compressed)
        return path.read_bytes()


CONTAINERS = {
    "nii": {".nii": nifti()},
    "nii.gz": {".nii.gz": gzip.compress(nifti())},
    "raw nrrd": {".nrrd": nrrd("raw")},
    "gzip nrrd": {".nrrd": nrrd("gzip")},
    "nhdr": {".nhdr": nrrd("raw", detached=True), ".raw": VALUES.tobytes()},
    "mha": {".mha": metaimage(".mha", compressed=False)},
    "compressed mha": {".mha": metaimage(".mha", compressed=True)},
    "mhd": {".mhd": metaimage(".mhd", compressed=False), ".raw": VALUES.tobytes()},
    "compressed mhd": {
        ".mhd": metaimage(".mhd", compressed=True),
        ".zraw": zlib.compress(VALUES.tobytes()),
    },
}


def read_ct(path):
    """Read a CT as inspection and measurement do."""
    scan, *_ = scans.index_ct(path, repairs=Repairs(), wording=Wording())
    shape = tuple(min(size, 12) for size in scan.lattice.shape)
    (values,) = scans.read_boxes(path, scan, [((0, 0, 0), shape)])
    assert np.isfinite(values).all()


def read_pet(path):
    scan, _ = scans.index_pet(path, repairs=Repairs())
    shape = tuple(min(size, 12) for size in scan.lattice.shape)
    scans.read_boxes(path, scan, [((0, 0, 0), shape)])


def read_segments(path):
    read_segmentation(path)


READERS = {
    "column ct": read_ct,
    "column pet": read_pet,
    "column segmentation": read_segments,
}


def outcomes(files: dict[str, bytes]) -> int:
    """Read files in every column; return how many columns refuse them."""
    refused = 0
    with tempfile.TemporaryDirectory() as name:
        for suffix, content in files.items():
            Path(name, f"{SECRET}{suffix}").write_bytes(content)
        path = Path(name, f"{SECRET}{next(iter(files))}")
        for place, read in READERS.items():
            try:
                with naming(place):
                    read(path)
            except InputError as error:
                sentence = str(error)
                assert sentence.startswith(f"{place}: ")
                assert sentence.count(place) == 1
                assert "; " in sentence
                assert SECRET not in sentence
                refused += 1
    return refused


@pytest.mark.parametrize("name", CONTAINERS)
def test_an_undamaged_container_is_read_in_every_column(name):
    assert outcomes(CONTAINERS[name]) == 0


@pytest.mark.fuzz
@pytest.mark.parametrize("name", CONTAINERS)
@pytest.mark.parametrize("inside", [False, True])
def test_any_damage_is_read_or_refused_in_every_column(name, inside):
    """Damage the first file, or what its compression holds, or its voxels."""
    files = CONTAINERS[name]
    target = list(files)[-1 if inside else 0]
    refused = 0

    @settings(
        max_examples=60,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(damages=DAMAGES)
    def damage(damages):
        nonlocal refused
        content = files[target]
        if inside and target == ".nii.gz":
            content = gzip.compress(damaged(gzip.decompress(content), damages))
        else:
            content = damaged(content, damages)
        refused += outcomes(files | {target: content})

    damage()
    assert refused > 10  # the damage is real


@pytest.mark.parametrize("name", CONTAINERS)
def test_every_cut_is_refused_in_every_column(name):
    """The first cuts leave a header alone, the last take one byte of the voxels."""
    files = CONTAINERS[name]
    target = list(files)[-1]
    content = files[target]
    ends = [0, 1, 3, 90, len(content) // 2, len(content) - 9, len(content) - 1]
    for end in ends:
        assert outcomes(files | {target: content[:end]}) == len(READERS), end


def test_the_example_of_a_damaged_ct_is_one_sentence(faults):
    path = faults / "ct" / "ct_damaged.nii.gz"
    for place, read in READERS.items():
        with pytest.raises(InputError, match=rf"^{place}: .*truncated"), naming(place):
            read(path)
