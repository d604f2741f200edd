"""A shard is a fixed share of the patients, so adding one patient touches one shard."""

import hashlib


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
