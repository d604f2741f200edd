"""Headers of synthetic scans: what the study's scanner wrote, and who must not leak.

Every attribute that may identify a person holds a canary word, so that a search of
results finds any that escaped.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

from nodal_staging.geometry import Lattice
from nodal_staging.phantom.dicom_writer import Slice

CT_CLASS = "1.2.840.10008.5.1.4.1.1.2"
PET_CLASS = "1.2.840.10008.5.1.4.1.1.128"
FIRST_DAY = datetime(2013, 9, 2)
PADDING = -2000
STORED_OFFSET_HU = -1024
LARGEST_STORED = 32767
HALF_LIFE_S = 4062.6
CANARY = "CANARY"


IDENTIFYING = (
    "PatientBirthName PatientMotherBirthName PatientAddress PatientComments "
    "OtherPatientNames OtherPatientIDs IssuerOfPatientID MedicalRecordLocator "
    "AdditionalPatientHistory CountryOfResidence RegionOfResidence "
    "InstitutionName InstitutionAddress InstitutionalDepartmentName "
    "ReferringPhysicianName PerformingPhysicianName PhysiciansOfRecord "
    "NameOfPhysiciansReadingStudy RequestingPhysician OperatorsName "
    "StudyDescription SeriesDescription ProtocolName ImageComments "
    "RequestedProcedureDescription PerformedProcedureStepDescription "
    "DeviceSerialNumber AdmittingDiagnosesDescription"
).split()
"""Text attributes that may identify a person, a place or a device (PS3.15, annex E)."""

IDENTIFYING_SHORT = (
    "AccessionNumber StudyID StationName EthnicGroup PatientTelephoneNumbers "
    "PerformedProcedureStepID DetectorID Occupation"
).split()
"""Those of at most 16 characters."""


@dataclass(frozen=True, slots=True)
class Protocol:
    """How an exam was made."""

    exam_id: str
    day: int
    contrast: bool
    exposure_mas: int
    age: float


def uid(*words: str) -> str:
    """Derive a UID from words."""
    digest = hashlib.sha256("/".join(words).encode()).digest()
    return f"2.25.{int.from_bytes(digest[:15], 'big')}"


def _person(protocol: Protocol) -> Dataset:
    """Return what identifies a person, all canaries."""
    moment = FIRST_DAY + timedelta(days=protocol.day)
    word = f"{CANARY}{protocol.exam_id}"
    dataset = Dataset()
    dataset.PatientName = f"{word}^SYNTHETIC"
    dataset.PatientID = word
    dataset.PatientBirthDate = f"{moment.year - int(protocol.age)}0105"
    dataset.PatientSex = "M"
    dataset.PatientAge = f"{int(protocol.age):03}Y"
    for keyword in IDENTIFYING:
        setattr(dataset, keyword, f"{word} {keyword}"[:60])
    for keyword in IDENTIFYING_SHORT:
        setattr(dataset, keyword, f"{CANARY}{protocol.exam_id[-5:]}")
    block = dataset.private_block(0x0009, f"{CANARY} PRIVATE", create=True)
    block.add_new(0x01, "LO", f"{word} PRIVATE")
    dataset.StudyInstanceUID = uid(protocol.exam_id, "study")
    dataset.FrameOfReferenceUID = uid(protocol.exam_id, "frame")
    dataset.StudyDate = f"{moment:%Y%m%d}"
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
    protocol: Protocol, lattice: Lattice, hu: npt.NDArray[np.int16]
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


def _ct_slices(
    protocol: Protocol, lattice: Lattice, hu: npt.NDArray[np.int16]
) -> Iterator[Slice]:
    outside = _outside_field(lattice)
    for place, plane in enumerate(hu):
        stored = (plane - STORED_OFFSET_HU).astype(np.int16)
        stored[outside] = PADDING
        own = _place(protocol, "ct", lattice, place)
        yield own, stored


def _outside_field(lattice: Lattice) -> npt.NDArray[np.bool_]:
    """Return what lies beyond the round field of the scanner ``(y, x)``."""
    _, rows, columns = lattice.shape
    y, x = np.ogrid[:rows, :columns]
    away = np.hypot(y - (rows - 1) / 2, x - (columns - 1) / 2)
    return np.asarray(away > max(rows, columns) / 2)


def _place(protocol: Protocol, series: str, lattice: Lattice, place: int) -> Dataset:
    """Return identity and position of a slice."""
    own = Dataset()
    own.SOPInstanceUID = uid(protocol.exam_id, series, str(place))
    own.InstanceNumber = place + 1
    position = lattice.to_points((place, 0, 0))
    own.ImagePositionPatient = [round(float(value), 6) for value in position]
    return own


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
    suv: npt.NDArray[np.float32],
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
    protocol: Protocol, lattice: Lattice, values: npt.NDArray[np.float32]
) -> Iterator[Slice]:
    for place, plane in enumerate(values):
        slope = float(f"{max(float(plane.max()), 1.0) / LARGEST_STORED:.8g}")
        own = _place(protocol, "pet", lattice, place)
        own.RescaleSlope, own.RescaleIntercept = slope, 0
        stored = np.minimum(np.rint(plane / slope), LARGEST_STORED)
        yield own, stored.astype(np.uint16)
