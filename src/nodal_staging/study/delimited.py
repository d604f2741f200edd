"""Split a table that a person saved into rows and cells.

The one reader of sheets, readings, scores of other classifiers and published tables,
saved as text or as an Excel workbook. The separator of text is that of the header line:
tab, semicolon or comma. Light, since every run reads the sheets before it plans: no
pandas.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from nodal_staging.study.normalised_text import plain
from nodal_staging.study.table_text import TableError, decoded, read_content
from nodal_staging.study.workbook import is_workbook, read_workbook

SEPARATORS = "\t;,"
SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
"""The first line by which some programs state the separator."""


@dataclass(frozen=True, slots=True)
class DelimitedTable:
    """A table as text.

    Attributes
    ----------
    separator
        Between the cells of the file; a tab for a workbook.
    header
        Names of the columns as written, without surrounding blanks; an unnamed
        column has the empty name.
    rows
        The cells of each row, as many as the header has; rows without content are
        left out.
    numbers
        The number of each row as a spreadsheet shows it.
    remarks
        What a person should know of the file, one sentence each.
    """

    separator: str
    header: list[str]
    rows: list[list[str]]
    numbers: list[int]
    remarks: tuple[str, ...] = ()

    def place(self, name: str) -> int | None:
        """Return where a column lies, whatever the case of its name."""
        names = [plain(written) for written in self.header]
        return names.index(name) if name in names else None


def read_delimited(
    path: str | Path,
    *,
    comment: str | None = None,
    sheet: str = "table",
    as_shown: bool = False,
) -> DelimitedTable:
    """Read a table that a person saved.

    Parameters
    ----------
    path
        An Excel workbook (.xlsx), or text with a header, in UTF-8 or with a byte order
        mark. Line ends of any system, quoted cells, empty lines and separators at the
        end of lines are allowed.
    comment
        What starts lines that do not count, for example ``#``.
    sheet, as_shown
        Of a workbook; see ``workbook.read_workbook``.

    Raises
    ------
    TableError
        Naming the file, the row and the fix.
    """
    path = Path(path)
    content = read_content(path)
    remarks: tuple[str, ...] = ()
    if is_workbook(content):
        book = read_workbook(content, path.name, sheet=sheet, as_shown=as_shown)
        split: Iterable[list[str]] = book.rows
        separator, remarks = "\t", book.remarks
        if comment is not None:
            split = [[] if row[0].startswith(comment) else row for row in book.rows]
    else:
        lines = list(io.StringIO(decoded(content, path.name), newline=""))
        if comment is not None:
            lines = ["\n" if line.startswith(comment) else line for line in lines]
        separator = _separator(lines)
        split = _split(lines, separator, path.name)
    header, rows, numbers = _with_header(split, path.name)
    for cells, number in zip(rows, numbers, strict=True):
        if len(cells) != len(header):
            _fit(cells, len(header), separator, f"{path.name}, row {number}")
    return DelimitedTable(separator, header, rows, numbers, remarks)


def _with_header(
    split: Iterable[list[str]], name: str
) -> tuple[list[str], list[list[str]], list[int]]:
    """Return the header, the rows with content and their numbers."""
    rows, numbers = [], []
    for number, cells in enumerate(split, start=1):
        if "".join(cells).strip():
            rows.append(cells)
            numbers.append(number)
    if not rows:
        raise TableError(
            f"{name}: the file has no header; add a line with the names of the columns"
        )
    header = [cell.strip() for cell in rows.pop(0)]
    del numbers[0]
    while header and not header[-1] and not _filled(rows, len(header) - 1):
        header.pop()
    _require_different(header, name)
    return header, rows, numbers


def _separator(lines: list[str]) -> str:
    """Return the separator; a line that only states it becomes empty."""
    stated = SEPARATOR_LINE.fullmatch(lines[0])
    if stated and stated[1] in SEPARATORS:
        lines[0] = "\n"
        return stated[1]
    return separator_of(next(filter(str.strip, lines), ""))


def separator_of(header: str) -> str:
    r"""Choose the separator that cuts a header line into most cells.

    A tab counts before the others, since the name of a column may hold these.

    Examples
    --------
    >>> separator_of("node_id;reader;rating")
    ';'
    """
    cells = {mark: _cells(header.strip(), mark) for mark in SEPARATORS}
    if cells["\t"] > 1:
        return "\t"
    return max(SEPARATORS, key=lambda mark: cells[mark])


def _cells(header: str, mark: str) -> int:
    """Count the cells of a header; reading the rows refuses one that is too long."""
    try:
        return len(next(csv.reader([header], delimiter=mark), []))
    except csv.Error:
        return 1


def _split(lines: list[str], separator: str, name: str) -> Iterator[list[str]]:
    """Yield the rows; a quote that is never closed takes in all that follows."""
    ended: list[bool] = []
    reader = csv.reader(chain(lines, _marking(ended)), delimiter=separator)
    number, read = 0, 0
    try:
        for cells in reader:
            number, read = number + 1, reader.line_num
            if ended:
                raise _unclosed(name, number)
            yield cells
    except csv.Error:
        if '"' in "".join(lines[read : reader.line_num]):
            raise _unclosed(name, number + 1) from None
        raise TableError(
            f"{name}, row {number + 1}: a cell of more than {csv.field_size_limit()} "
            "characters; give the path of the table, or shorten the cell"
        ) from None


def _marking(ended: list[bool]) -> Iterator[str]:
    """Yield nothing, but mark that a line after the last was wanted."""
    ended.append(True)
    yield from ()


def _unclosed(name: str, number: int) -> TableError:
    return TableError(
        f"{name}, row {number}: a quotation mark opens a cell and is never closed; "
        "close or remove it"
    )


def _filled(rows: list[list[str]], place: int) -> bool:
    """Say whether any row has content in a column."""
    return any(len(cells) > place and cells[place].strip() for cells in rows)


def _fit(cells: list[str], width: int, separator: str, where: str) -> None:
    """Give a row as many cells as the header has."""
    if "".join(cells[width:]).strip():
        point = "write decimals with a point, " if separator == "," else ""
        raise TableError(
            f"{where}: {len(cells)} cells, but the header has {width}; {point}put "
            "quotation marks around text that holds the separator, or remove the "
            "surplus cells"
        )
    cells[width:] = [""] * (width - len(cells))


def _require_different(header: list[str], name: str) -> None:
    """Refuse two columns of one name."""
    names = [plain(written) for written in header if written]
    for written in header:
        if written and names.count(plain(written)) > 1:
            raise TableError(
                f"{name}: the column {plain(written)} occurs more than once; keep one "
                "of them"
            )
