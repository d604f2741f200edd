"""Answers that readers return, checked, and turned back to ratings of nodes."""

import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from nodal_staging import tables
from nodal_staging.classifiers.reader_page.page_folder import DIGITS, KEY, kept_key
from nodal_staging.classifiers.reader_page.reading_plan import (
    ARMS,
    CASE,
    KINDS,
    REPEAT,
    SCALES,
    TRAINING,
)
from nodal_staging.nodes.patch_files import patch_sums
from nodal_staging.study.errors import InputError
from nodal_staging.study.reader_names import LONGEST_NAME
from nodal_staging.tables.columns import (
    count,
    identifier,
    number,
    one_of,
    optional_number,
    optional_text,
    sheet,
    table,
    text,
)
from nodal_staging.tables.rounding import and_more

logger = logging.getLogger(__name__)

_OWN = {
    "kind": one_of(KINDS),
    "position": count(),
    "rating": number(),
    "first_rating": optional_number(),
    "confidence": optional_text(),
    "texture": optional_text(),
    "border": optional_text(),
    "shape": optional_text(),
    "comment": optional_text(),
    "first_ms": number(0),
    "last_ms": number(0),
    "changes": count(),
    "axial_slices": count(),
    "coronal_slices": count(),
    "sagittal_slices": count(),
    "windows": count(),
}

ANSWERS = sheet(
    {
        "reader": identifier(longest=LONGEST_NAME),
        "arm": one_of(ARMS),
        "page": text(),
        "code": text(),
        **_OWN,
    },
    "answers",
    unique=["reader", "arm", "position"],
)
"""What the page exports: one row per case that was read. Times are those in which
somebody looked, to the first answer and in all; slices and windows count different
ones. ``first_rating`` is that before the CNN was shown."""

LOG = table(
    {
        "reader": identifier(longest=LONGEST_NAME),
        "arm": one_of(ARMS),
        "node_id": identifier(),
        "code": text(),
        **_OWN,
        "four_point": number(1, 4),
        "flag": one_of(["ok", "too_fast"]),
        "page": text(),
    },
    unique=["reader", "arm", "position"],
)
"""All readings, also practice cases and repeats, with their nodes. ``four_point`` is
the rating on the scale of the readings; ``too_fast`` marks less than a second."""

TOO_FAST_MS = 1000

FOUR_POINT = {
    "likelihood4": {1: 1, 2: 2, 3: 3, 4: 4},
    "node_rads": {1: 1, 2: 2, 3: 2, 4: 3, 5: 4},
}
"""Ratings on the scale of readings. Node-RADS 3, equivocal, is not likely."""

PERCENT_CUTS = (25, 50, 75)
"""From here on a percentage is unlikely, likely and very likely."""

VERSION = re.compile(rf"[0-9a-f]{{{DIGITS}}}")


class AnswerError(InputError):
    """Answers of a reader cannot be imported."""

    reason = "unusable_answers"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportFiles:
    """Outputs of the import.

    Attributes
    ----------
    readings, aided
        ``tables.READING_SHEET``: answers without the CNN, and after it was shown.
    log
        ``LOG``.
    """

    readings: str | Path
    aided: str | Path
    log: str | Path


def import_readings(
    *,
    answers: Sequence[str | Path],
    kept_keys: str | Path,
    patches: Iterable[str | Path],
    unread: str,
    outputs: ImportFiles,
) -> None:
    """Turn the answers of readers to readings of nodes.

    Parameters
    ----------
    answers
        Files that the page exported (``ANSWERS``).
    kept_keys
        Folder of the keys of all pages of the study.
    patches
        The patch files of all shards, as they are now.
    unread
        ``refuse`` a reader who did not answer all cases, or ``leave_out`` these.
    outputs
        What is written.

    Raises
    ------
    AnswerError
        If answers are not those of a page of this study, are incomplete or changed, or
        if a patch has changed since the page was made.
    """
    sums = patch_sums(patches)
    found: dict[tuple[str, str], str] = {}
    logs = []
    for path in answers:
        frame = _read(path, kept_keys, sums)
        for reader, arm in dict.fromkeys(
            zip(frame["reader"], frame["arm"], strict=True)
        ):
            name = Path(path).name
            if (reader, arm) in found:
                raise AnswerError(
                    f"{name}: answers of reader {reader} ({arm}) are also in "
                    f"{found[reader, arm]}; leave one of the files out"
                )
            found[reader, arm] = name
        _require_complete(frame, path, kept_keys, unread)
        logs.append(frame)
    log = pd.concat(logs, ignore_index=True)[list(LOG.columns)]
    fast = int((log["flag"] == "too_fast").sum())
    if fast:
        logger.warning("%d answers took less than a second (log.tsv, flag)", fast)
    tables.write(log, outputs.log, LOG)
    for path, arm in ((outputs.readings, "unaided"), (outputs.aided, "aided")):
        tables.write(_readings(log[log["arm"] == arm]), path, tables.READING_SHEET)


def _read(
    path: str | Path, kept_keys: str | Path, sums: Mapping[str, str]
) -> pd.DataFrame:
    """Read a file of answers, with the node of each and the flags."""
    name = Path(path).name
    frame = tables.read(path, ANSWERS)
    if frame.empty:
        raise AnswerError(f"{name}: no answers; save them again on the page")
    for column in ANSWERS.columns:
        if column not in frame:
            frame[column] = np.nan
    parts = []
    for page, own in frame.groupby("page", sort=False):
        key = _key(str(page), kept_keys, name)
        parts.append(_joined(own, key, sums, name))
    return pd.concat(parts).sort_index()


def _key(page: str, kept_keys: str | Path, name: str) -> pd.DataFrame:
    """Return the key of a page of this study."""
    path = kept_key(kept_keys, page)
    if not VERSION.fullmatch(page) or not path.is_file():
        raise AnswerError(
            f"{name}, column page: {page[:40]} is no reader page of this study; import "
            "the answers in the study that made the page"
        )
    return tables.read(path, KEY)


def _joined(
    own: pd.DataFrame, key: pd.DataFrame, sums: Mapping[str, str], name: str
) -> pd.DataFrame:
    """Return the answers to one page with node, scale and flag."""
    unknown = ~own["code"].isin(key["code"])
    if unknown.any():
        row = own[unknown].iloc[0]
        raise AnswerError(
            f"{name}, reader {row['reader']}, position {row['position']}: the page has "
            f"no case {row['code']}; do not edit the file, save the answers again"
        )
    renamed = key.rename(columns={"kind": "key_kind"}).drop(columns="page")
    joined = own.reset_index().merge(renamed, on="code").set_index("index")
    _require_unchanged(joined, sums, name)
    _require_kinds(joined, name)
    for column in ("rating", "first_rating"):
        _require_ratings(joined[joined[column].notna()], column, name)
    aided = joined["arm"] == "aided"
    if joined.loc[aided, "first_rating"].isna().any():
        row = joined[aided & joined["first_rating"].isna()].iloc[0]
        raise AnswerError(
            f"{name}, reader {row['reader']}, case {row['code']}: no answer before the "
            "CNN was shown (first_rating); save the answers again"
        )
    return joined.assign(
        four_point=[
            four_point(rating, scale)
            for rating, scale in zip(joined["rating"], joined["scale"], strict=True)
        ],
        flag=np.where(joined["last_ms"] < TOO_FAST_MS, "too_fast", "ok"),
    )


def _require_unchanged(
    joined: pd.DataFrame, sums: Mapping[str, str], name: str
) -> None:
    """Refuse answers to images that are no longer those of the study."""
    for row in joined.itertuples():
        if sums.get(str(row.node_id)) != row.sha256:
            raise AnswerError(
                f"{name}, node {row.node_id}: its patch has changed since the page was "
                "made; restore the exam, or make the page again and have it read again"
            )


def _require_kinds(joined: pd.DataFrame, name: str) -> None:
    """Refuse practice cases that count, and a case that was read twice as the first."""
    practice = joined["key_kind"] == TRAINING
    wrong = practice != (joined["kind"] == TRAINING)
    twice = joined["kind"].eq(CASE) & joined.duplicated(
        ["reader", "arm", "code", "kind"]
    )
    for rows, words in ((wrong, "its kind was changed"), (twice, "it is there twice")):
        if rows.any():
            row = joined[rows].iloc[0]
            raise AnswerError(
                f"{name}, reader {row['reader']}, case {row['code']}: {words}; do not "
                "edit the file, save the answers again"
            )


def _require_ratings(joined: pd.DataFrame, column: str, name: str) -> None:
    """Refuse a rating that the scale of the page does not have."""
    for row in joined.to_dict("records"):
        lowest, highest = SCALES[row["scale"]]
        given = row[column]
        if given != round(given) or not lowest <= given <= highest:
            raise AnswerError(
                f"{name}, reader {row['reader']}, case {row['code']}: expected a "
                f"{column} from {lowest} to {highest}, found {given:g}; do not edit "
                "the file, save the answers again"
            )


def four_point(rating: float, scale: str) -> int:
    """Return a rating of any scale as one from 1 (very unlikely) to 4.

    Examples
    --------
    >>> four_point(3, "node_rads"), four_point(50, "percent"), four_point(4, "percent")
    (2, 3, 1)
    """
    if scale == "percent":
        return 1 + sum(rating >= cut for cut in PERCENT_CUTS)
    return FOUR_POINT[scale][int(rating)]


def _require_complete(
    frame: pd.DataFrame, path: str | Path, kept_keys: str | Path, unread: str
) -> None:
    """Refuse readers who left out cases, or say so."""
    for (reader, arm, page), own in frame.groupby(
        ["reader", "arm", "page"], sort=False
    ):
        key = tables.read(kept_key(kept_keys, str(page)), KEY)
        asked = key.loc[key["kind"] == CASE, "code"]
        read = own.loc[own["kind"] == CASE, "code"]
        missing = asked[~asked.isin(read)]
        if missing.empty:
            continue
        words = (
            f"{Path(path).name}, reader {reader} ({arm}): no answer to case "
            f"{missing.iloc[0]}{and_more(len(missing) - 1)}"
        )
        if unread == "refuse":
            raise AnswerError(
                f"{words}; finish the reading, or set readers.unread to leave_out"
            )
        logger.warning("%s", words)


def _readings(log: pd.DataFrame) -> pd.DataFrame:
    """Return ``tables.READING_SHEET``: the first reading of each test node."""
    first = log[log["kind"] == CASE]
    return pd.DataFrame(
        {
            "reader": first["reader"],
            "node_id": first["node_id"],
            "rating": first["four_point"].astype(int).astype(str),
        }
    ).sort_values(["reader", "node_id"], kind="stable", ignore_index=True)


def repeated(log: pd.DataFrame) -> pd.DataFrame:
    """Pair each repeat with the first reading of its node.

    Parameters
    ----------
    log
        ``LOG``.

    Returns
    -------
    One row per repeat: reader, arm, node_id, and the four-point ratings ``first`` and
    ``second``.
    """
    names = ["reader", "arm", "node_id"]
    first = log[log["kind"] == CASE].set_index(names)["four_point"]
    second = log[log["kind"] == REPEAT].set_index(names)["four_point"]
    pairs = pd.DataFrame({"first": first, "second": second}).dropna()
    return pairs.astype(int).reset_index()
