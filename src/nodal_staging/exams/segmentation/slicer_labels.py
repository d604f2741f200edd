"""Labels as 3D Slicer describes them in a ``.seg.nrrd``: three keys a segment."""

import re
from collections.abc import Mapping

from nodal_staging.exams.segmentation.regions import Label, check_distinct
from nodal_staging.study.errors import SegmentationError

SEGMENT_KEY = re.compile(r"Segment(\d{1,4})_ID")
WHOLE = re.compile(r"[0-9]{1,9}")


def slicer_labels(keys: Mapping[str, str], *, layers: int) -> list[Label]:
    """Return the segments of a header.

    Files before Slicer 4.11 have no label values: segment N is layer N, value 1.

    Raises
    ------
    SegmentationError
        If a segment's layer or value is no number, or two segments share both.
    """
    numbers = sorted(
        int(match[1]) for key in keys if (match := SEGMENT_KEY.fullmatch(key))
    )
    labels = [_label(keys, number, layers) for number in numbers]
    check_distinct(labels, "segments of layer")
    return labels


def is_slicer(keys: Mapping[str, str]) -> bool:
    """Tell whether the keys describe segments."""
    return any(SEGMENT_KEY.fullmatch(key) for key in keys)


def _label(keys: Mapping[str, str], number: int, layers: int) -> Label:
    prefix = f"Segment{number}_"
    old = f"{prefix}LabelValue" not in keys
    layer = keys.get(f"{prefix}Layer", str(number) if old and layers > 1 else "0")
    value = keys.get(f"{prefix}LabelValue", "1")
    if (
        not WHOLE.fullmatch(layer.strip())
        or not WHOLE.fullmatch(value.strip())
        or int(layer) >= layers
        or int(value) == 0
    ):
        raise SegmentationError(
            f"{prefix}Layer or {prefix}LabelValue is not the number of a layer "
            "or a label; save the segmentation again with Slicer"
        )
    return Label(int(layer), int(value), keys.get(f"{prefix}Name"))
