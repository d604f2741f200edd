"""A file of the wrong kind is named, and the advice leads to a file that is read."""

import gzip
import io
import os
import tarfile
import zipfile

import nibabel as nib
import numpy as np
import pytest
import segmentation_files as files
import SimpleITK as sitk
from dicom_files import file_bytes, header, write_series
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from nodal_staging.exams import scans
from nodal_staging.exams.dicom import Repairs, Wording
from nodal_staging.exams.file_kinds import missing
from nodal_staging.exams.segmentation.reading import read_segmentation
from nodal_staging.study.errors import InputError, naming

SECRET = "Sekretowski"
STORAGE = "1.2.840.10008.5.1.4.1.1."
VOXELS = np.arange(4 * 5 * 6, dtype=np.int16).reshape(4, 5, 6)


def read(path, column):
    if column == "segmentation":
        return read_segmentation(path)
    if column == "ct":
        return scans.index_ct(path, repairs=Repairs(), wording=Wording())[0]
    return scans.index_pet(path, repairs=Repairs())[0]


def refused(path, column="ct") -> str:
    """Return the sentence of a refusal, which quotes nothing of the file."""
    with pytest.raises(InputError) as caught, naming(f"column {column}"):
        read(path, column)
    sentence = str(caught.value)
    assert sentence.startswith(f"column {column}: ")
    assert sentence.count("; ") == 1
    assert SECRET not in sentence
    assert len(sentence) < 300
    return sentence


def zipped(*names: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in names:
            archive.writestr(name, SECRET * 9)
    return stream.getvalue()


def tarred() -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        archive.addfile(tarfile.TarInfo(SECRET))
    return stream.getvalue()


def pair(suffix: str, kind=nib.Nifti1Pair) -> bytes:
    image = kind(VOXELS, np.diag([1, 1, 2, 1]))
    streams = {name: io.BytesIO() for name in ("header", "image")}
    image.to_file_map(
        {name: nib.FileHolder(fileobj=stream) for name, stream in streams.items()}
    )
    return streams["header" if suffix == ".hdr" else "image"].getvalue()


def dicom(sop_class: str, syntax=ExplicitVRLittleEndian) -> bytes:
    dataset = header((0, 0, 0), SOPClassUID=STORAGE + sop_class, PatientName=SECRET)
    return file_bytes(dataset, VOXELS[0], syntax)


LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:12ab\nsize 99\n"
KINDS = {
    "a PDF document": b"%PDF-1.7\n%\xe2\xe3",
    "a JPEG picture": b"\xff\xd8\xff\xe0\0\x10JFIF",
    "a PNG picture": b"\x89PNG\r\n\x1a\n\0",
    "an Excel workbook": zipped("[Content_Types].xml", "xl/workbook.xml"),
    "an Excel workbook or another old Office file": b"\xd0\xcf\x11\xe0" + b"\0" * 99,
    "an Office document": zipped("[Content_Types].xml", "word/document.xml"),
    "a ZIP archive": zipped(f"{SECRET}/IM1"),
    "a tar archive": tarred(),
    "a tar archive in a gzip archive": gzip.compress(tarred()),
    "an NRRD file in a gzip archive": gzip.compress(files.nrrd()),
    "a text file in UTF-16": "patient_id\texam_id".encode("utf-16"),
    "a text file": b"patient_id\texam_id\nP1\tE1\n",
    "a Git LFS pointer instead of the file": LFS,
    "a git-annex pointer instead of the file": b"/annex/objects/MD5E-s9--ab.nii.gz\n",
    "a web page": b"\n<!DOCTYPE html><html><title>Sign in</title>",
    "an empty file": b"",
    "an HDF5 file": b"\x89HDF\r\n\x1a\n",
    "a file of an unknown kind": bytes(range(1, 200)),
    "a DICOM RT dose": dicom("481.2"),
    "a DICOM RT plan": dicom("481.5", ImplicitVRLittleEndian),
    "one DICOM file of an MR": dicom("4"),
    "a DICOM secondary capture": dicom("7"),
    "a DICOM file of another kind": dicom("9.9.9"),
}


@pytest.mark.parametrize("column", ["ct", "pet", "segmentation"])
@pytest.mark.parametrize("name", KINDS)
def test_every_column_names_what_it_refuses(tmp_path, name, column):
    path = tmp_path / f"{SECRET}.dat"
    path.write_bytes(KINDS[name])
    assert f"found {name}" in refused(path, column)


@pytest.mark.parametrize("name", ["a web page", "an Excel workbook", "a ZIP archive"])
def test_content_goes_before_the_name(tmp_path, name):
    for suffix in (".nii.gz", ".nrrd", ".dcm", ".mha"):
        path = tmp_path / f"{SECRET}{suffix}"
        path.write_bytes(KINDS[name])
        for column in ("ct", "segmentation"):
            assert f"found {name}" in refused(path, column)


def test_one_slice_is_named_and_its_folder_is_read(tmp_path):
    write_series(tmp_path / "ct", VOXELS)
    path = next((tmp_path / "ct").iterdir())
    sentence = refused(path)
    assert "found one DICOM file of a CT; name the folder that holds all" in sentence
    assert read(path.parent, "ct").lattice.shape == VOXELS.shape
    assert "name it in the column ct, and in this column the folder" in refused(
        path, "pet"
    )
    assert "name it in the column ct, and in this column an NRRD" in refused(
        path, "segmentation"
    )


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (files.seg(), "a DICOM segmentation"),
        (dicom("481.3"), "a DICOM RT structure set"),
        (files.scene(), "a MITK scene"),
    ],
)
def test_segmentations_belong_in_their_column(tmp_path, content, name):
    path = tmp_path / SECRET
    path.write_bytes(content)
    for column in ("ct", "pet"):
        assert f"found {name}; name it in the column segmentation" in refused(
            path, column
        )


@pytest.mark.parametrize("suffix", [".hdr", ".img"])
@pytest.mark.parametrize("column", ["ct", "segmentation"])
def test_a_nifti_pair_is_read_after_the_conversion_that_is_named(
    tmp_path, suffix, column
):
    for end in (".hdr", ".img"):
        (tmp_path / f"ct{end}").write_bytes(pair(end))
    sentence = refused(tmp_path / f"ct{suffix}", column)
    assert "one of the two files of a NIfTI pair" in sentence
    assert sentence.endswith("convert it to .nii.gz with 3D Slicer or SimpleITK")
    image = sitk.ReadImage(str(tmp_path / "ct.img"))
    sitk.WriteImage(image, str(tmp_path / "ct.nii.gz"))
    read(tmp_path / "ct.nii.gz", column)


def test_an_analyze_header_is_told_from_a_nifti_pair(tmp_path):
    path = tmp_path / "ct.hdr"
    path.write_bytes(pair(".hdr", nib.AnalyzeImage))
    assert "an Analyze image (.hdr and .img), which does not store the orient" in (
        refused(path)
    )


def test_an_unpacked_file_is_read(tmp_path):
    path = tmp_path / "a.nrrd.gz"
    path.write_bytes(KINDS["an NRRD file in a gzip archive"])
    assert "unpack it" in refused(path, "segmentation")
    (tmp_path / "a.nrrd").write_bytes(gzip.decompress(path.read_bytes()))
    assert read(tmp_path / "a.nrrd", "segmentation").regions


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ([], "it has no files"),
        (["a.nii"], "found a NIfTI file); name the NIfTI file itself"),
        (["a.nrrd", "b.nrrd"], "found an NRRD file and 1 more); name the NRRD file"),
        (["a.jpg", "b.jpg", "c.jpg"], "a JPEG picture and 2 more); export the series"),
        (
            ["a.dcm", "b.dcm"],
            "instead of the file and 1 more); fetch the file with",
        ),
        (["x.bin"], "found 1 files of other kinds); correct the path"),
    ],
)
def test_a_folder_without_dicom_says_what_is_in_it(tmp_path, names, words):
    contents = {
        "nii": nib.Nifti1Image(VOXELS, np.eye(4)).to_bytes(),
        "nrrd": files.nrrd(),
        "jpg": KINDS["a JPEG picture"],
        "dcm": LFS,
        "bin": bytes(range(1, 200)),
    }
    for name in names:
        (tmp_path / name).write_bytes(contents[name.rpartition(".")[2]])
    assert words in refused(tmp_path)


def test_a_link_into_an_annex_without_content_is_named(tmp_path):
    os.symlink("../.git/annex/objects/Xy/Zz/MD5E-s9/MD5E-s9.nii.gz", tmp_path / "a")
    assert "fetch the file with git annex get" in missing(tmp_path / "a")
    assert missing(tmp_path / "b").startswith("there is no such file or folder; corr")


def test_a_series_number_behind_a_volume_is_refused(tmp_path):
    path = tmp_path / "ct.nrrd"
    path.write_bytes(files.nrrd())
    with pytest.raises(InputError, match="a file holds one volume"):
        scans.index_pet(path, repairs=Repairs(), choice="2")
