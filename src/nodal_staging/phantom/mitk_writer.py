"""Multi-label NRRD as MITK 2016.3 wrote it, and as MITK has since 2023.

References: MITK v2016.03.0, Modules/Multilabel/autoload/IO/mitkLabelSetImageIO.cpp;
MITK v2023.04, mitkMultiLabelSegmentationIO.cpp (version 1 of the label groups).
"""

import gzip
import json
from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np

from nodal_staging.geometry import Lattice
from nodal_staging.phantom.canaries import CANARY
from nodal_staging.study.arrays import FloatArray, UInt16Array
from nodal_staging.study.files import replacing


def write_multilabel(
    path: Path,
    values: UInt16Array,
    lattice: Lattice,
    names: list[str],
    *,
    exam: str = "",
) -> None:
    """Write labels as MITK 2016.3.

    Parameters
    ----------
    path
        The NRRD file.
    values, lattice
        Label volume ``(z, y, x)``.
    names
        ``names[k]`` belongs to label ``k + 1``.
    exam
        Goes into a key that could identify a person, as a canary.
    """
    labels = ["Exterior", *names]
    keys = {
        "layer_000": f"{len(labels)}",
        "layers": "1",
        "modality": "org.mitk.image.multilabel",
        "org.mitk.interactor.operator": f"{CANARY}{exam}",
    }
    for value, name in enumerate(labels):
        keys[f"org.mitk.label_000_{value:05}"] = _label(value, name)
    _write(path, values, lattice, keys)


def write_json_labels(
    path: Path,
    values: UInt16Array,
    lattice: Lattice,
    names: list[str],
    *,
    exam: str = "",
) -> None:
    """Write labels as MITK 2023.04; see ``write_multilabel``."""
    labels = [
        {
            "color": {"type": "ColorProperty", "value": [1.0, 0.0, 0.0]},
            "locked": True,
            "name": name,
            "opacity": 0.6,
            "value": value,
            "visible": True,
        }
        for value, name in enumerate(names, start=1)
    ]
    prefix = "org.mitk.multilabel.segmentation"
    groups = json.dumps([{"labels": labels}], separators=(",", ":"))
    patient = json.dumps({"values": [{"z": 0, "t": 0, "value": f"{CANARY}{exam}"}]})
    keys = {
        "modality": prefix,
        f"{prefix}.labelgroups": groups.replace("\\", "\\\\"),
        f"{prefix}.unlabeledlabellock": "0",
        f"{prefix}.version": "1",
        "DICOM_0010_0010": patient,
        "MITK_IO_reader_inputlocation": f"C:/{CANARY}{exam}/",
    }
    _write(path, values, lattice, keys)


def _write(
    path: Path, values: UInt16Array, lattice: Lattice, keys: dict[str, str]
) -> None:
    """Write a gzipped NRRD with keys."""
    steps = lattice.axes_mm().T
    header = [
        "NRRD0004",
        "# Complete NRRD file format specification at:",
        "# http://teem.sourceforge.net/nrrd/format.html",
        "type: unsigned short",
        "dimension: 3",
        "space: left-posterior-superior",
        f"sizes: {' '.join(str(size) for size in lattice.shape[::-1])}",
        f"space directions: {' '.join(_vector(step) for step in steps)}",
        "kinds: domain domain domain",
        "endian: little",
        "encoding: gzip",
        f"space origin: {_vector(np.array(lattice.origin_mm))}",
        *(f"{key}:={value}" for key, value in keys.items()),
        "",
        "",
    ]
    voxels = gzip.compress(values.astype("<u2").tobytes(), 1, mtime=0)
    with replacing(path) as part:
        part.write_bytes("\n".join(header).encode() + voxels)


def _vector(values: FloatArray) -> str:
    return "(" + ",".join(f"{float(value):.17g}" for value in values) + ")"


def _label(value: int, name: str) -> str:
    """Describe one label; keys sorted, centre never computed, as MITK does."""
    zero = 'x="0" y="0" z="0"'
    red = 0 if value == 0 else 1
    properties = [
        ("center.coordinates", "Point3dProperty", f"<point {zero} />"),
        ("center.index", "Point3dProperty", f"<point {zero} />"),
        ("color", "ColorProperty", f'<color r="{red}" g="0" b="0" />'),
        ("layer", "UIntProperty", '<unsigned value="0" />'),
        ("locked", "BoolProperty", f'<bool value="{str(value != 0).lower()}" />'),
        ("name", "StringProperty", f'<string value="{_quoted(name)}" />'),
        ("opacity", "FloatProperty", f'<float value="{0.6 if value else 0:g}" />'),
        ("value", "UShortProperty", f'<unsigned value="{value}" />'),
        ("visible", "BoolProperty", '<bool value="true" />'),
    ]
    described = "".join(
        f'<property key="{key}" type="{kind}">{content}</property>'
        for key, kind, content in properties
    )
    return f'<?xml version="1.0" ?><Label>{described}</Label>'


def _quoted(name: str) -> str:
    return escape(name, {'"': "&quot;"})
