"""Headers of PET slices with known content."""

from pydicom.dataset import Dataset

from nodal_staging.exams.dicom.pet_header import GE, PHILIPS, SIEMENS

TRACER = ("RadionuclideTotalDose", "RadionuclideHalfLife")
INJECTION = (
    "RadiopharmaceuticalStartTime",
    "RadiopharmaceuticalStopTime",
    "RadiopharmaceuticalStartDateTime",
)
BASE = {
    "Units": "BQML",
    "DecayCorrection": "START",
    "CorrectedImage": ["ATTN", "DECY"],
    "PatientWeight": 80,
    "RadionuclideTotalDose": 150e6,
    "RadionuclideHalfLife": 4062.6,
    "RadiopharmaceuticalStartTime": "120000",
    "SeriesDate": "20200101",
    "SeriesTime": "130000",
    "AcquisitionDate": "20200101",
    "AcquisitionTime": "130000",
    "FrameReferenceTime": 0,
    "ActualFrameDuration": 120000,
}


def dataset(**changes) -> Dataset:
    """Return ``BASE`` with changes: keywords, or short names of private elements."""
    result, tracer = Dataset(), Dataset()
    for name, value in (BASE | changes).items():
        if value is None:
            continue
        if name in TRACER + INJECTION:
            setattr(tracer, name, value)
        elif name == "code":
            tracer.RadionuclideCodeSequence = [Dataset()]
            tracer.RadionuclideCodeSequence[0].CodeValue = value
        elif name in {"ge", "siemens"}:
            group, creator, (element,) = GE if name == "ge" else SIEMENS
            block = result.private_block(group, creator, create=True)
            block.add_new(element, "DT", value)
        elif name in {"suv", "activity"}:
            block = result.private_block(0x7053, PHILIPS[1], create=True)
            block.add_new(0x00 if name == "suv" else 0x09, "DS", str(value))
        else:
            setattr(result, name, value)
    if "RadiopharmaceuticalInformationSequence" not in changes:
        result.RadiopharmaceuticalInformationSequence = [tracer]
    return result
