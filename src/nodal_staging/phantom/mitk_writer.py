"""Multi-label NRRD as MITK 2016.3 wrote it.

Reference: MITK v2016.03.0, Modules/Multilabel/autoload/IO/mitkLabelSetImageIO.cpp.
"""

import gzip
from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np
import numpy.typing as npt

from nodal_staging.files import replacing
from nodal_staging.geometry import Lattice


def write_multilabel(
    path: Path, values: npt.NDArray[np.uint16], lattice: Lattice, names: list[str]
) -> None:
    """Write a label volume ``(z, y, x)``; ``names[k]`` belongs to label ``k + 1``."""
    labels = ["Exterior", *names]
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
        f"layer_000:={len(labels)}",
        "layers:=1",
        "modality:=org.mitk.image.multilabel",
        *(
            f"org.mitk.label_000_{value:05}:={_label(value, name)}"
            for value, name in enumerate(labels)
        ),
        "",
        "",
    ]
    voxels = gzip.compress(values.astype("<u2").tobytes(), 1, mtime=0)
    with replacing(path) as part:
        part.write_bytes("\n".join(header).encode() + voxels)


def _vector(values: npt.NDArray[np.float64]) -> str:
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
