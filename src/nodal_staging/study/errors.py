"""The one way in which this package says that an input is wrong."""


class InputError(ValueError):
    """An input cannot be used; the message is one sentence that a person can act on.

    The message names the patient and the exam by their pseudonyms, the file by its
    role (``the column ct of exams.tsv``), the field, what was expected, what was
    found, and the fix. It never quotes a path inside an exam or a DICOM attribute
    that may identify a patient.

    Attributes
    ----------
    reason
        Code under which a cohort lists an exam that failed this way.
    """

    reason: str = "unusable_input"
