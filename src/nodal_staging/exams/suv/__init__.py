"""Body-weight SUV from the facts of a PET series.

References
----------
QIBA vendor-neutral pseudo-code for SUV; IBSI reference objects for SUV; the Philips
conformance text on private group 7053: ((stored x slope) + intercept) x factor.
"""

from nodal_staging.exams.suv.factors import Factors, suv_factors
from nodal_staging.exams.suv.pet_slice import PetSlice
from nodal_staging.study.errors import SUVError

__all__ = ["Factors", "PetSlice", "SUVError", "suv_factors"]
