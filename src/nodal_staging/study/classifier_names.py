"""How classifiers are called in print, and the order in which they stand."""

from collections.abc import Iterable

from nodal_staging.study.reader_names import PREFIX, printed_reader, reader_name
from nodal_staging.study.sheet_identifiers import NaturalKey, natural_order

PUBLISHED = {
    "cnn_status_balanced": "CNN, status balanced",
    "cnn_location_balanced": "CNN, location balanced",
    "cnn_xmask": "CNN, xMask",
    "rf_status_balanced": "Random forest, status balanced",
    "rf_location_balanced": "Random forest, location balanced",
}
"""The published table in its order; readers follow."""

CNNS = ("cnn_status_balanced", "cnn_location_balanced", "cnn_xmask")

OTHERS = {
    "attenuation_27hu": "Median attenuation > 27 HU",
    "short_axis_8mm": "Short axis ≥ 8 mm",
    "short_axis_10mm": "Short axis ≥ 10 mm",
    "volume": "Volume",
    "location": "Location",
    "logistic_location_volume": "Logistic regression, location and volume",
    "radiomics_status_balanced": "Radiomics, status balanced",
    "radiomics_location_balanced": "Radiomics, location balanced",
    "radiomics_forest_status_balanced": "Radiomics forest, status balanced",
    "radiomics_forest_location_balanced": "Radiomics forest, location balanced",
}
"""Comparators of later studies, below the published ones."""

MEASUREMENTS = {"attenuation_27hu", "short_axis_8mm", "short_axis_10mm", "volume"}
"""Measurements put between 0 and 1 to be ranked: no probabilities of anything."""


def printed(classifier: str) -> str:
    """Return a name for people; that of a user's own classifier stays as it is.

    Examples
    --------
    >>> printed("cnn_xmask"), printed("reader_2"), printed("my_classifier")
    ('CNN, xMask', 'Reader 2', 'my_classifier')
    """
    if is_reader(classifier):
        return printed_reader(reader_name(classifier))
    return (PUBLISHED | OTHERS).get(classifier, classifier)


def is_reader(classifier: str) -> bool:
    """Tell whether the name is that of a reader (``reader_names.reader_key``)."""
    return classifier.startswith(PREFIX)


def is_published(classifier: str) -> bool:
    """Tell whether the published table has the row."""
    return classifier in PUBLISHED or is_reader(classifier)


def is_probability(classifier: str) -> bool:
    """Tell whether the scores are meant as probabilities: not ratings, not sizes."""
    return classifier not in MEASUREMENTS and not is_reader(classifier)


def in_order(classifiers: Iterable[str]) -> list[str]:
    """Sort as the published table, then comparators, then a user's own.

    Examples
    --------
    >>> in_order(["volume", "reader_R2", "cnn_xmask", "reader_R10"])
    ['cnn_xmask', 'reader_R2', 'reader_R10', 'volume']
    """
    return sorted(classifiers, key=_place)


def _place(classifier: str) -> tuple[int, int, NaturalKey]:
    """Return group, place in the group, and name."""
    if classifier in PUBLISHED:
        return 0, list(PUBLISHED).index(classifier), ()
    if is_reader(classifier):
        return 1, 0, natural_order(reader_name(classifier))
    if classifier in OTHERS:
        return 2, list(OTHERS).index(classifier), ()
    return 3, 0, ((0, 0, classifier),)
