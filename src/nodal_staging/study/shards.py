"""A shard is a fixed share of the patients, so adding one patient touches one shard."""

import hashlib
import math

AUTOMATIC = "auto"
"""In place of a number of shards: it follows from the number of patients."""

MOST_PATIENTS = 100
"""Most patients of a shard on average, where the number of shards is automatic."""

PARALLEL = 4
"""Least number of shards, for the cores of a small machine."""


def number_of_shards(
    given: int | str, n_patients: int, most_patients: int = MOST_PATIENTS
) -> int:
    """Return the number of shards of a cohort: the given one, or the automatic one.

    Parameters
    ----------
    given
        A number, or ``AUTOMATIC``: the smallest power of two that leaves at most
        ``most_patients`` a shard on average. It is at least 4, or 1 or 2 for so many
        patients. It changes only when the number of patients doubles, so a new
        patient rarely moves the others to other shards.
    n_patients
        Distinct patients of the cohort.
    most_patients
        Most patients of a shard on average.

    Examples
    --------
    >>> [number_of_shards("auto", n) for n in (1, 30, 400, 401, 10_000, 50_000)]
    [1, 4, 4, 8, 128, 512]
    >>> number_of_shards(3, 10_000)
    3
    """
    if given != AUTOMATIC:
        return int(given)
    least = max(min(n_patients, PARALLEL), math.ceil(n_patients / most_patients), 1)
    return 1 << (least - 1).bit_length()


def shard_of(patient_id: str, n_shards: int) -> int:
    """Return the shard of a patient, 1 to ``n_shards``, from the identifier alone.

    Examples
    --------
    >>> shard_of("P0007", 8)
    6
    """
    digest = hashlib.sha256(patient_id.encode()).digest()
    return int.from_bytes(digest[:8], "big") % n_shards + 1


def item(shard: int, n_shards: int) -> str:
    """Name a shard as the workflow does, for example ``3-of-8``."""
    return f"{shard}-of-{n_shards}"


def belongs(patient_id: str, shard_item: str) -> bool:
    """Tell whether a patient is in the shard of that name.

    Examples
    --------
    >>> belongs("P0007", "6-of-8")
    True
    """
    shard, n_shards = shard_item.split("-of-")
    return shard_of(patient_id, int(n_shards)) == int(shard)
