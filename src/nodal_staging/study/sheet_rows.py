"""The rows of the sheets that a job depends on; light, since every run starts here.

A sheet is one file for the whole cohort. Jobs depend on a sum over their own rows
instead of on the file, so that a new exam affects its shard alone, and a new reader
only the comparisons with readers.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Sized
from pathlib import Path

from nodal_staging.study.delimited import DelimitedTable, read_delimited
from nodal_staging.study.memory import remembered, sum_of
from nodal_staging.study.reader_names import LONGEST_NAME, PREFIX, reader_key
from nodal_staging.study.shards import AUTOMATIC, item, number_of_shards, shard_of
from nodal_staging.study.sheet_identifiers import fault_of, identifier, natural_order
from nodal_staging.study.table_text import TableError

EXAMS, READINGS = "exams", "readings"
"""Sheets of a workbook that hold the exams and the ratings."""


def rows_by_shard(
    sheets: Mapping[str, str | Path],
    n_shards: int | str,
    memory: str | Path | None = None,
) -> dict[str, str]:
    """Return a sum over the rows of the patients of each shard.

    Parameters
    ----------
    sheets
        Tables with a column patient_id by name (exams, nodes); those that do not
        exist yet are left out.
    n_shards
        Number of shards of the cohort, or ``shards.AUTOMATIC``: it follows from the
        number of patients of the sheet of exams.
    memory
        A file that keeps the sums until a sheet changes; reading its bytes takes a
        tenth of the time of reading its rows.

    Returns
    -------
    16 hexadecimal digits by name of the shard (``3-of-8``), for every shard.
    """
    return remembered(
        memory,
        lambda: [str(n_shards), *map(sum_of, sheets.values())],
        lambda: _sum_by_shard(sheets, n_shards),
    )


def _sum_by_shard(sheets: Mapping[str, str | Path], given: int | str) -> dict[str, str]:
    patients = _count_patients(sheets.get(EXAMS)) if given == AUTOMATIC else 0
    n_shards = number_of_shards(given, patients)
    sums = {item(n + 1, n_shards): hashlib.sha256() for n in range(n_shards)}
    shards: dict[str, str] = {}
    for name, sheet in sheets.items():
        for patient, row in _rows(sheet, name, "patient_id"):
            if patient is None:
                for total in sums.values():
                    total.update(row)
                continue
            if patient not in shards:
                shards[patient] = item(shard_of(patient, n_shards), n_shards)
            sums[shards[patient]].update(row)
    return {name: total.hexdigest()[:16] for name, total in sums.items()}


def _count_patients(exams: str | Path | None) -> int:
    if exams is None:
        return 0
    patients = {patient for patient, _ in _rows(exams, EXAMS, "patient_id")}
    return len(patients - {None})


def rows_by_reader(
    readings: str | Path | None, memory: str | Path | None = None
) -> dict[str, str]:
    """Return a sum over the ratings of each reader.

    Parameters
    ----------
    readings
        Table with a column reader; None if there is none.
    memory
        As for :func:`rows_by_shard`.

    Returns
    -------
    16 hexadecimal digits by classifier (``reader_names.reader_key``), in natural order
    of the names (R2 before R10). A sheet without a reader column has no readers, and a
    name that the check of the sheets refuses is left out.
    """
    if readings is None:
        return {}
    return remembered(
        memory, lambda: [sum_of(readings)], lambda: _sum_by_reader(readings)
    )


def _sum_by_reader(readings: str | Path) -> dict[str, str]:
    sums: defaultdict[str, hashlib._Hash] = defaultdict(hashlib.sha256)
    for reader, row in _rows(readings, READINGS, "reader"):
        if reader and not fault_of(reader, longest=LONGEST_NAME):
            sums[reader].update(row)
    readers = sorted(sums, key=natural_order)
    return {reader_key(one): sums[one].hexdigest()[:16] for one in readers}


def whole_sheets(sheets: Sequence[str | Path | None]) -> list[str]:
    """Return a sum over the bytes of each sheet, whatever its date."""
    return [sum_of(sheet) for sheet in sheets if sheet]


def _rows(sheet: str | Path, name: str, key: str) -> Iterator[tuple[str | None, bytes]]:
    """Yield the key of each row and the row with its header, as bytes.

    Everything may depend on a row without the key, and on a sheet that cannot be
    split into rows; the check of the sheets names the fault.
    """
    if not Path(sheet).is_file():
        return
    table = _table(sheet, name)
    if table is None:
        yield None, Path(sheet).read_bytes()
        return
    place = table.place(key)
    form = hashlib.sha256(repr(table.header).encode()).digest()
    for row in table.rows:
        # Cells and rows stay apart: no cell holds these marks.
        cells = form + "\x1f".join(row).encode() + b"\x1e"
        yield (None if place is None else identifier(row[place])), cells


def _table(sheet: str | Path, name: str) -> DelimitedTable | None:
    """Read a sheet, or return None where the check of the sheets will refuse it."""
    try:
        return read_delimited(sheet, sheet=name)
    except TableError:
        return None


def synthetic_readers(noise: Sized) -> list[str]:
    """Name simulated readers: ``reader_1``, ``reader_2``, ..., one for each entry."""
    return [f"{PREFIX}{number}" for number in range(1, len(noise) + 1)]
