"""Which rows of the sheets a job depends on; light, since every run asks first.

A sheet is one file for the whole cohort. Jobs depend on a sum over their own rows
instead of on the file, so that a new exam is a matter of its shard alone, and a new
reader of nobody but those who are compared with readers.
"""

import csv
import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from nodal_staging.remembered import remembered, sum_of
from nodal_staging.shards import item, shard_of


def rows_by_shard(
    sheets: Sequence[str | Path], n_shards: int, memory: str | Path | None = None
) -> dict[str, str]:
    """Return a sum over the rows of the patients of each shard.

    Parameters
    ----------
    sheets
        Tables with a column patient_id; those that do not exist yet are left out.
    n_shards
        Number of shards of the cohort.
    memory
        A file that keeps the sums until a sheet changes; reading its bytes takes a
        tenth of the time of reading its rows.

    Returns
    -------
    16 hexadecimal digits by name of the shard (``3-of-8``).
    """
    return remembered(
        memory,
        lambda: [str(n_shards), *map(sum_of, sheets)],
        lambda: _sum_by_shard(sheets, n_shards),
    )


def _sum_by_shard(sheets: Sequence[str | Path], n_shards: int) -> dict[str, str]:
    sums = {item(n + 1, n_shards): hashlib.sha256() for n in range(n_shards)}
    shards: dict[str, str] = {}
    for sheet in sheets:
        for patient, row in _rows(sheet, "patient_id"):
            if patient not in shards:
                shards[patient] = item(shard_of(patient, n_shards), n_shards)
            sums[shards[patient]].update(row)
    return {name: total.hexdigest()[:16] for name, total in sums.items()}


def rows_by_reader(
    readings: str | Path | None, memory: str | Path | None = None
) -> list[str]:
    """Return a sum over the ratings of each reader, in alphabetical order.

    ``memory`` is that of :func:`rows_by_shard`.
    """
    if readings is None:
        return []
    return remembered(
        memory, lambda: [sum_of(readings)], lambda: _sum_by_reader(readings)
    )


def _sum_by_reader(readings: str | Path) -> list[str]:
    sums: defaultdict[str, hashlib._Hash] = defaultdict(hashlib.sha256)
    for reader, row in _rows(readings, "reader"):
        sums[reader].update(row)
    return [sums[reader].hexdigest()[:16] for reader in sorted(sums) if reader]


def _rows(sheet: str | Path, key: str) -> Iterator[tuple[str, bytes]]:
    """Yield the key of each row and the row with its header, as bytes.

    A sheet of another form gives nothing: the check of the sheets says what is wrong.
    """
    if not Path(sheet).is_file():
        return
    with Path(sheet).open(encoding="utf-8", errors="replace", newline="") as file:
        reader = csv.reader(file, delimiter="\t")
        header = next(reader, [])
        if key not in header:
            return
        place = header.index(key)
        form = hashlib.sha256(repr(header).encode()).digest()
        for row in reader:
            if len(row) > place:
                # Cells and rows stay apart: no cell holds these marks.
                yield row[place], form + "\x1f".join(row).encode() + b"\x1e"
