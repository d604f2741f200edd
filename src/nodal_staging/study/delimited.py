"""Split a table that a person saved into rows and cells.

The one reader of sheets, readings, scores of other classifiers and published tables.
The separator is that of the header line: tab, semicolon or comma. Light, since every
run reads the sheets before it plans: no pandas.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from nodal_staging.study.table_text import TableError, read_text

SEPARATORS = "\t;,"
SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
"""The first line by which some programs state the separator."""


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of a row, and its number as a spreadsheet shows it."""

    number: int
    cells: list[str]


@dataclass(frozen=True, slots=True)
class DelimitedTable:
    """A table as text.

    Attributes
    ----------
    separator
        Between the cells of the file.
    header
        Names of the columns as written, without surrounding blanks; an unnamed
        column has the empty name.
    rows
        Each with as many cells as the header; rows without content are left out.
    """

    separator: str
    header: list[str]
    rows: list[Row]

    def place(self, name: str) -> int | None:
        """Return where a column lies, whatever the case of its name."""
        names = [plain(written) for written in self.header]
        return names.index(name) if name in names else None


def plain(written: str) -> str:
    """Return a name or word without differences of case and of blanks.

    Examples
    --------
    >>> plain("  Very  UNLIKELY")
    'very unlikely'
    """
    return " ".join(unicodedata.normalize("NFC", written).split()).casefold()


def read_delimited(path: str | Path, *, comment: str | None = None) -> DelimitedTable:
    """Read a table that a person saved.

    Parameters
    ----------
    path
        Text with a header, in UTF-8 or with a byte order mark. Line ends of any
        system, quoted cells, empty lines and separators at the end of lines are
        allowed.
    comment
        What starts lines that do not count, for example ``#``.

    Raises
    ------
    TableError
        Naming the file, the row and the fix.
    """
    path = Path(path)
    separator, records = _records(read_text(path), comment, path.name)
    filled = [row for row in records if any(cell.strip() for cell in row.cells)]
    if not filled:
        raise TableError(
            f"{path.name}: the file has no header; add a line with the names of the "
            "columns"
        )
    header = [cell.strip() for cell in filled[0].cells]
    rows = filled[1:]
    while header and not header[-1] and not _filled(rows, len(header) - 1):
        header.pop()
    _require_different(header, path.name)
    return DelimitedTable(
        separator, header, [_fitted(row, len(header), path.name) for row in rows]
    )


def _records(text: str, comment: str | None, name: str) -> tuple[str, Iterator[Row]]:
    """Return the separator, and the rows with their numbers, empty ones included."""
    lines = list(io.StringIO(text, newline=""))
    if comment is not None:
        lines = ["\n" if line.startswith(comment) else line for line in lines]
    stated = SEPARATOR_LINE.fullmatch(lines[0])
    if stated and stated[1] in SEPARATORS:
        lines[0] = "\n"
        return stated[1], _split(lines, stated[1], name)
    separator = separator_of(next(filter(str.strip, lines), ""))
    return separator, _split(lines, separator, name)


def separator_of(header: str) -> str:
    r"""Choose the separator that cuts a header line into most cells.

    A tab counts before the others, since the name of a column may hold these.

    Examples
    --------
    >>> separator_of("node_id;reader;rating")
    ';'
    """
    cells = {
        mark: len(next(csv.reader([header.strip()], delimiter=mark), []))
        for mark in SEPARATORS
    }
    if cells["\t"] > 1:
        return "\t"
    return max(SEPARATORS, key=lambda mark: cells[mark])


class _Lines:
    """Lines of a table; ``ended`` once a reader asks for one after the last."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = iter(lines)
        self.ended = False

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = next(self._lines, None)
        if line is None:
            self.ended = True
            raise StopIteration
        return line


def _split(lines: list[str], separator: str, name: str) -> Iterator[Row]:
    """Yield the rows; a quote that is never closed takes in all that follows."""
    source = _Lines(lines)
    reader = csv.reader(source, delimiter=separator)
    number = 0
    while True:
        number += 1
        try:
            cells = next(reader, None)
        except csv.Error:
            raise _unclosed(name, number) from None
        if cells is None:
            return
        if source.ended:
            raise _unclosed(name, number)
        yield Row(number, cells)


def _unclosed(name: str, number: int) -> TableError:
    return TableError(
        f"{name}, row {number}: a quotation mark opens a cell and is never closed; "
        "close or remove it"
    )


def _filled(rows: list[Row], place: int) -> bool:
    """Say whether any row has content in a column."""
    return any(len(row.cells) > place and row.cells[place].strip() for row in rows)


def _fitted(row: Row, width: int, name: str) -> Row:
    """Give a row as many cells as the header has."""
    if any(cell.strip() for cell in row.cells[width:]):
        raise TableError(
            f"{name}, row {row.number}: {len(row.cells)} cells, but the header has "
            f"{width}; put quotation marks around a cell that holds the separator, or "
            "remove the surplus cells"
        )
    cells = row.cells[:width]
    return Row(row.number, cells + [""] * (width - len(cells)))


def _require_different(header: list[str], name: str) -> None:
    """Refuse two columns of one name."""
    names = [plain(written) for written in header if written]
    for written in header:
        if written and names.count(plain(written)) > 1:
            raise TableError(
                f"{name}: the column {plain(written)} occurs more than once; keep one "
                "of them"
            )
