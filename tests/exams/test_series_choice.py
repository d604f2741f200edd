"""One of several series in a folder is named by what the refusal lists."""

import re
import shutil

import numpy as np
import pytest
from dicom_files import header, read_whole, write_series, write_slice

from nodal_staging.cohort.sheets import _chosen
from nodal_staging.exams import scans
from nodal_staging.exams.dicom import DicomSeriesError, Repairs, Wording, index_ct
from nodal_staging.study.errors import naming

SECRET = "Sekretowski"
SHAPE = (4, 4, 5)
FIRST = np.arange(80).reshape(SHAPE)
SECOND = FIRST + 500


def folder_of(tmp_path, first, second, names=("a", "b")):
    """Write two series of different values, with attributes of their own."""
    folder = tmp_path / "ct"
    for name, values, attributes, uid in (
        (names[0], FIRST, first, "1.1"),
        (names[1], SECOND, second, "2.2"),
    ):
        shared = {"SeriesInstanceUID": uid, "SeriesDescription": SECRET}
        write_series(folder / name, values, **(shared | attributes))
    return folder


def several(path) -> str:
    """Return the sentence that lists the series of a folder."""
    with pytest.raises(DicomSeriesError) as caught, naming("column ct"):
        read(path)
    sentence = str(caught.value)
    assert caught.value.reason == "several_series"
    assert sentence.startswith("column ct: ")
    assert SECRET not in sentence
    assert sentence.count("; ") == 1
    return sentence


def read(path):
    """Read the values of a path as a sheet gives it."""
    folder, choice = _chosen(path)
    series, *_ = scans.index_ct(
        folder, repairs=Repairs(), wording=Wording(), choice=choice
    )
    return read_whole(folder, series) + 1000


def advice(sentence: str) -> str:
    """Return what the sentence says to write behind the path."""
    return re.search(r"for example (#\S+)$", sentence)[1]


PROPERTIES = {
    "kernel": (
        {"ConvolutionKernel": "B30f"},
        {"ConvolutionKernel": "B60f"},
        "#kernel=B30f",
    ),
    "two kernels": (
        {"ConvolutionKernel": ["Br40d", "3"]},
        {"ConvolutionKernel": ["Br60d", "3"]},
        "#kernel=Br40d-3",
    ),
    "thickness": ({"SliceThickness": "1.5"}, {"SliceThickness": 5}, "#thickness=1.5"),
    "phase": (
        {"NominalPercentageOfCardiacPhase": 40.0},
        {"NominalPercentageOfCardiacPhase": 70.0},
        "#phase=40",
    ),
    "time": (
        {"TemporalPositionIdentifier": 1},
        {"TemporalPositionIdentifier": 2},
        "#time=1",
    ),
    "acquisition": ({"AcquisitionNumber": 1}, {"AcquisitionNumber": 2}, "#acq"),
    "direction": (
        {},
        {},
        "#direction=axial",
    ),
    "secret kernel": (
        {"ConvolutionKernel": SECRET, "SliceThickness": 1},
        {"ConvolutionKernel": SECRET, "SliceThickness": 2},
        "#thickness=1",
    ),
}


@pytest.mark.parametrize("name", PROPERTIES)
def test_the_advice_leads_to_the_first_series_whatever_its_files_are_called(
    tmp_path, name
):
    first, second, written = PROPERTIES[name]
    if name == "direction":
        folder = tmp_path / "ct"
        write_series(folder / "a", FIRST, SeriesInstanceUID="1.1")
        for place in range(4):  # a coronal stack
            dataset = header(
                (0, 3.0 * place, 0),
                SeriesInstanceUID="2.2",
                SOPInstanceUID=f"2.2.{place}",
                ImageOrientationPatient=[1, 0, 0, 0, 0, -1],
            )
            write_slice(folder / f"b{place}.dcm", dataset, SECOND[place])
        folders = [folder]
    else:
        folders = [
            folder_of(tmp_path / str(n), first, second, names)
            for n, names in enumerate([("a", "b"), ("z", "b")])
        ]
    for folder in folders:
        sentence = several(folder)
        assert advice(sentence).startswith(written)
        chosen = f"{folder}{advice(sentence)}"
        np.testing.assert_array_equal(read(type(folder)(chosen)), FIRST)
        np.testing.assert_array_equal(read(type(folder)(f"{folder}#1")), FIRST)
        assert read(type(folder)(f"{folder}#2")).max() >= 500


def test_the_sentence_lists_what_tells_series_apart(tmp_path):
    folder = folder_of(
        tmp_path,
        {
            "ConvolutionKernel": "B60f",
            "SliceThickness": 3,
            "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL", SECRET],
        },
        {"ConvolutionKernel": "B30f", "SliceThickness": 3, "AcquisitionNumber": 2},
    )
    assert several(folder) == (
        "column ct: the folder holds 2 series: #1 (4 axial slices of 5 x 4 pixels of "
        "0.7 x 0.8 mm, thickness 3 mm, kernel B60f, type ORIGINAL PRIMARY AXIAL, files "
        "1 to 4), #2 (4 axial slices of 5 x 4 pixels of 0.7 x 0.8 mm, thickness 3 mm, "
        "kernel B30f, acquisition 2, type ORIGINAL PRIMARY AXIAL, files 5 to 8); keep "
        "the one that was segmented, or name it behind the path in the sheet, for "
        "example #kernel=B60f"
    )


def test_several_properties_are_joined(tmp_path):
    folder = tmp_path / "ct"
    wanted = {"ConvolutionKernel": "B30f", "SliceThickness": 3}
    write_series(folder / "a", FIRST, SeriesInstanceUID="1.1", **wanted)
    for number, change in enumerate(
        ({"SliceThickness": 1.5}, {"ConvolutionKernel": "B60f"})
    ):
        write_series(
            folder / f"b{number}",
            SECOND,
            SeriesInstanceUID=f"2.{number}",
            **(wanted | change),
        )
    path = type(folder)
    for both in ("kernel=B30f,thickness=3", "Thickness=3.0mm, KERNEL=b30F"):
        np.testing.assert_array_equal(read(path(f"{folder}#{both}")), FIRST)
    for choice, words in {
        "kernel=B30f": "fits 2 of the 3 series .*; add another property, for example",
        "kernel=B70f": "fits none of the 3 series .*; correct it, for example",
        "thickness=thin": "fits none",
        "4": "#4 in the sheet fits none of the 3 series",
        "0": "fits none",
        "colour=red": "unknown; use kernel, direction, type, thickness",
    }.items():
        assert re.search(words, several(path(f"{folder}#{choice}")))


def test_one_series_must_have_the_property_too(tmp_path):
    write_series(tmp_path / "ct", FIRST, ConvolutionKernel="B30f")
    path = type(tmp_path)
    np.testing.assert_array_equal(read(path(f"{tmp_path}/ct#kernel=B30f")), FIRST)
    assert "fits none of the 1 series" in several(path(f"{tmp_path}/ct#kernel=B60f"))


def test_kernels_of_one_series_at_the_same_positions_are_told_apart(tmp_path):
    folder = tmp_path / "ct"
    for kernel, values in (("B60f", SECOND), ("B30f", FIRST)):
        (folder / kernel).mkdir(parents=True)
        for place in range(4):
            dataset = header(
                (0, 0, 3.0 * place),
                ConvolutionKernel=kernel,
                SOPInstanceUID=f"1.{kernel[1:3]}.{place}",
            )
            write_slice(folder / kernel / f"{place}", dataset, values[place])
    path = type(folder)(f"{folder}{advice(several(folder))}")
    np.testing.assert_array_equal(read(path), FIRST)


def test_the_example_of_two_reconstructions(faults, tmp_path):
    """Its series differ in nothing but pixels: numbers do not depend on names."""
    source = faults / "ct" / "ct_dual_recon"
    shutil.copytree(source, tmp_path / "a")
    turned = tmp_path / "b"
    turned.mkdir()
    for path in sorted(source.iterdir()):
        shutil.copy(path, turned / path.name.replace("IM00", "IM09"))
    for number in (1, 2):
        ours, theirs = (
            read(folder.with_name(f"{folder.name}#{number}"))
            for folder in (tmp_path / "a", turned)
        )
        np.testing.assert_array_equal(ours, theirs)
    both = [read(tmp_path / f"a#{number}") for number in (1, 2)]
    assert not np.array_equal(*both)
    assert index_ct(source, choice="1").series.lattice.shape == (8, 32, 40)
