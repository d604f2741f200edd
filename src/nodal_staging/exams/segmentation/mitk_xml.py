"""Labels as MITK 2016.3 to 2022.10 describes them: one XML text a label.

References
----------
MITK v2016.03.0, Modules/Multilabel/autoload/IO/mitkLabelSetImageIO.cpp.
"""

import re
from collections import Counter
from collections.abc import Mapping

from nodal_staging.exams.segmentation.regions import Label, check_distinct
from nodal_staging.exams.segmentation.safe_text import TextError, properties, roots
from nodal_staging.study.errors import SegmentationError

MITK_2016 = "org.mitk.image.multilabel"
LABEL_KEY = re.compile(r"org\.mitk\.label_(\d{3})_\d{5}")


def xml_labels(keys: Mapping[str, str], *, layers: int) -> list[Label]:
    """Return the labels that a header of MITK 2016 to 2022 describes.

    Parameters
    ----------
    keys
        The NRRD keys, escapes resolved.
    layers
        Values per voxel.

    Returns
    -------
    The labels without "Exterior", which is value 0 of every layer. The value is that
    of the description, not its running number.

    Raises
    ------
    SegmentationError
        If a description is broken, twice there, or their number is not as announced.
    """
    texts = [
        (int(match[1]), text)
        for key, text in sorted(keys.items())
        if (match := LABEL_KEY.fullmatch(key))
    ]
    _check_counts(keys, Counter(layer for layer, _ in texts), layers)
    labels = [_label(layer, text) for layer, text in texts]
    check_distinct(labels, "labels of layer")
    return [label for label in labels if label.value != 0]


def _check_counts(keys: Mapping[str, str], found: Counter[int], layers: int) -> None:
    announced = keys.get("layers", "1")
    if announced != str(layers) or any(layer >= layers for layer in found):
        raise SegmentationError(
            f"the NRRD key layers does not announce the {layers} layers that "
            "the voxels have; save the segmentation again with MITK"
        )
    for layer in range(layers):
        count = keys.get(f"layer_{layer:03}", str(found[layer]))
        if count != str(found[layer]):
            raise SegmentationError(
                f"layer {layer} describes {found[layer]} labels, the NRRD key "
                f"layer_{layer:03} announces others; save the segmentation again with "
                "MITK"
            )


def _label(layer: int, text: str) -> Label:
    """Read value and name of one description."""
    try:
        described = roots(text)
        (label,) = described.findall("Label")
        stated = properties(label)
        value = stated["value"]["value"]
        name = stated["name"]["value"]
        if not re.fullmatch(r"[0-9]{1,5}", value):
            raise TextError("not a label value")
    except (KeyError, ValueError):
        raise SegmentationError(
            f"the description of a label in layer {layer} cannot be read; "
            "save the segmentation again with MITK"
        ) from None
    return Label(layer, int(value), name)
