"""A published table as it is printed: text, digits and all.

A table separated by tabs, semicolons or commas, one row per classifier; lines that
start with ``#`` are comments. Columns are ``classifier``, ``n_positive``,
``n_negative``, and any of

- ``accuracy``, ``sensitivity``, ``specificity``, ``ppv``, ``npv``, ``f1``, ``auc``;
- ``specificity_at_90`` (or another percentage): the specificity at the highest
  threshold that attains this sensitivity;
- each of them followed by ``@`` and a source, for what is printed elsewhere, for
  example ``auc@text``;
- ``auc_is``: ``counts`` where the AUC is the mean of sensitivity and specificity,
  ``curve`` (or empty) where it belongs to a whole curve, independent of the counts;
- ``threshold``: ``youden`` where it maximises the Youden index of the same nodes;
- ``mean_of``: names of classifiers, separated by ``;``, of which the row is the mean.

Values are shares of one or percentages, distinguished by whether any in the same source
exceeds 1. A number below 1 among percentages is refused unless ``%`` follows it. The
digits printed are the digits that count: ``0.90`` is not ``0.9``.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nodal_staging.study.delimited import read_delimited
from nodal_staging.study.errors import InputError
from nodal_staging.study.normalised_text import plain
from nodal_staging.study.table_text import TableError
from nodal_staging.tables.sheet_cells import (
    UNNAMED,
    missing_columns,
    similar_column,
)

METRICS = ("auc", "accuracy", "sensitivity", "specificity", "ppv", "npv", "f1")
AT_TARGET = re.compile(r"specificity_at_(\d{1,2})")
NUMBER = re.compile(r"(\d{0,9})(?:[.,](\d{0,9}))?\s*(%?)", re.ASCII)
SIZE = re.compile(r"\d{1,9}", re.ASCII)
REQUIRED = ("classifier", "n_positive", "n_negative")
WORDS = {
    "auc_is": ("", "curve", "counts"),
    "threshold": ("", "youden"),
}
MAIN = "table"
"""The source of a column without ``@``."""

MOST_PAIRS = 1_000_000
"""Of true positives and true negatives that are tried for a row."""


class PublishedTableError(InputError):
    """A published table cannot be read."""

    reason = "unusable_published_table"


@dataclass(frozen=True, slots=True)
class Cell:
    """One printed number.

    Attributes
    ----------
    name
        Column, for example ``auc@text``.
    metric, source
        Its parts; the source is ``table`` where none is given.
    text
        As printed.
    printed
        The digits as one integer: 95 for ``0.95``.
    scale
        What a share of one is multiplied with to be compared with ``printed``.
    """

    name: str
    metric: str
    source: str
    text: str
    printed: int
    scale: int

    @property
    def convention(self) -> str:
        """Name the cells that are taken to be rounded alike: AUCs, or shares."""
        return f"{self.source}: {'AUC' if self.metric == 'auc' else 'shares'}"

    @property
    def target(self) -> int | None:
        """Return the sensitivity in percent at which a specificity is given."""
        found = AT_TARGET.fullmatch(self.metric)
        return int(found[1]) if found else None


@dataclass(frozen=True, slots=True)
class PublishedRow:
    """A classifier, its class sizes, and the cells that tell counts.

    ``mean_of`` names the classifiers whose mean the row is; it has no counts itself.
    """

    classifier: str
    n_positive: int
    n_negative: int
    cells: tuple[Cell, ...]
    youden: bool
    mean_of: tuple[str, ...]


def read_published(path: str | Path) -> list[PublishedRow]:
    """Read a published table.

    Raises
    ------
    PublishedTableError
        Naming the file, the row, the column, what was found and the fix.
    """
    path = Path(path)
    records = _records(path)
    percent = _percent_conventions(path, records)
    rows = [_row(path, record, percent) for record in records]
    if not any(row.cells for row in rows):
        raise PublishedTableError(
            f"{path.name}: no printed share determines counts; fill in accuracy or "
            "another share of at least one classifier"
        )
    _require_unique(path, rows)
    _require_members(path, rows)
    return rows


def _records(path: Path) -> list[dict[str, str]]:
    """Return the rows as text, the header checked."""
    try:
        table = read_delimited(path, comment="#", as_shown=True)
    except TableError as error:
        raise PublishedTableError(str(error)) from None
    header = [_column_name(written) for written in table.header]
    missing = [name for name in REQUIRED if name not in header]
    if missing:
        raise PublishedTableError(missing_columns(missing, table.header, path.name))
    for name in header:
        _require_known(path, name, header)
    records = [
        dict(zip(header, map(str.strip, row), strict=True)) for row in table.rows
    ]
    if not records:
        raise PublishedTableError(f"{path.name}: no rows; add one per classifier")
    return records


def _column_name(written: str) -> str:
    """Return the name of a column; only its source keeps its case."""
    metric, at, source = written.partition("@")
    return plain(metric) + at + source.strip()


def _require_known(path: Path, name: str, header: Sequence[str]) -> None:
    """Refuse a column that means nothing here."""
    metric = name.partition("@")[0]
    known = (*REQUIRED, *METRICS, *WORDS, "mean_of")
    if metric in known or AT_TARGET.fullmatch(metric):
        return
    meant = similar_column(metric, [one for one in known if one not in header])
    hint = (
        f"did you mean {meant}? Rename it to {meant}, or remove it; " if meant else ""
    )
    raise PublishedTableError(
        f"{path.name}: unexpected column {name or UNNAMED}; {hint}expected one of "
        f"{', '.join(known)}, specificity_at_<percent>, or a metric with @source"
    )


def _is_metric(name: str) -> bool:
    metric = name.partition("@")[0]
    return metric in METRICS or AT_TARGET.fullmatch(metric) is not None


def _parts(path: Path, record: Mapping[str, str], name: str) -> tuple[int, int, bool]:
    """Return the digits as an integer, how many are decimals, and if ``%`` stands."""
    found = NUMBER.fullmatch(record[name])
    if found is None or not (found[1] or found[2]):
        raise PublishedTableError(
            f"{path.name}, {record['classifier']}, column {name}: expected a number "
            f"as printed, found {record[name]!r}; correct the cell or leave it empty"
        )
    whole, decimals = found[1] or "", found[2] or ""
    return int(whole + decimals), len(decimals), bool(found[3])


def _convention(name: str) -> tuple[str, bool]:
    """Return the source, and whether the column is an AUC."""
    metric, _, source = name.partition("@")
    return source or MAIN, metric == "auc"


def _percent_conventions(
    path: Path, records: Sequence[Mapping[str, str]]
) -> set[tuple[str, bool]]:
    """Find the sources whose values are percentages."""
    percent: dict[tuple[str, bool], str] = {}
    for record in records:
        for name, text in _printed(record):
            digits, decimals, marked = _parts(path, record, name)
            if marked or digits > 10**decimals:
                percent.setdefault(_convention(name), text)
    for record in records:
        _require_percentages(path, record, percent)
    return set(percent)


def _require_percentages(
    path: Path, record: Mapping[str, str], percent: Mapping[tuple[str, bool], str]
) -> None:
    """Refuse shares in a source of percentages, given with one of them as printed."""
    for name, text in _printed(record):
        digits, decimals, marked = _parts(path, record, name)
        example = percent.get(_convention(name))
        if example and not marked and 0 < digits < 10**decimals:
            raise PublishedTableError(
                f"{path.name}, {record['classifier']}, column {name}: shares and "
                f"percentages mixed: found {text!r}, and elsewhere {example!r}; write "
                f"all as shares or all as percentages, and '{text} %' for a "
                "percentage below 1"
            )


def _printed(record: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield name and text of each metric that a row holds."""
    for name, text in record.items():
        if _is_metric(name) and text:
            yield name, text


def _row(
    path: Path, record: Mapping[str, str], percent: set[tuple[str, bool]]
) -> PublishedRow:
    """Build one row; an AUC of a curve is left out."""
    for column, words in WORDS.items():
        if plain(record.get(column, "")) not in words:
            raise PublishedTableError(
                f"{path.name}, {record['classifier']}, column {column}: expected one "
                f"of {', '.join(filter(None, words))}, or nothing, found "
                f"{record[column]!r}; correct the cell"
            )
    cells = [
        _cell(path, record, name, _convention(name) in percent)
        for name, _ in _printed(record)
    ]
    mean_of = tuple(
        name.strip() for name in record.get("mean_of", "").split(";") if name.strip()
    )
    counted = plain(record.get("auc_is", "")) == "counts" or mean_of
    sizes = [_size(path, record, name) for name in ("n_positive", "n_negative")]
    if (sizes[0] + 1) * (sizes[1] + 1) > MOST_PAIRS:
        raise PublishedTableError(
            f"{path.name}, {record['classifier']}: classes of {sizes[0]} and "
            f"{sizes[1]} have more than {MOST_PAIRS:,} pairs of counts; "
            "rounded shares of so many say little, leave the row out"
        )
    return PublishedRow(
        classifier=record["classifier"],
        n_positive=sizes[0],
        n_negative=sizes[1],
        cells=tuple(cell for cell in cells if counted or cell.metric != "auc"),
        youden=plain(record.get("threshold", "")) == "youden",
        mean_of=mean_of,
    )


def _cell(path: Path, record: Mapping[str, str], name: str, percent: bool) -> Cell:
    """Read one number with its digits."""
    printed, decimals, _ = _parts(path, record, name)
    metric, _, source = name.partition("@")
    scale = (100 if percent else 1) * 10**decimals
    if printed > scale:
        raise PublishedTableError(
            f"{path.name}, {record['classifier']}, column {name}: expected a share, "
            f"found {record[name]!r}, which exceeds 100 %; correct the cell"
        )
    return Cell(name, metric, source or MAIN, record[name], printed, scale)


def _size(path: Path, record: Mapping[str, str], name: str) -> int:
    """Read a class size."""
    text = record[name]
    if not SIZE.fullmatch(text) or not int(text):
        raise PublishedTableError(
            f"{path.name}, {record['classifier']}, column {name}: expected the number "
            f"of cases, 1 or more, found {text!r}; correct the cell"
        )
    return int(text)


def _require_unique(path: Path, rows: Sequence[PublishedRow]) -> None:
    """Refuse a name that is empty or stands twice."""
    names = [row.classifier for row in rows]
    for name in names:
        if not name or names.count(name) > 1:
            raise PublishedTableError(
                f"{path.name}: the classifier {name!r} stands in {names.count(name)} "
                "rows; give each row a name of its own"
            )


def _require_members(path: Path, rows: Sequence[PublishedRow]) -> None:
    """Refuse a mean of rows that are not there."""
    known = {row.classifier for row in rows if not row.mean_of}
    for row in rows:
        for name in row.mean_of:
            if name not in known:
                raise PublishedTableError(
                    f"{path.name}, {row.classifier}, column mean_of: there is no row "
                    f"{name!r}; correct the name"
                )
