"""CT and PET series from folders of DICOM files, strict about geometry.

A series is first indexed from its headers alone: which files, in which order, on
which lattice, with which rescaling. Pixels are read later, and only of the slices
that are needed. Nothing of a header leaves this package but numbers of an allow-list.

The modules in the order of the data: the `folder` and its `headers`, whose values
`elements` and `clock` parse; `frames` in them, each with its `plane`, `pixel_format`
and `rescaling`; the one `grouping` of these that is meant, their `stacking` to a
volume, `series` as the index is kept, `pixels` as they are read. Apart from these,
`acquisition` and `pet_header` gather what headers state of dose, contrast and SUV.
"""

from nodal_staging.exams.dicom.acquisition import Acquisition, Wording
from nodal_staging.exams.dicom.index import (
    Indexed,
    index_ct,
    index_images,
    index_pet,
    series_identity,
)
from nodal_staging.exams.dicom.pixels import read_boxes
from nodal_staging.exams.dicom.series import OUTSIDE_SCANNER_HU, Series, Slice
from nodal_staging.exams.dicom.stacking import Repairs
from nodal_staging.study.errors import DicomSeriesError

__all__ = [
    "OUTSIDE_SCANNER_HU",
    "Acquisition",
    "DicomSeriesError",
    "Indexed",
    "Repairs",
    "Series",
    "Slice",
    "Wording",
    "index_ct",
    "index_images",
    "index_pet",
    "read_boxes",
    "series_identity",
]
