"""Canaries in all DICOM attributes that may identify a person, a place or a device.

A search of results, logs and reports for the canary word finds any that escaped.

References
----------
DICOM PS3.15, table E.1-1 (Basic Application Level Confidentiality Profile).
"""

import hashlib
from datetime import datetime

from pydicom.dataset import Dataset

CANARY = "CANARY"

IDENTIFYING = (
    "PatientBirthName PatientMotherBirthName PatientAddress PatientComments "
    "OtherPatientNames OtherPatientIDs IssuerOfPatientID MedicalRecordLocator "
    "AdditionalPatientHistory CountryOfResidence RegionOfResidence "
    "PatientReligiousPreference PatientInstitutionResidence ResponsiblePerson "
    "ResponsibleOrganization MilitaryRank BranchOfService MedicalAlerts Allergies "
    "SpecialNeeds PatientState InsurancePlanIdentification InstitutionName "
    "InstitutionAddress InstitutionalDepartmentName ReferringPhysicianName "
    "ReferringPhysicianAddress ConsultingPhysicianName PerformingPhysicianName "
    "PhysiciansOfRecord NameOfPhysiciansReadingStudy RequestingPhysician "
    "ScheduledPerformingPhysicianName OperatorsName ContentCreatorName "
    "OrderEnteredBy NamesOfIntendedRecipientsOfResults InterpretationAuthor "
    "InterpretationRecorder VerifyingObserverName AdmissionID ServiceEpisodeID "
    "ServiceEpisodeDescription VisitComments CurrentPatientLocation "
    "RouteOfAdmissions DischargeDiagnosisDescription RequestingService "
    "RequestedProcedureDescription RequestedProcedureComments "
    "RequestedProcedureLocation ReasonForTheRequestedProcedure ReasonForStudy "
    "ImagingServiceRequestComments ReasonForTheImagingServiceRequest StudyComments "
    "StudyDescription SeriesDescription ProtocolName ImageComments "
    "AcquisitionComments DerivationDescription FrameComments TextComments "
    "PerformedProcedureStepDescription CommentsOnThePerformedProcedureStep "
    "ScheduledProcedureStepDescription AdmittingDiagnosesDescription "
    "IdentifyingComments TextString DeviceSerialNumber DeviceID DeviceDescription "
    "GantryID GeneratorID PlateID CassetteID DistributionName"
).split()
"""Text attributes that may identify a person, a place or a device."""

IDENTIFYING_SHORT = (
    "AccessionNumber StudyID StationName EthnicGroup PatientTelephoneNumbers "
    "ReferringPhysicianTelephoneNumbers PerformedProcedureStepID DetectorID "
    "Occupation RequestedProcedureID ScheduledProcedureStepID "
    "FillerOrderNumberImagingServiceRequest PlacerOrderNumberImagingServiceRequest "
    "PerformedStationName PerformedStationAETitle ScheduledStationName "
    "ScheduledStationAETitle StationAETitle RetrieveAETitle "
    "OrderCallbackPhoneNumber OrderEntererLocation PerformedLocation"
).split()
"""Those of at most 16 characters."""

IDENTIFYING_UIDS = (
    "DeviceUID IrradiationEventUID SynchronizationFrameOfReferenceUID "
    "ConcatenationUID StorageMediaFileSetUID"
).split()
"""UIDs other than those of study, series and image."""

IDENTIFYING_DATES = (
    "ContentDate InstanceCreationDate AdmittingDate PerformedProcedureStepStartDate "
    "DateOfSecondaryCapture"
).split()
"""Dates other than that of the study; the same day."""


def uid(*words: str) -> str:
    """Derive a UID from words."""
    digest = hashlib.sha256("/".join(words).encode()).digest()
    return f"2.25.{int.from_bytes(digest[:15], 'big')}"


def identity(exam_id: str, moment: datetime, *, age: int) -> Dataset:
    """Return the attributes that identify a person and a study, all canaries.

    Parameters
    ----------
    exam_id
        Part of every canary, so that one that escaped shows its origin.
    moment
        Day of the study.
    age
        In years, from which the day of birth follows.
    """
    word = f"{CANARY}{exam_id}"
    dataset = Dataset()
    dataset.PatientName = f"{word}^SYNTHETIC"
    dataset.PatientID = word
    dataset.PatientBirthDate = f"{moment.year - age}0105"
    dataset.PatientBirthTime = "031415"
    dataset.PatientSex = "M"
    dataset.PatientAge = f"{age:03}Y"
    for keyword in IDENTIFYING:
        setattr(dataset, keyword, f"{word} {keyword}"[:60])
    for keyword in IDENTIFYING_SHORT:
        setattr(dataset, keyword, f"{CANARY}{exam_id[-5:]}")
    for keyword in IDENTIFYING_UIDS:
        setattr(dataset, keyword, uid(exam_id, keyword))
    for keyword in IDENTIFYING_DATES:
        setattr(dataset, keyword, f"{moment:%Y%m%d}")
    _add_nested(dataset, word)
    dataset.StudyInstanceUID = uid(exam_id, "study")
    dataset.StudyDate, dataset.StudyTime = f"{moment:%Y%m%d}", "080000"
    return dataset


def _add_nested(dataset: Dataset, word: str) -> None:
    """Add canaries in sequences and in a private block."""
    other, request, operator = Dataset(), Dataset(), Dataset()
    other.PatientID, other.IssuerOfPatientID = word, word
    request.RequestedProcedureDescription = word
    request.AccessionNumber = word[:16]
    operator.InstitutionName = word
    dataset.OtherPatientIDsSequence = [other]
    dataset.RequestAttributesSequence = [request]
    dataset.OperatorIdentificationSequence = [operator]
    block = dataset.private_block(0x0009, f"{CANARY} PRIVATE", create=True)
    block.add_new(0x01, "LO", f"{word} PRIVATE")
