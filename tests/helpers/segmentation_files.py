"""Segmentation files as other programs write them, built by hand for the tests."""

import gzip
import io
import json
import tempfile
import zipfile
from dataclasses import replace
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import nibabel
import numpy as np
import pydicom
import SimpleITK as sitk
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, RLELossless, generate_uid

from nodal_staging.geometry import Lattice, as_image

SECRET = "Mustermann^Erika"
GRID = Lattice((5, 6, 7), (0.7, 0.8, 3.0), (-10.0, -20.0, 30.0))
NRRD_TYPES = {
    "i1": "signed char",
    "u1": "unsigned char",
    "i2": "short",
    "u2": "unsigned short",
    "i4": "int",
    "u4": "unsigned int",
    "i8": "long long int",
    "u8": "uint64",
    "f4": "float",
    "f8": "double",
}
MITK_2023 = "org.mitk.multilabel.segmentation"
STACK = f"{MITK_2023}.stack"


def volume(shape=GRID.shape) -> np.ndarray:
    """Two nodes of different shape, away from the faces."""
    values = np.zeros(shape, np.uint16)
    values[1:3, 2:4, 1:5] = 1
    values[3, 4, 5] = values[3, 3, 5] = 2
    return values


def replace_shape(lattice: Lattice, shape) -> Lattice:
    return replace(lattice, shape=shape)


def vectors(lattice: Lattice) -> list[str]:
    return [bracket(step) for step in lattice.axes_mm().T]


def bracket(numbers) -> str:
    return "(" + ",".join(f"{float(number):.17g}" for number in numbers) + ")"


def header(lattice=GRID, kind="<u2", layers=1, **changes) -> dict[str, str]:
    """Fields of an NRRD header; a change to None leaves a field out."""
    kind = np.dtype(kind)
    several = layers > 1
    sizes = [*([layers] if several else []), *lattice.shape[::-1]]
    fields = {
        "type": NRRD_TYPES[kind.str[1:]],
        "dimension": str(len(sizes)),
        "space": "left-posterior-superior",
        "sizes": " ".join(map(str, sizes)),
        "space directions": " ".join(["none"] * several + vectors(lattice)),
        "kinds": " ".join(["vector"] * several + ["domain"] * 3),
        "endian": "big" if kind.str[0] == ">" else "little",
        "encoding": "gzip",
        "space origin": bracket(lattice.origin_mm),
    }
    fields |= {name.replace("_", " "): value for name, value in changes.items()}
    return {name: value for name, value in fields.items() if value is not None}


def nrrd(
    values=None, lattice=GRID, keys=(), *, kind="<u2", lines=(), **changes
) -> bytes:
    """An NRRD file; ``values`` are (z, y, x) or (z, y, x, layer)."""
    values = volume() if values is None else values
    layers = values.shape[3] if values.ndim == 4 else 1
    fields = header(lattice, kind, layers, **changes)
    text = ["NRRD0004", "# written by hand"]
    text += [f"{name}: {value}" for name, value in fields.items()]
    text += [f"{name}:={value}" for name, value in dict(keys).items()]
    text += [*lines, "", ""]
    content = values.astype(kind).tobytes()
    if fields.get("encoding") in ("gzip", "gz"):
        content = gzip.compress(content, 1, mtime=0)
    return "\n".join(text).encode() + content


def xml_label(value, name, *, extra="", kind="UShortProperty") -> str:
    """One label as TinyXML 1 writes it: single quotes where the text has double."""
    quote = quoteattr(name)
    return (
        '<?xml version="1.0" ?><Label>'
        '<property key="center.index" type="Point3dProperty"><point x="0" />'
        '</property><property key="name" type="StringProperty">'
        f"<string value={quote} /></property>"
        f'<property key="value" type="{kind}"><unsigned value="{value}" /></property>'
        f"{extra}</Label>"
    )


def xml_keys(*layers) -> dict[str, str]:
    """Keys of MITK 2016 to 2022; a layer is a list of (value, name)."""
    keys = {"modality": "org.mitk.image.multilabel", "layers": str(len(layers))}
    for layer, labels in enumerate(layers):
        listed = [(0, "Exterior"), *labels]
        keys[f"layer_{layer:03}"] = str(len(listed))
        for count, (value, name) in enumerate(listed):
            text = xml_label(value, name)
            keys[f"org.mitk.label_{layer:03}_{count:05}"] = text
    return keys


def json_keys(groups, *, version="1") -> dict[str, str]:
    """Keys of MITK 2023 to 2025."""
    text = groups if isinstance(groups, str) else json.dumps(groups, ensure_ascii=False)
    return {
        "modality": MITK_2023,
        f"{MITK_2023}.version": version,
        f"{MITK_2023}.labelgroups": text.replace("\\", "\\\\"),
        "DICOM_0010_0010": SECRET,
    }


def property_list(**stated) -> str:
    items = []
    for key, value in stated.items():
        element = "bool" if isinstance(value, bool) else "string"
        text = str(value).lower() if isinstance(value, bool) else value
        quoted = escape(text, {'"': "&quot;"})
        items.append(
            f'<property key="{key}" type="X"><{element} value="{quoted}"/></property>'
        )
    return '<?xml version="1.0"?>\n<Version Writer="x"/>\n' + "\n".join(items)


def scene_members(*nodes) -> dict[str, bytes]:
    """Members of a scene; a node is (type, content, properties)."""
    members = {}
    index = ['<?xml version="1.0" encoding="UTF-8"?>', '<Version Writer="x" />']
    for place, (kind, content, stated) in enumerate(nodes):
        file, listed = f"node{place}.nrrd", f"properties{place}"
        index.append(
            f'<node UID="Object_{place}"><source UID="Object_x"/>'
            f'<data type="{kind}" file="{file}"/><properties file="{listed}"/></node>'
        )
        members[file] = content
        members[listed] = property_list(**stated).encode()
    members["index.xml"] = "\n".join(index).encode()
    return members


def zipped(members, *, method=zipfile.ZIP_DEFLATED) -> bytes:
    return zipped_pairs(dict(members).items(), method=method)


def zipped_pairs(pairs, *, method=zipfile.ZIP_DEFLATED) -> bytes:
    """An archive in which a name may stand twice."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as file:
        for name, content in pairs:
            file.writestr(name, content)
    return buffer.getvalue()


def scene(*nodes) -> bytes:
    return zipped(scene_members(*nodes))


def stack(groups, *, version=3, kind=STACK) -> bytes:
    return json.dumps({"type": kind, "version": version, "groups": groups}).encode()


def affine(lattice=GRID) -> np.ndarray:
    """Matrix of NIfTI: voxel (x, y, z) to RAS."""
    matrix = np.eye(4)
    matrix[:3, :3] = np.diag([-1, -1, 1]) @ lattice.axes_mm()
    matrix[:3, 3] = np.array([-1, -1, 1]) * lattice.origin_mm
    return matrix


def nifti_image(values=None, lattice=GRID, *, kind="<u2", image=nibabel.Nifti1Image):
    values = volume() if values is None else values
    written = image(values.T.astype(np.dtype(kind).newbyteorder("=")), affine(lattice))
    written.set_sform(affine(lattice), 1)
    written.set_qform(affine(lattice), 1)
    return written


def nifti(values=None, lattice=GRID, *, patch=None, zipped=True, **options) -> bytes:
    """A NIfTI file; ``patch`` maps offsets to bytes that replace the header's."""
    content = bytearray(nifti_image(values, lattice, **options).to_bytes())
    for offset, new in (patch or {}).items():
        content[offset : offset + len(new)] = new
    return gzip.compress(bytes(content), 1, mtime=0) if zipped else bytes(content)


def sequence(**attributes) -> list[Dataset]:
    item = Dataset()
    for name, value in attributes.items():
        setattr(item, name, value)
    return [item]


def seg_dataset(values=None, lattice=GRID, *, segments=None) -> Dataset:
    """A binary Segmentation object with one frame a segment and occupied plane."""
    values = volume() if values is None else values
    masks = segments or {int(v): values == v for v in np.unique(values[values > 0])}
    dataset = seg_header(lattice, list(masks))
    frames, bits = [], []
    for number, mask in masks.items():
        for z in np.flatnonzero(mask.any(axis=(1, 2))):
            frames.append(seg_frame(lattice, int(z), number))
            bits.append(mask[z].ravel())
    dataset.PerFrameFunctionalGroupsSequence = frames
    dataset.NumberOfFrames = len(frames)
    packed = np.packbits(np.concatenate(bits), bitorder="little").tobytes()
    dataset.PixelData = packed + b"\0" * (len(packed) % 2)
    return dataset


def seg_header(lattice, numbers) -> Dataset:
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.66.4"
    dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=["a"])
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.66.4"
    dataset.PatientName = SECRET
    dataset.SegmentationType = "BINARY"
    dataset.SamplesPerPixel = 1
    dataset.BitsAllocated = 1
    _, dataset.Rows, dataset.Columns = lattice.shape
    dataset.SegmentSequence = [
        sequence(SegmentNumber=number, SegmentLabel=f"Knoten ä {number} {SECRET}")[0]
        for number in numbers
    ]
    x, y, z = lattice.spacing_mm
    axes = np.reshape(lattice.direction, (3, 3))
    dataset.SharedFunctionalGroupsSequence = sequence(
        PlaneOrientationSequence=sequence(
            ImageOrientationPatient=[*axes[:, 0].tolist(), *axes[:, 1].tolist()]
        ),
        PixelMeasuresSequence=sequence(
            PixelSpacing=[y, x], SliceThickness=z, SpacingBetweenSlices=z
        ),
    )
    return dataset


def seg_frame(lattice, z, number) -> Dataset:
    point = lattice.to_points((z, 0, 0)).round(6).tolist()
    return sequence(
        PlanePositionSequence=sequence(ImagePositionPatient=point),
        SegmentIdentificationSequence=sequence(ReferencedSegmentNumber=number),
    )[0]


def dicom_bytes(dataset: Dataset) -> bytes:
    buffer = io.BytesIO()
    pydicom.dcmwrite(buffer, dataset, enforce_file_format=True)
    return buffer.getvalue()


def seg(values=None, lattice=GRID, **options) -> bytes:
    return dicom_bytes(seg_dataset(values, lattice, **options))


STRUCTURE_SET_CLASS = "1.2.840.10008.5.1.4.1.1.481.3"


def structure_set(structures, *, kind="CLOSED_PLANAR") -> Dataset:
    """An RT structure set: LPS points ``(n, 3)`` of the contours of each name."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = STRUCTURE_SET_CLASS
    dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=["b"])
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.SOPClassUID = STRUCTURE_SET_CLASS
    dataset.PatientName = SECRET
    dataset.StructureSetROISequence = []
    dataset.ROIContourSequence = []
    for number, (name, contours) in enumerate(structures.items(), start=1):
        dataset.StructureSetROISequence += sequence(ROINumber=number, ROIName=name)
        listed = []
        for points in contours:
            values = [f"{value:.10g}" for value in np.ravel(points)]
            listed += sequence(
                ContourGeometricType=kind,
                NumberOfContourPoints=len(values) // 3,
                ContourData=values,
            )
        dataset.ROIContourSequence += sequence(
            ReferencedROINumber=number, ContourSequence=listed
        )
    return dataset


LABEL_MAP_CLASS = "1.2.840.10008.5.1.4.1.1.66.7"


def whole_byte_seg(
    *, values=None, whole=255, label_map=False, compressed=False, bits=8
):
    """A segmentation whose frames have whole bytes."""
    values = volume() if values is None else values
    found = seg_dataset(values)
    frames = []
    if label_map:
        found.SOPClassUID = found.file_meta.MediaStorageSOPClassUID = LABEL_MAP_CLASS
        found.SegmentationType = "LABELMAP"
        planes = range(len(values))
        found.PerFrameFunctionalGroupsSequence = [seg_frame(GRID, z, 1) for z in planes]
        frames = [values[z] for z in planes]
    else:
        found.SegmentationType = "FRACTIONAL"
        found.MaximumFractionalValue = whole
        for value in np.unique(values[values > 0]):
            mask = (values == value) * whole
            frames += [plane for plane in mask if plane.any()]
    found.NumberOfFrames = len(frames)
    found.BitsAllocated = found.BitsStored = bits
    found.HighBit, found.PixelRepresentation = bits - 1, 0
    found.PhotometricInterpretation = "MONOCHROME2"
    stored = np.array(frames).astype(f"<u{bits // 8}").tobytes()
    found.PixelData = stored + b"\0" * (len(stored) % 2)
    found["PixelData"].VR = "OB" if bits == 8 else "OW"
    if compressed:
        found.SOPInstanceUID = "1.2.3.4"
        found.compress(RLELossless, encoding_plugin="pydicom")
    return found


def metaimage(values=None, lattice=GRID, *, compressed=True) -> bytes:
    """A MetaImage file as SimpleITK writes it."""
    image = as_image(volume() if values is None else values, lattice)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.mha")
        sitk.WriteImage(image, str(path), useCompression=compressed)
        return path.read_bytes()
