"""Body-weight SUV from the headers of a PET series.

References
----------
QIBA vendor-neutral pseudo-code for SUV; IBSI reference objects for SUV; the Philips
conformance text on private group 7053: ((stored x slope) + intercept) x factor.
"""

from nodal_staging.exams.suv.factors import Factors, suv_factors
from nodal_staging.exams.suv.facts import PET_TAGS, PetSlice, pet_slice
from nodal_staging.study.errors import SUVError

__all__ = ["PET_TAGS", "Factors", "PetSlice", "SUVError", "pet_slice", "suv_factors"]
