"""Damaged and malicious files end in one clear error, soon, and harm no neighbour."""

import gzip
import json
import os
import re
import struct
import time
import tracemalloc
import zipfile
import zlib

import numpy as np
import pytest
import segmentation_files as files
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    JPEG2000Lossless,
)
from segmentation_files import GRID, SECRET, volume

from nodal_staging.exams.isolation import isolated
from nodal_staging.exams.raw_files import RawFileError
from nodal_staging.exams.segmentation import dicom_header, gathering, regions
from nodal_staging.exams.segmentation.reading import read_labels, read_segmentation
from nodal_staging.study.errors import InputError, SegmentationError, naming

PLACE = "patient P1, exam E1, column segmentation"
SOON_S = 5.0
nrrd, seg, nifti = files.nrrd, files.seg, files.nifti
f4, i2 = "<f", "<h"


def floats(*numbers) -> bytes:
    return struct.pack(f"<{len(numbers)}f", *numbers)


def shorts(*numbers) -> bytes:
    return struct.pack(f"<{len(numbers)}h", *numbers)


# --- NRRD -----------------------------------------------------------------------------

SINGULAR = "(1,0,0) (2,0,0) (0,0,1)"
SHEARED = "(1,0,0) (0.2,1,0) (0,0,1)"
RAW = nrrd(encoding="raw")
ZIPPED = nrrd()
BIT_FLIPPED = bytearray(ZIPPED)
BIT_FLIPPED[-6] ^= 1  # in the checksum


def directions(text):
    return lambda: nrrd(space_directions=text)


def sizes(text):
    return lambda: nrrd(sizes=text)


def voxel(value, kind):
    def build():
        values = volume().astype(np.dtype(kind).newbyteorder("="))
        values[2, 2, 2] = value
        return nrrd(values, kind=kind)

    return build


def layered(count=2, **changes):
    return nrrd(np.stack([volume()] * count, axis=-1), **changes)


NRRD = {
    "data file": lambda: nrrd(lines=["data file: /etc/passwd"]),
    "data file first": lambda: b"NRRD0004\ndata file: /dev/zero\n" + RAW[9:],
    "Data File": lambda: nrrd(lines=["Data File: ../x.raw"]),
    "datafile list": lambda: nrrd(lines=["datafile: LIST", "/etc/passwd"]),
    "data file pattern": lambda: nrrd(lines=["data file: f%09999999d.raw 1 6 1 2"]),
    "line skip": lambda: nrrd(lines=["line skip: 999999999"]),
    "byte skip": lambda: nrrd(lines=["byte skip: -1"]),
    "size 0": sizes("7 0 5"),
    "size negative": sizes("7 6 -5"),
    "size 4097": sizes("4097 1 1"),
    "size of 20 digits": sizes("99999999999999999999 6 5"),
    "size of 5000 digits": sizes("9" * 5000 + " 6 5"),
    "sizes beyond memory": sizes("4096 4096 4096"),
    "sizes beyond a layer": sizes("2048 2048 1025"),
    "sizes beyond a slice": lambda: layered(17, sizes="17 4096 4096 1"),
    "sizes two": sizes("7 6"),
    "sizes text": sizes(f"7 6 {SECRET}"),
    "sizes larger than voxels": sizes("7 6 6"),
    "sizes smaller than voxels": sizes("7 6 4"),
    "dimension 2": lambda: nrrd(dimension="2"),
    "dimension 5": lambda: nrrd(dimension="5"),
    "dimension 4 of 3": lambda: nrrd(dimension="4"),
    "dimension missing": lambda: nrrd(dimension=None),
    "type block": lambda: nrrd(type="block"),
    "type text": lambda: nrrd(type=SECRET),
    "type missing": lambda: nrrd(type=None),
    "encoding hex": lambda: nrrd(encoding="hex"),
    "encoding bzip2": lambda: nrrd(encoding="bzip2"),
    "encoding missing": lambda: nrrd(encoding=None),
    "endian missing": lambda: nrrd(endian=None),
    "endian text": lambda: nrrd(endian=SECRET),
    "no directions": lambda: nrrd(space_directions=None),
    "no origin": lambda: nrrd(space_origin=None),
    "no space": lambda: nrrd(space=None),
    "spacings only": lambda: nrrd(space_directions=None, spacings="1 1 1"),
    "space of a scanner": lambda: nrrd(space="scanner-xyz"),
    "space text": lambda: nrrd(space=SECRET),
    "units cm": lambda: nrrd(space_units='"cm" "cm" "cm"'),
    "direction nan": directions("(nan,0,0) (0,1,0) (0,0,1)"),
    "direction inf": directions("(inf,0,0) (0,1,0) (0,0,1)"),
    "direction 1e300": directions("(1e300,0,0) (0,1,0) (0,0,1)"),
    "direction 0": directions("(0,0,0) (0,1,0) (0,0,1)"),
    "direction 1e-9": directions("(1e-9,0,0) (0,1,0) (0,0,1)"),
    "direction singular": directions(SINGULAR),
    "direction sheared": directions(SHEARED),
    "direction none": directions("none (0,1,0) (0,0,1)"),
    "direction two numbers": directions("(1,0) (0,1) (0,0)"),
    "direction text": directions(f"({SECRET},0,0) (0,1,0) (0,0,1)"),
    "direction unclosed": directions("(1,0,0 (0,1,0) (0,0,1)"),
    "direction two": directions("(1,0,0) (0,1,0)"),
    "origin nan": lambda: nrrd(space_origin="(nan,0,0)"),
    "origin 1e300": lambda: nrrd(space_origin="(1e300,0,0)"),
    "origin two numbers": lambda: nrrd(space_origin="(0,0)"),
    "origin none": lambda: nrrd(space_origin="none"),
    "field twice": lambda: nrrd(lines=["type: uchar"]),
    "key twice": lambda: nrrd(lines=["modality:=x", f"modality:={SECRET}"]),
    "field unknown": lambda: nrrd(lines=[f"{SECRET}: 1"]),
    "line without colon": lambda: nrrd(lines=[SECRET]),
    "300 000 keys": lambda: nrrd(lines=[f"a{n}:=b" for n in range(300_000)]),
    "line of 9 MB": lambda: nrrd(lines=["a:=" + "b" * 9_000_000]),
    "header without end": lambda: RAW.partition(b"\n\n")[0],
    "header alone": lambda: RAW.partition(b"\n\n")[0] + b"\n\n",
    "magic alone": lambda: b"NRRD0004\n",
    "magic cut": lambda: b"NRRD",
    "version 9": lambda: b"NRRD0009" + RAW[8:],
    "header of noise": lambda: b"NRRD0004\n" + bytes(range(1, 256)) * 50,
    "raw truncated": lambda: RAW[:-1],
    "raw goes on": lambda: RAW + b"\0",
    "gzip truncated in voxels": lambda: ZIPPED[:-20],
    "gzip truncated in checksum": lambda: ZIPPED[:-3],
    "gzip checksum": lambda: bytes(BIT_FLIPPED),
    "gzip goes on": lambda: ZIPPED + SECRET.encode(),
    "gzip goes on in a member": lambda: ZIPPED + gzip.compress(b"1"),
    "gzip is none": lambda: RAW.replace(b"encoding: raw", b"encoding: gz"),
    "gzip without voxels": lambda: nrrd(np.zeros((0, 6, 7)), sizes="7 6 5"),
    "voxel nan": voxel(np.nan, "<f4"),
    "voxel inf": voxel(np.inf, "<f8"),
    "voxel 1.5": voxel(1.5, "<f4"),
    "voxel 1e300": voxel(1e300, "<f8"),
    "voxel negative": voxel(-1, "<i2"),
    "voxel negative float": voxel(-1, ">f4"),
    "voxel beyond 63 bits": voxel(2**64 - 1, "<u8"),
    "5000 labels": lambda: nrrd(
        np.arange(5000).reshape(50, 10, 10),
        files.replace_shape(GRID, (50, 10, 10)),
    ),
    "colours": lambda: layered(3, kinds="RGB-color domain domain domain"),
    "four domains": lambda: layered(space_directions=SINGULAR + " (0,0,1)"),
    "time steps": lambda: nrrd(
        np.concatenate([volume()] * 2),
        space="left-posterior-superior-time",
        dimension="4",
        sizes="7 6 5 2",
        space_directions="(1,0,0,0) (0,1,0,0) (0,0,1,0) (0,0,0,1)",
        space_origin="(0,0,0,0)",
    ),
    "space that moves in time": lambda: nrrd(
        space="left-posterior-superior-time",
        dimension="4",
        sizes="7 6 5 1",
        space_directions="(1,0,0,1) (0,1,0,0) (0,0,1,0) (0,0,0,1)",
        space_origin="(0,0,0,0)",
    ),
    "257 layers": lambda: layered(257),
}

# --- labels ---------------------------------------------------------------------------

BOMB = "<!DOCTYPE l [<!ENTITY a 'aaaaaaaaaa'>" + "".join(
    f"<!ENTITY {chr(98 + n)} '{f'&{chr(97 + n)};' * 10}'>" for n in range(9)
)


def xml(text):
    """A 2016 file whose label 1 is described by other text."""
    keys = files.xml_keys([(1, SECRET), (2, "b")])
    keys["org.mitk.label_000_00001"] = text
    return lambda: nrrd(keys=keys)


def keys(*layers, **changes):
    stated = files.xml_keys(*layers)
    stated |= {name.replace("_000", "_000"): text for name, text in changes.items()}
    return lambda: nrrd(keys=stated)


def groups(content, version="2"):
    return lambda: nrrd(keys=files.json_keys(content, version=version))


def label(**entry):
    return groups([{"labels": [{"name": SECRET, **entry}]}])


def slicer(**stated):
    listed = {"Segment0_ID": "a", "Segment0_Name": SECRET}
    listed |= {"Segment0_LabelValue": "1", "Segment0_Layer": "0"} | stated
    return lambda: nrrd(keys=listed)


LABELS = {
    "xml doctype": xml("<!DOCTYPE x>" + files.xml_label(1, SECRET)),
    "xml entity bomb": xml(BOMB + "]>" + files.xml_label(1, "&j;")),
    "xml file entity": xml(
        "<!DOCTYPE l [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><Label>&e;</Label>"
    ),
    "xml unknown entity": xml(files.xml_label(1, "a").replace('"a"', '"&secret;"')),
    "xml broken": xml(f"<Label><{SECRET}"),
    "xml closes early": xml("</roots><roots>" + files.xml_label(1, "a")),
    "xml empty": xml(""),
    "xml two labels": xml(files.xml_label(1, "a") + "<Label/>"),
    "xml without properties": xml("<Label></Label>"),
    "xml empty property": xml('<Label><property key="value"/></Label>'),
    "xml without value": xml(files.xml_label(1, "a").replace('key="value"', 'key="v"')),
    "xml without name": xml(files.xml_label(1, "a").replace('key="name"', 'key="n"')),
    "xml two names": xml(
        files.xml_label(
            1, "a", extra='<property key="name"><string value=""/></property>'
        )
    ),
    "xml value text": xml(files.xml_label(SECRET, "a")),
    "xml value negative": xml(files.xml_label(-1, "a")),
    "xml value of 5000 digits": xml(files.xml_label("9" * 5000, "a")),
    "xml value in other digits": xml(files.xml_label("\u0663", "a")),
    "xml value twice": xml(files.xml_label(2, SECRET)),
    "xml control character": xml(files.xml_label(1, "a\x01b")),
    "layers announced": keys([(1, "a")], layers="2"),
    "layers text": keys([(1, "a")], layers=SECRET),
    "labels announced": keys([(1, "a"), (2, SECRET)], layer_000="999999999"),
    "label of a layer beyond": lambda: nrrd(
        keys=files.xml_keys([(1, "a")])
        | {"org.mitk.label_007_00001": files.xml_label(1, "a")}
    ),
    "json version 4": groups([], "4"),
    "json version text": groups([], SECRET),
    "json version missing": groups([], ""),
    "json broken": groups(f'[{{"labels": "{SECRET}'),
    "json missing": groups(""),
    "json object": groups({"labels": []}),
    "json text": groups(f'"{SECRET}"'),
    "json 200 000 deep": groups("[" * 200_000),
    "json objects 100 000 deep": groups('{"a":' * 100_000),
    "json 5000 digits": groups('[{"labels":[{"value":' + "9" * 5000 + "}]}]"),
    "json nan": groups('[{"labels":[{"value":1,"name":"a","x":NaN}]}]'),
    "json infinity": groups('[{"labels":[{"value":1,"name":"a","x":-Infinity}]}]'),
    "json key twice": groups('[{"labels":[{"value":1,"value":2,"name":"a"}]}]'),
    "json groups too many": groups([{"labels": []}] * 2),
    "json groups too few": lambda: layered(keys=files.json_keys([{"labels": []}])),
    "json value twice": groups([{"labels": [{"value": 1, "name": SECRET}] * 2}]),
    "json value text": label(value="1"),
    "json value bool": label(value=True),
    "json value float": label(value=1.0),
    "json value negative": label(value=-1),
    "json value 65536": label(value=65536),
    "json value null": label(value=None),
    "json value missing": label(),
    "json name number": label(value=1, name=1),
    "json labels object": groups([{"labels": {"value": 1}}]),
    "json label text": groups([{"labels": [SECRET]}]),
    "json group list": groups([[{"value": 1}]]),
    "json group text": groups([SECRET]),
    "slicer value text": slicer(Segment0_LabelValue=SECRET),
    "slicer value 0": slicer(Segment0_LabelValue="0"),
    "slicer layer beyond": slicer(Segment0_Layer="1"),
    "slicer layer negative": slicer(Segment0_Layer="-1"),
    "slicer twice": slicer(Segment1_ID="b", Segment1_LabelValue="1"),
}

# --- scenes ---------------------------------------------------------------------------

NODE = ("LabelSetImage", nrrd(keys=files.xml_keys([(1, SECRET), (2, "b")])), {})


def scene(**changes):
    """A scene with some members changed; None leaves one out."""

    def build():
        members = files.scene_members(NODE)
        for name, content in changes.items():
            members[name.replace("__", ".")] = content
        return files.zipped({k: v for k, v in members.items() if v is not None})

    return build


def named(name):
    return lambda: files.zipped(files.scene_members(NODE) | {name: b"x"})


def index(text):
    return scene(index__xml=text.encode())


def patched(old: bytes, new: bytes, count=-1):
    """A scene with some bytes of the archive's own records changed."""

    def build():
        content = files.zipped(files.scene_members(NODE), method=zipfile.ZIP_STORED)
        assert old in content
        return content.replace(old, new, count)

    return build


def doubled():
    with pytest.warns(UserWarning, match="Duplicate"):
        return files.zipped_pairs(
            [*files.scene_members(NODE).items(), ("index.xml", b"<x/>")]
        )


def end_of_zip(offset, new):
    def build():
        content = bytearray(files.scene(NODE))
        at = len(content) - 22 + offset
        content[at : at + len(new)] = new
        return bytes(content)

    return build


def central(offset, new, *, name=b"node0.nrrd"):
    """A scene with a field of one entry of its directory changed."""

    def build():
        content = bytearray(files.scene(NODE))
        at = content.rfind(name) - 46 + offset
        content[at : at + len(new)] = new
        return bytes(content)

    return build


def zip64():
    content = files.scene(NODE)
    locator = b"PK\x06\x07" + struct.pack("<LQL", 0, 2**40, 1)
    return content[:-22] + locator + content[-22:]


def linked():
    entry = zipfile.ZipInfo("index.xml")
    entry.external_attr = 0o120777 << 16
    members = files.scene_members(NODE)
    del members["index.xml"]
    return files.zipped_pairs([*members.items(), (entry, b"/etc/passwd")])


SCENES = {
    "scene cut": lambda: files.scene(NODE)[:-30],
    "scene cut at the start": lambda: b"PK\x03\x04" + files.scene(NODE)[-200:],
    "scene of nothing": lambda: files.zipped({}),
    "scene of four bytes": lambda: b"PK\x03\x04",
    "scene with ..": named(f"../{SECRET}"),
    "scene with an absolute name": named("/etc/passwd"),
    "scene with a folder": named("a/b.nrrd"),
    "scene with an empty folder": named("folder/"),
    "scene with a backslash": named("..\\x"),
    "scene with a dot": named(".."),
    "scene with an umlaut": named("ä"),
    "scene with an overlong name": named("a" * 300),
    "scene with a name twice": doubled,
    "scene with a name in two cases": named("INDEX.XML"),
    "scene with a link": linked,
    "scene of 1001 members": lambda: files.zipped(
        files.scene_members(NODE) | {f"m{n}": b"" for n in range(1001)}
    ),
    "scene announces 65535 members": end_of_zip(10, b"\xff\xff"),
    "scene announces a directory of 4 GB": end_of_zip(12, b"\xfe\xff\xff\xff"),
    "scene announces a directory elsewhere": end_of_zip(16, b"\xff\xff\xff\x7f"),
    "scene of 64 bits": zip64,
    "scene with a wrong checksum": patched(b"sizes: 7 6 5", b"sizes: 6 7 5"),
    "scene encrypted": central(8, b"\x01\x00"),
    "scene in bzip2": lambda: files.zipped(
        files.scene_members(NODE), method=zipfile.ZIP_BZIP2
    ),
    "scene in an unknown method": central(10, b"\x63\x00"),
    "scene member too short": central(24, struct.pack("<L", 100)),
    "scene member of 4 GB": central(24, b"\xf0\xff\xff\xff"),
    "scene member larger than the archive": central(20, b"\xf0\xff\xff\x0f"),
    "scene member elsewhere": central(42, b"\xf0\xff\xff\x0f"),
    "scene member within another": central(42, struct.pack("<L", 7)),
    "scene without index": scene(index__xml=None),
    "scene without voxels": scene(node0__nrrd=None),
    "scene without properties": scene(properties0=None),
    "scene whose index is empty": index(""),
    "scene whose index is 10 million deep": scene(index__xml=b"<a>" * 10_000_000),
    "scene whose index has 7 million roots": scene(index__xml=b"<a/>" * 7_000_000),
    "scene whose index is broken": index(f"<node><{SECRET}"),
    "scene whose index has a doctype": index(BOMB + "]><node>&j;</node>"),
    "scene whose index is no text": scene(index__xml=bytes(range(256))),
    "scene whose index is 40 MB": scene(index__xml=b" " * 40_000_000),
    "scene whose properties are 40 MB": scene(properties0=b" " * 40_000_000),
    "scene whose properties are broken": scene(properties0=b"<property"),
    "scene whose properties repeat": scene(
        properties0=b'<property key="name"/><property key="name"/>'
    ),
    "scene of images": lambda: files.scene(("Image", nrrd(), {"name": SECRET})),
    "scene of a file elsewhere": index(
        '<node><data type="LabelSetImage" file="../../etc/passwd"/></node>'
    ),
    "scene of itself": index(
        '<node><data type="LabelSetImage" file="index.xml"/></node>'
    ),
    "scene of one file twice": index(
        '<node><data type="LabelSetImage" file="node0.nrrd"/></node>' * 2
    ),
    "scene in a scene": scene(node0__nrrd=files.scene(NODE)),
    "scene of a detached header": scene(node0__nrrd=NRRD["data file"]()),
    "scene of truncated voxels": scene(node0__nrrd=ZIPPED[:-20]),
}

# --- NIfTI ----------------------------------------------------------------------------

NO_FORM = {252: shorts(0, 0)}
ROW = 280


def patch(**changes):
    return {int(offset[1:]): new for offset, new in changes.items()}


def form(*rows):
    return lambda: nifti(patch={252: shorts(0, 1), ROW: floats(*rows)})


PLAIN = nifti(zipped=False)
SMALL_FLOATS = nifti(zipped=False, kind="<f4")

NIFTI = {
    "nifti truncated": lambda: PLAIN[:-1],
    "nifti goes on": lambda: PLAIN + b"\0",
    "nifti header alone": lambda: PLAIN[:352],
    "nifti header cut": lambda: PLAIN[:100],
    "nifti of four bytes": lambda: PLAIN[:4],
    "nifti gzip truncated": lambda: nifti()[:-12],
    "nifti gzip checksum": lambda: nifti()[:-8] + b"\0" * 8,
    "nifti gzip header alone": lambda: gzip.compress(PLAIN[:352]),
    "nifti gzip goes on": lambda: nifti() + b"garbage",
    "gzip of text": lambda: gzip.compress(SECRET.encode()),
    "gzip of nothing": lambda: gzip.compress(b""),
    "gzip of four bytes": lambda: nifti()[:4],
    "gzip in gzip": lambda: gzip.compress(nifti()),
    "gzip of nrrd": lambda: gzip.compress(RAW),
    "nifti with voxels elsewhere": lambda: nifti(patch={344: b"ni1\0"}),
    "nifti without magic": lambda: nifti(patch={344: b"\0\0\0\0"}),
    "nifti offset 0": lambda: nifti(patch={108: floats(0)}),
    "nifti offset negative": lambda: nifti(patch={108: floats(-352)}),
    "nifti offset 352.5": lambda: nifti(patch={108: floats(352.5)}),
    "nifti offset 368": lambda: nifti(patch={108: floats(368)}),
    "nifti offset 1e30": lambda: nifti(patch={108: floats(1e30)}),
    "nifti offset nan": lambda: nifti(patch={108: floats(np.nan)}),
    "nifti two dimensions": lambda: nifti(patch={40: shorts(2)}),
    "nifti 9 dimensions": lambda: nifti(patch={40: shorts(9)}),
    "nifti negative dimensions": lambda: nifti(patch={40: shorts(-3)}),
    "nifti time": lambda: nifti(patch={40: shorts(4, 7, 6, 1, 5)}),
    "nifti size 0": lambda: nifti(patch={42: shorts(0)}),
    "nifti size negative": lambda: nifti(patch={44: shorts(-6)}),
    "nifti size 32767": lambda: nifti(patch={42: shorts(32767, 32767, 32767)}),
    "nifti sizes too large": lambda: nifti(patch={42: shorts(8, 6, 5)}),
    "nifti without form": lambda: nifti(patch=NO_FORM),
    "nifti forms apart": lambda: nifti(patch={ROW + 12: floats(55)}),
    "nifti sform nan": form(np.nan),
    "nifti sform signalling nan": lambda: nifti(patch={ROW: b"\x01\x00\x80\x7f"}),
    "nifti voxel signalling nan": lambda: gzip.compress(
        SMALL_FLOATS[:-4] + b"\x01\x00\x80\x7f"
    ),
    "nifti sform inf": form(np.inf),
    "nifti sform 0": form(0, 0, 0, 0),
    "nifti sform 1e38": form(1e38, 0, 0, 1e38),
    "nifti sform sheared": form(-0.7, 0.3, 0, 10),
    "nifti qform nan": lambda: nifti(patch={254: shorts(0), 256: floats(np.nan)}),
    "nifti qform beyond 1": lambda: nifti(patch={254: shorts(0), 256: floats(1, 1, 1)}),
    "nifti qform 1e38": lambda: nifti(patch={254: shorts(0), 256: floats(1e38)}),
    "nifti qform offset inf": lambda: nifti(
        patch={254: shorts(0), 268: floats(np.inf)}
    ),
    "nifti spacing 0": lambda: nifti(patch={254: shorts(0), 80: floats(0)}),
    "nifti spacing negative": lambda: nifti(patch={254: shorts(0), 80: floats(-1)}),
    "nifti spacing nan": lambda: nifti(patch={254: shorts(0), 80: floats(np.nan)}),
    "nifti handedness 7": lambda: nifti(patch={254: shorts(0), 76: floats(7)}),
    "nifti colours": lambda: nifti(patch={70: shorts(128, 24)}),
    "nifti complex": lambda: nifti(patch={70: shorts(32, 64)}),
    "nifti type 0": lambda: nifti(patch={70: shorts(0)}),
    "nifti bits": lambda: nifti(patch={72: shorts(8)}),
    "nifti metres": lambda: nifti(patch={123: b"\x01"}),
    "nifti slope inf": lambda: nifti(patch={112: floats(np.inf)}),
    "nifti slope 0.3": lambda: nifti(patch={112: floats(0.3, 0)}),
    "nifti slope 1e38": lambda: nifti(kind="<f8", patch={112: floats(3e38, 3e38)}),
    "nifti intercept nan": lambda: nifti(patch={112: floats(1, np.nan)}),
    "nifti voxel nan": lambda: nifti(np.full(GRID.shape, np.nan), kind="<f4"),
    "nifti voxel 0.5": lambda: nifti(volume() / 2, kind="<f4"),
    "nifti voxel negative": lambda: nifti(-volume().astype(int), kind="<i2"),
}

# --- DICOM SEG ------------------------------------------------------------------------


def changed(change):
    """A Segmentation object after a change to its dataset."""

    def build():
        dataset = files.seg_dataset()
        change(dataset)
        return files.dicom_bytes(dataset)

    return build


def without(*names, frame=None):
    """A Segmentation object without a nested attribute."""

    def change(dataset):
        item = dataset
        if frame is not None:
            item = dataset.PerFrameFunctionalGroupsSequence[frame]
        for name in names[:-1]:
            item = getattr(item, name)[0]
        delattr(item, names[-1])

    return changed(change)


def shared(group, **values):
    def change(dataset):
        item = getattr(dataset.SharedFunctionalGroupsSequence[0], group)[0]
        for name, value in values.items():
            setattr(item, name, value)

    return changed(change)


def position(frame, *point):
    def change(dataset):
        item = dataset.PerFrameFunctionalGroupsSequence[frame].PlanePositionSequence[0]
        item.ImagePositionPatient = list(point)

    return changed(change)


def stated(**values):
    return changed(lambda dataset: [setattr(dataset, *item) for item in values.items()])


def syntax(uid, content=None):
    """A Segmentation object that says it has another transfer syntax."""

    def build():
        plain = content or files.seg()
        new = uid.encode() + b"\0" * (len(uid) % 2)
        old = b"1.2.840.10008.1.2.1\0"
        value = b"\x02\x00\x10\x00UI" + struct.pack("<H", len(new)) + new
        return plain.replace(
            b"\x02\x00\x10\x00UI" + struct.pack("<H", len(old)) + old, value
        )

    return build


def deflated():
    body = files.seg()
    start = body.index(b"\x08\x00\x05\x00")
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(body[start:] + b"\0" * 10**7) + packer.flush()
    return syntax(DeflatedExplicitVRLittleEndian, body[:start] + packed)()


def two_syntaxes():
    """Explicit for one reader, deflated for another."""
    plain = seg()
    at = plain.index(b"\x02\x00\x10\x00")
    uid = DeflatedExplicitVRLittleEndian.encode()
    other = b"\x02\x00\x10\x00UI" + struct.pack("<H", len(uid)) + uid
    end = at + 8 + plain[at + 6]
    return plain[:end] + other + plain[end:]


def nested(depth):
    """Sequences within sequences, before the first attribute that is asked for."""
    body = files.seg()
    start = body.index(b"\x08\x00\x05\x00")
    opening = b"\x08\x00\x01\x00SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff"
    return body[:start] + opening * depth + body[start:]


def with_items(count):
    """A sequence of empty items where segments are looked for."""
    body = files.seg()
    tag = b"\x62\x00\x02\x00SQ\0\0"
    start = body.index(tag)
    item = b"\xfe\xff\x00\xe0\0\0\0\0"
    return body[:start] + tag + b"\xff\xff\xff\xff" + item * count + body[start:]


def nested_where_read(depth):
    """The same within the sequence of segments, which is parsed."""
    body = files.seg()
    tag = b"\x62\x00\x02\x00SQ\0\0"
    start = body.index(tag)
    opening = tag + b"\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff"
    return body[:start] + opening * depth + body[start:]


def pixel_data(length: bytes):
    def build():
        content = bytearray(files.seg())
        at = content.rindex(b"\xe0\x7f\x10\x00")
        content[at + 8 : at + 12] = length
        return bytes(content)

    return build


def one_frame(dataset):
    dataset.PerFrameFunctionalGroupsSequence = dataset.PerFrameFunctionalGroupsSequence[
        :1
    ]
    dataset.NumberOfFrames = 1
    measures = dataset.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    del measures.SpacingBetweenSlices, measures.SliceThickness


def double_segment(dataset):
    for item in dataset.SegmentSequence:
        item.SegmentNumber = 1


def unknown_segment(dataset):
    frame = dataset.PerFrameFunctionalGroupsSequence[0]
    frame.SegmentIdentificationSequence[0].ReferencedSegmentNumber = 77


def double_frame(dataset):
    frames = dataset.PerFrameFunctionalGroupsSequence
    frames[1].PlanePositionSequence = frames[0].PlanePositionSequence


def bad_text(name, text):
    """A number that is none; written as text so that pydicom lets it be written."""
    return lambda: files.seg().replace(name, text)


SHARED = "SharedFunctionalGroupsSequence"
FRAMES = "PerFrameFunctionalGroupsSequence"
SEG = {
    **{
        f"seg without {names[-1]}": without(*names)
        for names in [
            ("SOPClassUID",),
            ("SegmentationType",),
            ("SegmentSequence",),
            ("SegmentSequence", "SegmentNumber"),
            ("Rows",),
            ("Columns",),
            ("NumberOfFrames",),
            ("PixelData",),
            (SHARED,),
            (FRAMES,),
            (SHARED, "PlaneOrientationSequence"),
            (SHARED, "PlaneOrientationSequence", "ImageOrientationPatient"),
            (SHARED, "PixelMeasuresSequence"),
            (SHARED, "PixelMeasuresSequence", "PixelSpacing"),
        ]
    },
    **{
        f"seg frame without {names[-1]}": without(*names, frame=1)
        for names in [
            ("PlanePositionSequence",),
            ("PlanePositionSequence", "ImagePositionPatient"),
            ("SegmentIdentificationSequence",),
            ("SegmentIdentificationSequence", "ReferencedSegmentNumber"),
        ]
    },
    "seg of probabilities": stated(SegmentationType="FRACTIONAL", BitsAllocated=8),
    "seg of another type": stated(SegmentationType="X"),
    "seg of 8 bits": stated(BitsAllocated=8),
    "seg of a map in one bit": stated(SegmentationType="LABELMAP"),
    "seg of colours": stated(SamplesPerPixel=3),
    "seg of 2 frames": stated(NumberOfFrames=2),
    "seg of 0 frames": stated(NumberOfFrames=0),
    "seg of -1 frames": stated(NumberOfFrames=-1),
    "seg of 2 000 000 000 frames": stated(NumberOfFrames=2_000_000_000),
    "seg of no rows": stated(Rows=0),
    "seg of 65535 rows": stated(Rows=65535),
    "seg of 4096 rows": stated(Rows=4096),
    "seg of one more column": stated(Columns=8),
    "seg of no segments": stated(SegmentSequence=[]),
    "seg of a ct": stated(SOPClassUID="1.2.840.10008.5.1.4.1.1.2"),
    "seg of empty frames": stated(PerFrameFunctionalGroupsSequence=[]),
    "seg with an empty shared group": stated(SharedFunctionalGroupsSequence=[]),
    "seg of short pixels": stated(PixelData=b"\0\0"),
    "seg of long pixels": stated(PixelData=b"\0" * 500),
    "seg of empty pixels": stated(PixelData=b""),
    "seg of a segment twice": changed(double_segment),
    "seg of a segment unknown": changed(unknown_segment),
    "seg of a frame twice": changed(double_frame),
    "seg of one frame without spacing": changed(one_frame),
    "seg orientation 0": shared(
        "PlaneOrientationSequence", ImageOrientationPatient=[0, 0, 0, 0, 0, 0]
    ),
    "seg orientation parallel": shared(
        "PlaneOrientationSequence", ImageOrientationPatient=[1, 0, 0, 1, 0, 0]
    ),
    "seg orientation long": shared(
        "PlaneOrientationSequence", ImageOrientationPatient=[2, 0, 0, 0, 2, 0]
    ),
    "seg orientation huge": shared(
        "PlaneOrientationSequence", ImageOrientationPatient=[1e300, 0, 0, 0, 1e300, 0]
    ),
    "seg orientation of five": shared(
        "PlaneOrientationSequence", ImageOrientationPatient=[1, 0, 0, 0, 1]
    ),
    "seg spacing 0": shared("PixelMeasuresSequence", PixelSpacing=[0, 0.7]),
    "seg spacing negative": shared("PixelMeasuresSequence", PixelSpacing=[-1, 1]),
    "seg spacing huge": shared("PixelMeasuresSequence", PixelSpacing=[1e30, 1]),
    "seg spacing of one": shared("PixelMeasuresSequence", PixelSpacing=[1]),
    "seg planes off the grid": position(0, -10.0, -20.0, 31.1),
    "seg planes shifted": position(0, -9.0, -20.0, 33.0),
    "seg planes far away": position(0, -10.0, -20.0, 1e7),
    "seg planes too many": position(0, -10.0, -20.0, -99_990.0),
    "seg planes at 1e300": position(0, -10.0, -20.0, 1e300),
    "seg position nan": bad_text(b"-10.0\\-20.0\\33.0", b"nan\\-20.0\\33.000"),
    "seg position text": bad_text(b"-10.0\\-20.0\\33.0", b"-10,0\\-20,0\\33,0"),
    "seg in jpeg": syntax(JPEG2000Lossless),
    "seg in big endian": syntax(ExplicitVRBigEndian),
    "seg deflated": deflated,
    "seg in two syntaxes": two_syntaxes,
    "seg of a million items": lambda: with_items(10**6),
    "seg of a header of 20 MB": lambda: seg()[:300] + b"\0" * 20_000_000,
    "seg in an unknown syntax": syntax(f"1.2.{'9' * 40}"),
    "seg says implicit": syntax("1.2.840.10008.1.2"),
    "seg with undefined pixels": pixel_data(b"\xff\xff\xff\xff"),
    "seg with 4 GB of pixels": pixel_data(b"\xf0\xff\xff\xff"),
    "seg cut in the pixels": lambda: seg()[:-4],
    "seg cut in the frames": lambda: seg()[:-300],
    "seg cut in the header": lambda: seg()[:400],
    "seg cut in the meta header": lambda: seg()[:170],
    "seg of a preamble": lambda: seg()[:132],
    "seg of a preamble and noise": lambda: seg()[:132] + bytes(range(256)) * 40,
}

OTHERS = {
    "nothing": lambda: b"",
    "a byte": lambda: b"N",
    "text": SECRET.encode,
    "zeros": lambda: b"\0" * 5000,
    "noise": lambda: np.random.default_rng(1).bytes(5000),
    "png": lambda: b"\x89PNG\r\n\x1a\n" + b"\0" * 500,
    "json": lambda: json.dumps({"name": SECRET}).encode(),
    "brackets": lambda: b"{" * 300_000,
    "white space": lambda: b" " * 300_000,
}

CONTENTS = {**NRRD, **LABELS, **SCENES, **NIFTI, **SEG, **OTHERS}


def assert_refused(path, *, error=SegmentationError, read=read_segmentation):
    start = time.monotonic()
    with pytest.raises(InputError) as caught, naming(PLACE):
        read(path)
    assert time.monotonic() - start < SOON_S
    message = str(caught.value)
    assert isinstance(caught.value, error)
    assert message.startswith(PLACE)
    assert message.count(PLACE) == 1
    assert "\n" not in message
    assert len(message) < 500
    assert ";" in message  # the fix
    for hidden in (SECRET, "/etc", "passwd", str(path), path.parent.name):
        assert hidden not in message


WORDS = {
    "header of noise": "cannot be read",
    "units cm": "space units is not mm",
    "direction sheared": "not at right angles",
    "direction singular": "not at right angles",
    "direction 1e300": "beyond",
    "size 0": "found 7 x 0 x 5",
    "sizes beyond memory": "137438953472 bytes",
    "sizes beyond a layer": "8598323200 bytes of voxels in 1 layers",
    "sizes beyond a slice": "570425344 bytes of voxels in 17 layers",
    "sizes larger than voxels": "truncated",
    "gzip checksum": "truncated or damaged",
    "gzip truncated in checksum": "truncated or damaged",
    "gzip goes on": "truncated or damaged",
    "gzip goes on in a member": "more than the voxels",
    "300 000 keys": "20000 lines",
    "line of 9 MB": "8388608 bytes",
    "key twice": "key modality stands there twice",
    "field twice": "field type stands there twice",
    "time steps": "2 time steps",
    "257 layers": "257 layers",
    "xml value twice": "2 labels of layer 0 have the value 2",
    "xml value of 5000 digits": "description of a label in layer 0",
    "layers announced": "key layers",
    "labels announced": "layer 0 describes 3 labels",
    "json version 4": "version of MITK",
    "json value twice": "2 labels of group 0 have the value 1",
    "json value bool": "expected a whole number",
    "json groups too few": "1 groups of labels",
    "slicer twice": "2 segments of layer 0",
    "scene with ..": "folders or names",
    "scene with a name twice": "two files of one name",
    "scene with a name in two cases": "two files of one name",
    "scene with a link": "holds a link",
    "scene of 1001 members": "more than 1000 files",
    "scene announces 65535 members": "more than 1000 files",
    "scene announces a directory of 4 GB": "more than 1000 files",
    "scene of 64 bits": "more than 1000 files",
    "scene member of 4 GB": "more than it can hold",
    "scene encrypted": "encrypted",
    "scene whose index is 40 MB": "longer than",
    "scene whose properties are 40 MB": "longer than",
    "scene of a file elsewhere": "archive does not hold",
    "scene of one file twice": "two nodes",
    "scene of images": "no segmentation",
    "nifti without form": "neither sform nor qform",
    "nifti forms apart": "place the voxels differently",
    "nifti sform nan": "not finite",
    "nifti sform sheared": "not at right angles",
    "nifti truncated": "truncated",
    "nifti goes on": "more than the voxels",
    "nifti offset nan": "vox_offset",
    "nifti time": "three dimensions",
    "nifti metres": "xyzt_units",
    "nifti slope 0.3": "fractions",
    "nifti voxel nan": "fractions or no numbers",
    "seg of probabilities": "MaximumFractionalValue",
    "seg of 2 frames": "NumberOfFrames is 2, 3 frames are described",
    "seg of a frame twice": "2 frames of one segment lie in plane 1",
    "seg planes off the grid": "multiples of one distance",
    "seg planes shifted": "shifted by up to 1 mm",
    "seg deflated": "transfer syntax",
    "seg of a million items": "or 200000 items",
    "seg of a header of 20 MB": "more than 16777216 bytes",
    "seg in two syntaxes": "expected one transfer syntax, found 2",
    "seg in jpeg": "transfer syntax",
    "seg with undefined pixels": "without compression",
    "seg cut in the pixels": "another length",
}


@pytest.mark.parametrize("name", WORDS)
def test_the_guard_that_was_meant_speaks(tmp_path, name):
    path = tmp_path / "geheim"
    path.write_bytes(CONTENTS[name]())
    with pytest.raises(SegmentationError, match=re.escape(WORDS[name])):
        read_segmentation(path)


def assert_neighbour_reads(folder):
    neighbour = folder / "neighbour.nrrd"
    neighbour.write_bytes(nrrd())
    assert len(read_segmentation(neighbour).regions) == 2


@pytest.mark.parametrize("name", CONTENTS)
def test_content_is_refused(tmp_path, name):
    path = tmp_path / "geheim.nrrd"
    path.write_bytes(CONTENTS[name]())
    assert_refused(path)
    assert_neighbour_reads(tmp_path)


@pytest.mark.parametrize("name", CONTENTS)
def test_labels_alone_never_fail_otherwise(tmp_path, name):
    """Headers may be sound where voxels are not; nothing but InputError escapes."""
    path = tmp_path / "geheim.nrrd"
    path.write_bytes(CONTENTS[name]())
    try:
        with naming(PLACE):
            read_labels(path)
    except InputError as error:
        assert str(error).startswith(PLACE)


def test_the_guards_refuse_nothing_sound(tmp_path):
    """The unchanged files that the tables above damage can be read."""
    sound = {
        "layers": layered(),
        "scene": scene()(),
        "patched": patched(b"sizes: 7 6 5", b"sizes: 7 6 5")(),
        "syntax": syntax("1.2.840.10008.1.2.1")(),
        "sform": nifti(patch={252: shorts(0, 1)}),
        "qform": nifti(patch={254: shorts(0)}),
        "deep xml": xml(
            files.xml_label(1, "a", extra="<a>" * 90_000 + "</a>" * 90_000)
        )(),
        "json": label(value=1)(),
        "slicer": slicer()(),
        "nested": nested(0),
    }
    for name, content in sound.items():
        path = tmp_path / name
        path.write_bytes(content)
        assert read_segmentation(path).regions, name


# --- bombs ----------------------------------------------------------------------------


def zeros(count, *, block=2**20) -> bytes:
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    parts = [packer.compress(bytes(block)) for _ in range(count // block)]
    return b"".join([*parts, packer.flush()])


@pytest.fixture(scope="module")
def bomb() -> bytes:
    return zeros(2**30)


def assert_little_memory(path, *, error=SegmentationError):
    tracemalloc.start()
    try:
        assert_refused(path, error=error)
        assert tracemalloc.get_traced_memory()[1] < 64 * 2**20
    finally:
        tracemalloc.stop()


def test_a_bomb_of_1_gb_behind_a_small_header(tmp_path, bomb):
    head = nrrd().partition(b"\n\n")[0]
    (tmp_path / "geheim").write_bytes(head + b"\n\n" + bomb)
    assert_little_memory(tmp_path / "geheim")


def test_a_bomb_of_1_gb_that_announces_itself(tmp_path, bomb):
    """A header may announce all of it; a missing voxel is still found."""
    head = nrrd(sizes="1024 1024 513").partition(b"\n\n")[0]
    (tmp_path / "geheim").write_bytes(head + b"\n\n" + bomb)
    assert_little_memory(tmp_path / "geheim")


def test_a_bomb_of_1_gb_as_nifti(tmp_path, bomb):
    (tmp_path / "geheim").write_bytes(gzip.compress(PLAIN) + bomb)
    assert_little_memory(tmp_path / "geheim")


def test_a_bomb_of_1_gb_in_a_scene(tmp_path, bomb):
    members = files.scene_members(NODE)
    members["node0.nrrd"] = nrrd().partition(b"\n\n")[0] + b"\n\n" + bomb
    (tmp_path / "geheim").write_bytes(files.zipped(members))
    assert_little_memory(tmp_path / "geheim")


def test_a_deflated_dicom_is_never_inflated(tmp_path):
    (tmp_path / "geheim").write_bytes(deflated())
    assert_little_memory(tmp_path / "geheim")


def test_a_million_empty_gzip_members(tmp_path):
    head = nrrd().partition(b"\n\n")[0]
    content = head + b"\n\n" + gzip.compress(b"", mtime=0) * 200_000
    (tmp_path / "geheim").write_bytes(content)
    assert_refused(tmp_path / "geheim")


@pytest.mark.parametrize(
    ("module", "name", "bound"),
    [(regions, "MOST_MASK_BYTES", 500), (gathering, "MOST_LABELS", 1)],
)
def test_boxes_and_labels_are_bounded(tmp_path, monkeypatch, module, name, bound):
    values = np.zeros((10, 10, 10), np.uint16)
    values[0, 0, 0] = values[-1, -1, -1] = 1  # a box of 1000 voxels
    values[5, 5, 5] = 2
    path = tmp_path / "geheim"
    path.write_bytes(nrrd(values, files.replace_shape(GRID, values.shape)))
    assert len(read_segmentation(path).regions) == 2
    monkeypatch.setattr(module, name, bound)
    assert_refused(path)


@pytest.mark.parametrize("kind", ["scene", "stack", "folder"])
def test_boxes_of_several_files_are_bounded_together(tmp_path, monkeypatch, kind):
    values = np.zeros(GRID.shape, np.uint16)
    values[0, 0, 0] = values[-1, -1, -1] = 1  # a box of 210 voxels
    folder = tmp_path / "geheim"
    folder.mkdir()
    for name in "ab":
        (folder / f"{name}.nrrd").write_bytes(nrrd(values))
    path = folder
    if kind == "scene":
        path = tmp_path / "scene"
        path.write_bytes(files.scene(*[("LabelSetImage", nrrd(values), {})] * 2))
    if kind == "stack":
        path = folder / "stack"
        path.write_bytes(files.stack([{"_file": "a.nrrd"}, {"_file": "b.nrrd"}]))
    assert len(read_segmentation(path).regions) == 2
    monkeypatch.setattr(regions, "MOST_MASK_BYTES", 300)
    with pytest.raises(SegmentationError, match="more than 300 voxels"):
        read_segmentation(path)


def test_labels_scattered_over_a_ct_are_bounded(tmp_path):
    """2000 labels whose boxes would take 26 GB, in a file of some kilobytes."""
    values = np.zeros((200, 256, 256), np.uint16)
    values[0].ravel()[:2000] = values[-1].ravel()[-2000:] = np.arange(1, 2001)
    path = tmp_path / "geheim"
    path.write_bytes(nrrd(values, files.replace_shape(GRID, values.shape)))
    assert_little_memory(path)


# --- sequences without bottom, and headers without end --------------------------------


@pytest.mark.parametrize("build", [nested, nested_where_read])
@pytest.mark.parametrize("depth", [900, 2000, 200_000])
def test_nested_sequences_end_no_process(tmp_path, build, depth):
    """200 000 of them end an interpreter with GDCM; here none dies."""
    path = tmp_path / "geheim"
    path.write_bytes(build(depth))
    start = time.monotonic()
    with pytest.raises(SegmentationError) as caught:
        isolated(_read, path, memory_mb=2000, seconds=20)
    assert str(caught.value).startswith(PLACE)
    assert time.monotonic() - start < SOON_S


def _read(path):
    with naming(PLACE):
        return len(read_segmentation(path).regions)


def test_names_do_not_show_when_something_prints_a_label(tmp_path):
    (tmp_path / "geheim").write_bytes(
        nrrd(keys=files.xml_keys([(1, SECRET), (7, SECRET)]))
    )
    segmentation = read_segmentation(tmp_path / "geheim")
    assert segmentation.regions[0].name == SECRET
    assert SECRET not in repr(segmentation)


def test_the_header_of_a_dicom_file_is_bounded(tmp_path, monkeypatch):
    path = tmp_path / "geheim"
    path.write_bytes(seg())
    assert read_segmentation(path).regions
    monkeypatch.setattr(dicom_header, "LONGEST_HEADER_BYTES", 700)
    assert_refused(path)


def test_warnings_of_pydicom_are_no_way_out(tmp_path):
    """Values that pydicom warns of may quote a patient."""
    content = seg().replace(b"-10.0\\-20.0\\33.0", b"-10.0\\-20.0\\33.O")
    (tmp_path / "geheim").write_bytes(content)
    assert_refused(tmp_path / "geheim")


# --- stacks ---------------------------------------------------------------------------

STACKS = {
    "absolute": [{"_file": "/etc/passwd"}],
    "up": [{"_file": "../outside.nrrd"}],
    "up within": [{"_file": "sub/../../outside.nrrd"}],
    "up and back": [{"_file": "inner/../a.nrrd"}],
    "up by backslash": [{"_file": "..\\outside.nrrd"}],
    "drive": [{"_file": "C:\\x.nrrd"}],
    "drive without root": [{"_file": "C:x.nrrd"}],
    "share": [{"_file": "\\\\server\\x.nrrd"}],
    "zero byte": [{"_file": "a\0.nrrd"}],
    "empty": [{"_file": ""}],
    "number": [{"_file": 1}],
    "list": [{"_file": ["a.nrrd"]}],
    "null": [{"_file": None}],
    "overlong": [{"_file": "a" * 5000}],
    "missing": [{"_file": f"{SECRET}.nrrd"}],
    "folder": [{"_file": "."}],
    "link out": [{"_file": "link.nrrd"}],
    "folder linked out": [{"_file": "sub/outside.nrrd"}],
    "pipe": [{"_file": "pipe"}],
    "itself": [{"_file": "a.mitklabel.json"}],
    "scene": [{"_file": "a.mitk"}],
    "layers": [{"_file": "layers.nrrd"}],
    "label elsewhere": [{"labels": [{"value": 1, "_file": "../outside.nrrd"}]}],
    "label of several": [{"labels": [{"value": 1, "_file": "a.nrrd"}]}],
    "value text": [
        {"labels": [{"value": 1, "_file": "a.nrrd", "_file_value": SECRET}]}
    ],
    "value list": [{"_file": "a.nrrd", "labels": [{"value": 1, "_file_value": [1]}]}],
    "value taken": [{"_file": "a.nrrd", "labels": [{"value": 1, "_file_value": 2}]}],
    "value twice": [{"labels": [{"value": 1}, {"value": 1}]}],
    "groups object": {"a": 1},
    "group text": [SECRET],
    "257 groups": [None] * 257,
}


@pytest.fixture
def stack_folder(tmp_path):
    folder = tmp_path / "geheim"
    folder.mkdir()
    (tmp_path / "outside.nrrd").write_bytes(nrrd())
    (folder / "a.nrrd").write_bytes(nrrd())
    (folder / "layers.nrrd").write_bytes(layered())
    (folder / "a.mitk").write_bytes(files.scene(NODE))
    (folder / "link.nrrd").symlink_to(tmp_path / "outside.nrrd")
    (folder / "sub").symlink_to(tmp_path)
    (folder / "inner").mkdir()
    os.mkfifo(folder / "pipe")
    return folder


@pytest.mark.parametrize("name", STACKS)
def test_stacks_stay_in_their_folder(stack_folder, name):
    path = stack_folder / "a.mitklabel.json"
    path.write_bytes(files.stack(STACKS[name]))
    assert_refused(path, error=InputError)
    path.write_bytes(files.stack([{"_file": "a.nrrd"}]))
    assert len(read_segmentation(path).regions) == 2


@pytest.mark.parametrize(
    "content",
    [
        files.stack([], version=4),
        files.stack([], version="x"),
        files.stack([], version=None),
        files.stack([], version=True),
        files.stack([], kind=SECRET),
        b'{"type": "' + files.STACK.encode(),
        b'{"type": "\xff"}',
        b'{"a": ' * 100_000,
        b'{"groups": [], "groups": []}',
    ],
)
def test_what_is_no_stack_is_refused(tmp_path, content):
    (tmp_path / "geheim").write_bytes(content)
    assert_refused(tmp_path / "geheim")


def test_a_stack_of_10_gb_is_not_read(tmp_path):
    path = tmp_path / "geheim"
    path.write_bytes(files.stack([]))
    os.truncate(path, 10 * 2**30)  # takes no room on the disk
    assert_little_memory(path, error=RawFileError)


# --- paths ----------------------------------------------------------------------------


def missing(folder):
    return folder / SECRET


def zero_byte(folder):
    return folder / "a\0b"


def overlong(folder):
    return folder / ("a" * 5000)


def pipe(folder):
    os.mkfifo(folder / "pipe")
    return folder / "pipe"


def device(folder):
    (folder / "device").symlink_to("/dev/zero")
    return folder / "device"


def looping_link(folder):
    (folder / "loop").symlink_to(folder / "loop")
    return folder / "loop"


def empty_folder(folder):
    (folder / "empty").mkdir()
    return folder / "empty"


def folder_loop(folder):
    (folder / "round").mkdir()
    (folder / "round" / "again").symlink_to(folder / "round")
    os.mkfifo(folder / "round" / "pipe")
    return folder / "round"


def folder_with_a_damaged_file(folder):
    (folder / "some").mkdir()
    (folder / "some" / "a.nrrd").write_bytes(nrrd())
    (folder / "some" / f"{SECRET}.nrrd").write_bytes(RAW[:-1])
    return folder / "some"


def folder_with_a_stack(folder):
    (folder / "some").mkdir()
    (folder / "some" / "a.mitklabel.json").write_bytes(files.stack([]))
    return folder / "some"


def folder_of_many(folder):
    (folder / "many").mkdir()
    for number in range(1001):
        (folder / "many" / str(number)).touch()
    return folder / "many"


PATHS = [missing, zero_byte, overlong, pipe, device, looping_link, empty_folder]
PATHS += [folder_loop, folder_with_a_damaged_file, folder_with_a_stack, folder_of_many]


@pytest.mark.parametrize("read", [read_segmentation, read_labels])
@pytest.mark.parametrize("build", PATHS)
def test_paths_are_refused(tmp_path, build, read):
    folder = tmp_path / "geheim"
    folder.mkdir()
    path = build(folder)
    accepted = SegmentationError if os.path.isdir(path) else RawFileError
    assert_refused(path, error=accepted, read=read)
    assert_neighbour_reads(tmp_path)


# --- names of parts ------------------------------------------------------------------

PARTS = {
    "folder": f"{PLACE}, file 2 of 2: ",
    "scene": f"{PLACE}, segmentation 2 of 2 in the scene: ",
    "stack": f"{PLACE}, file 2 of the stack: ",
}


@pytest.mark.parametrize("isolate", [False, True])
@pytest.mark.parametrize("kind", PARTS)
def test_a_damaged_part_is_named_once_by_its_own_place(tmp_path, kind, isolate):
    folder = tmp_path / "geheim"
    folder.mkdir()
    (folder / "a.nrrd").write_bytes(nrrd())
    (folder / "b.nrrd").write_bytes(RAW[:-1])
    path = folder
    if kind == "scene":
        path = tmp_path / "scene"
        parts = [("LabelSetImage", part, {}) for part in (nrrd(), RAW[:-1])]
        path.write_bytes(files.scene(*parts))
    if kind == "stack":
        path = folder / "stack"
        path.write_bytes(files.stack([{"_file": "a.nrrd"}, {"_file": "b.nrrd"}]))
    with pytest.raises(SegmentationError, match="truncated") as caught:
        if isolate:
            with naming("exam E1"):
                isolated(_read, path)
        else:
            _read(path)
    assert str(caught.value).startswith(PARTS[kind])
    assert str(caught.value).count(PLACE) == 1
