"""The cells of an Excel workbook (.xlsx), as the same table saved as text has them."""

import datetime
import io
import re
import warnings
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from nodal_staging.study.normalised_text import plain
from nodal_staging.study.table_text import TableError

MOST_BYTES = 300_000_000
"""Of an unpacked workbook; more is no table of a cohort."""
EXACT_DIGITS = 15
"""Digits of a number that a spreadsheet keeps."""

PADDED = re.compile(r"0{2,}")
"""The number format of a number with leading zeros, as ``007``."""
DECIMALS = re.compile(r"0(?:\.(0+))?(%?)")
"""The number format of a printed share, as ``0.00`` or ``0.0%``."""
PLAIN_FORMATS = ("General", "@")

READABLE = "xl/workbook.xml"
SAVE_AGAIN = "open it in a spreadsheet and save it as Excel workbook (.xlsx)"


@dataclass(frozen=True, slots=True)
class WorkbookTable:
    """The cells of one sheet of a workbook as text.

    Attributes
    ----------
    rows
        Cells of every row from the first.
    remarks
        What a reader of the workbook may not see, one sentence each.
    """

    rows: list[list[str]]
    remarks: tuple[str, ...]


def is_workbook(content: bytes) -> bool:
    """Say whether a file is an Excel workbook that can be read."""
    if not content.startswith(b"PK\x03\x04"):
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return READABLE in archive.namelist()
    except zipfile.BadZipFile:
        return False


def read_workbook(
    content: bytes, name: str, *, sheet: str, as_shown: bool = False
) -> WorkbookTable:
    """Read one sheet of a workbook.

    Parameters
    ----------
    content
        Bytes of the file.
    name
        Of the file, for messages.
    sheet
        Which sheet is read where several have content, in any case.
    as_shown
        Give numbers the decimals that their format shows; by default they have all
        that are stored.

    Raises
    ------
    TableError
        Naming the file, the cell and the fix.
    """
    _require_size(content, name)
    values = _load(content, name, data_only=True)
    chosen = _choose(values, sheet, name)
    formulas = _load(content, name, data_only=False)[chosen.title]
    for merged in sorted(map(str, chosen.merged_cells.ranges)):
        raise TableError(
            f"{name}, cells {merged}: the cells are merged; unmerge them, and fill in "
            "each of them"
        )
    rows = [
        [_text(cell, formulas, name, as_shown) for cell in row]
        for row in chosen.iter_rows(min_row=1, min_col=1)
    ]
    remarks = list(_hidden(chosen, rows))
    others = sum(1 for other in values.worksheets if _filled(other)) - 1
    if others > 0:
        remarks.append(f"of {others + 1} sheets with content, only {sheet} is read")
    return WorkbookTable(rows, tuple(remarks))


def _require_size(content: bytes, name: str) -> None:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        size = sum(entry.file_size for entry in archive.infolist())
    if size > MOST_BYTES:
        raise TableError(
            f"{name}: the workbook holds {size / 1e6:.0f} MB, expected at most "
            f"{MOST_BYTES / 1e6:.0f} MB; copy the table alone to a new workbook"
        )


def _load(content: bytes, name: str, *, data_only: bool) -> Any:
    """Open a workbook: with the results of formulas, or with the formulas."""
    # Few studies have workbooks, and every run reads the sheets before it plans.
    from openpyxl import load_workbook  # noqa: PLC0415

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = load_workbook(io.BytesIO(content), data_only=data_only)
    # A damaged workbook fails in many ways, all of which have the same fix.
    except Exception:
        book = None
    if book is None or not book.worksheets:
        raise TableError(
            f"{name}: the workbook is damaged, or of a kind that cannot be read; "
            f"{SAVE_AGAIN}"
        )
    return book


def _choose(book: Any, wanted: str, name: str) -> Any:
    """Return the only sheet with content, or the one of the wanted name."""
    filled = [sheet for sheet in book.worksheets if _filled(sheet)]
    if not filled:
        raise TableError(
            f"{name}: no sheet of the workbook has content; add a header with the "
            "names of the columns, and one row below it for each entry"
        )
    if len(filled) == 1:
        return filled[0]
    named = [sheet for sheet in filled if plain(sheet.title) == wanted]
    if not named:
        raise TableError(
            f"{name}: {len(filled)} sheets of the workbook have content, and none is "
            f"named {wanted}; rename the sheet that is meant to {wanted}, or delete "
            "the others"
        )
    return named[0]


def _filled(sheet: Any) -> bool:
    return any(
        value is not None and str(value).strip()
        for row in sheet.iter_rows(values_only=True)
        for value in row
    )


def _hidden(sheet: Any, rows: list[list[str]]) -> Iterator[str]:
    """Yield remarks on rows and columns with content that are hidden."""
    hidden = [
        number
        for number, cells in enumerate(rows, start=1)
        if sheet.row_dimensions[number].hidden and "".join(cells).strip()
    ]
    if hidden:
        yield (
            f"{len(hidden)} hidden rows (the first is row {hidden[0]}) are read; "
            "delete rows that do not count"
        )
    columns = [key for key, size in sheet.column_dimensions.items() if size.hidden]
    if columns:
        yield f"hidden columns (the first is column {columns[0]}) are read"


def _text(cell: Any, formulas: Any, name: str, as_shown: bool) -> str:
    """Return a cell as a table saved as text holds it."""
    where = f"{name}, cell {cell.coordinate}"
    value = cell.value
    if value is None:
        # A formula whose result is empty text has the type "str".
        if formulas[cell.coordinate].data_type == "f" and cell.data_type != "str":
            raise TableError(
                f"{where}: a formula without a stored result; open the workbook in a "
                "spreadsheet and save it, or replace the formula by its value"
            )
        return ""
    if cell.data_type == "e":
        raise TableError(
            f"{where}: the error value {value}; correct its formula, or empty the cell"
        )
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | float):
        return _number(value, cell.number_format, where, as_shown)
    if isinstance(value, datetime.datetime):
        midnight = value.time() == datetime.time()
        return value.date().isoformat() if midnight else value.isoformat(" ")
    return str(value)


def _number(value: int | float, form: str, where: str, as_shown: bool) -> str:
    """Return a number as a spreadsheet shows it; see ``read_workbook``."""
    whole = value == int(value)
    if whole and abs(value) >= 10**EXACT_DIGITS:
        raise TableError(
            f"{where}: a number of more than {EXACT_DIGITS} digits, of which a "
            "spreadsheet loses the last; format the cell as text and enter it again"
        )
    if whole and PADDED.fullmatch(form):
        return f"{int(value):0{len(form)}d}"
    if as_shown and form not in PLAIN_FORMATS:
        shown = DECIMALS.fullmatch(form)
        if shown is None:
            raise TableError(
                f"{where}: a number whose format does not state its decimals plainly; "
                "format the cell as text and enter the number as printed"
            )
        decimals, percent = len(shown[1] or ""), shown[2]
        exact = Decimal(repr(value)) * (100 if percent else 1)
        rounded = exact.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
        return f"{rounded:f}{percent}"
    return str(int(value)) if whole else f"{value:.{EXACT_DIGITS}g}"
