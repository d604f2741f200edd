"""Which rows of the sheets a job depends on; light, since every run asks first.

A sheet is one file for the whole cohort. Jobs depend on a sum over their own rows
instead of on the file, so that a new exam is a matter of its shard alone, and a new
reader of nobody but those who are compared with readers.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence, Sized
from pathlib import Path

from nodal_staging.study.delimited import DelimitedTable, read_delimited
from nodal_staging.study.memory import remembered, sum_of
from nodal_staging.study.shards import item, shard_of
from nodal_staging.study.table_text import TableError


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
            if patient is None:
                for total in sums.values():
                    total.update(row)
                continue
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
        sums[reader or ""].update(row)
    return [sums[reader].hexdigest()[:16] for reader in sorted(sums) if reader]


def whole_sheets(sheets: Sequence[str | Path | None]) -> list[str]:
    """Return a sum over the bytes of each sheet, whatever its date."""
    return [sum_of(sheet) for sheet in sheets if sheet]


def _rows(sheet: str | Path, key: str) -> Iterator[tuple[str | None, bytes]]:
    """Yield the key of each row and the row with its header, as bytes.

    Everything may depend on a row without the key, and on a sheet that cannot be
    split into rows; the check of the sheets names the fault.
    """
    if not Path(sheet).is_file():
        return
    table = _table(sheet)
    if table is None:
        yield None, Path(sheet).read_bytes()
        return
    place = table.place(key)
    form = hashlib.sha256(repr(table.header).encode()).digest()
    for row in table.rows:
        # Cells and rows stay apart: no cell holds these marks.
        cells = form + "\x1f".join(row).encode() + b"\x1e"
        yield (None if place is None else row[place]), cells


def _table(sheet: str | Path) -> DelimitedTable | None:
    """Read a sheet, or return None where the check of the sheets will refuse it."""
    try:
        return read_delimited(sheet)
    except TableError:
        return None


def reader_names(readings: str | Path) -> list[str]:
    """List the readers of a sheet in alphabetical order.

    A sheet without a reader column has none here; the check of the sheets names the
    fault.
    """
    table = _table(readings)
    place = None if table is None else table.place("reader")
    if table is None or place is None:
        return []
    return sorted({row[place] for row in table.rows} - {""})


def readers_of(readers: Sized) -> list[str]:
    """Name the readers as classifiers: ``reader_1``, ``reader_2``, ...

    Parameters
    ----------
    readers
        One entry a reader: what they rated, or the perception noise of simulated ones.
    """
    return [f"reader_{number}" for number in range(1, len(readers) + 1)]
