"""Headers of synthetic scans, as the study's scanner wrote them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

from nodal_staging.geometry import Lattice
from nodal_staging.phantom.canaries import CANARY, identity, uid
from nodal_staging.phantom.dicom_writer import Slice, Value
from nodal_staging.study.arrays import BoolArray, Float32Array, Int16Array

CT_CLASS = "1.2.840.10008.5.1.4.1.1.2"
PET_CLASS = "1.2.840.10008.5.1.4.1.1.128"
FIRST_DAY = datetime(2013, 9, 2)
PADDING = -2000
STORED_OFFSET_HU = -1024
LARGEST_STORED = 32767
HALF_LIFE_S = 4062.6


@dataclass(frozen=True, slots=True)
class Protocol:
    """How an exam was made."""

    exam_id: str
    day: int
    contrast: bool
    exposure_mas: int
    age: float
    patient_id: str


def _person(protocol: Protocol) -> Dataset:
    """Return what identifies a person and a study."""
    moment = FIRST_DAY + timedelta(days=protocol.day)
    dataset = identity(protocol.exam_id, moment, age=int(protocol.age))
    dataset.PatientID = f"{CANARY}{protocol.patient_id}"
    dataset.FrameOfReferenceUID = uid(protocol.exam_id, "frame")
    dataset.PatientPosition = "HFS"
    dataset.SeriesNumber, dataset.AcquisitionNumber = 1, 1
    return dataset


def _image(lattice: Lattice, *, signed: bool) -> Dataset:
    """Return what describes the pixels of a slice."""
    dataset = Dataset()
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.Rows, dataset.Columns = lattice.shape[1:]
    column_mm, row_mm, slice_mm = lattice.spacing_mm
    dataset.PixelSpacing = [row_mm, column_mm]
    dataset.SliceThickness = slice_mm
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 16, 15
    dataset.PixelRepresentation = int(signed)
    dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    return dataset


def ct_series(
    protocol: Protocol, lattice: Lattice, hu: Int16Array
) -> tuple[Dataset, Iterator[Slice]]:
    """Return the common header of a CT and its slices from HU ``(z, y, x)``."""
    common = _person(protocol)
    common.update(_image(lattice, signed=True))
    common.SOPClassUID, common.Modality = CT_CLASS, "CT"
    common.Manufacturer = "Philips"
    common.SeriesInstanceUID = uid(protocol.exam_id, "ct")
    common.KVP = 120
    common.Exposure = protocol.exposure_mas
    if protocol.contrast:
        common.ContrastBolusAgent = "Iodinated contrast medium"
    common.RescaleSlope, common.RescaleIntercept = 1, STORED_OFFSET_HU
    common.add(DataElement("PixelPaddingValue", "SS", PADDING))
    return common, _ct_slices(protocol, lattice, hu)


def _ct_slices(protocol: Protocol, lattice: Lattice, hu: Int16Array) -> Iterator[Slice]:
    outside = _outside_field(lattice)
    for place, plane in enumerate(hu):
        stored = (plane - STORED_OFFSET_HU).astype(np.int16)
        stored[outside] = PADDING
        yield _place(protocol, "ct", lattice, place), stored


def _outside_field(lattice: Lattice) -> BoolArray:
    """Return what lies beyond the round field of the scanner ``(y, x)``."""
    _, rows, columns = lattice.shape
    y, x = np.ogrid[:rows, :columns]
    away = np.hypot(y - (rows - 1) / 2, x - (columns - 1) / 2)
    return np.asarray(away > max(rows, columns) / 2)


def _place(
    protocol: Protocol, series: str, lattice: Lattice, place: int
) -> dict[str, Value]:
    """Return identity and position of a slice."""
    position = lattice.to_points((place, 0, 0))
    return {
        "SOPInstanceUID": uid(protocol.exam_id, series, str(place)),
        "InstanceNumber": place + 1,
        "ImagePositionPatient": [round(float(value), 6) for value in position],
    }


@dataclass(frozen=True, slots=True)
class Injection:
    """Tracer of a PET; times in s."""

    dose_bq: float
    weight_kg: float
    uptake_s: float
    started_s: float
    """Start of the scan, seconds after midnight."""


def pet_series(
    protocol: Protocol,
    lattice: Lattice,
    suv: Float32Array,
    injection: Injection,
    *,
    counts: bool,
) -> tuple[Dataset, Iterator[Slice]]:
    """Return the common header of a PET and its slices from SUV ``(z, y, x)``.

    ``counts`` stores counts with Philips' private factors; otherwise Bq/ml. Either
    way every slice has a slope of its own.
    """
    start = FIRST_DAY + timedelta(days=protocol.day, seconds=injection.started_s)
    injected = start - timedelta(seconds=injection.uptake_s)
    decayed = injection.dose_bq * 2 ** (-injection.uptake_s / HALF_LIFE_S)
    bq_per_suv = decayed / (1000 * injection.weight_kg)
    common = _person(protocol)
    common.update(_image(lattice, signed=False))
    common.SOPClassUID, common.Modality = PET_CLASS, "PT"
    common.Manufacturer = "Philips Medical Systems"
    common.SeriesInstanceUID = uid(protocol.exam_id, "pet")
    common.SeriesType = ["WHOLE BODY", "IMAGE"]
    common.NumberOfSlices = lattice.shape[0]
    common.Units = "CNTS" if counts else "BQML"
    common.DecayCorrection = "START"
    common.CorrectedImage = ["DECY", "RADL", "ATTN", "SCAT", "DTIM", "RAN", "NORM"]
    common.PatientWeight = round(injection.weight_kg, 1)
    for prefix in ("Series", "Acquisition"):
        setattr(common, f"{prefix}Date", f"{start:%Y%m%d}")
        setattr(common, f"{prefix}Time", f"{start:%H%M%S}")
    common.FrameReferenceTime, common.ActualFrameDuration = 0, 120000
    tracer = Dataset()
    tracer.RadionuclideTotalDose = round(injection.dose_bq)
    tracer.RadionuclideHalfLife = HALF_LIFE_S
    tracer.RadiopharmaceuticalStartTime = f"{injected:%H%M%S}"
    common.RadiopharmaceuticalInformationSequence = [tracer]
    count_per_suv = bq_per_suv
    if counts:
        suv_factor = 0.00073
        count_per_suv = 1 / suv_factor
        block = common.private_block(0x7053, "Philips PET Private Group", create=True)
        block.add_new(0x00, "DS", f"{suv_factor:.8g}")
        block.add_new(0x09, "DS", f"{suv_factor * bq_per_suv:.8g}")
    return common, _pet_slices(protocol, lattice, suv * np.float32(count_per_suv))


def _pet_slices(
    protocol: Protocol, lattice: Lattice, values: Float32Array
) -> Iterator[Slice]:
    for place, plane in enumerate(values):
        slope = float(f"{max(float(plane.max()), 1.0) / LARGEST_STORED:.8g}")
        own = _place(protocol, "pet", lattice, place)
        own |= {"RescaleSlope": slope, "RescaleIntercept": 0, "ImageIndex": place + 1}
        stored = np.minimum(np.rint(plane / slope), LARGEST_STORED)
        yield own, stored.astype(np.uint16)
