"""Dates and times of a scanner's clock; they never leave the process."""

import re
from datetime import datetime, timedelta

YEARS = range(1000, 9000)
"""Far from where arithmetic with dates ends; de-identification moves them widely."""

DAY = re.compile(r"\d{8}", re.ASCII)
OFFSET = re.compile(r"([+-])(\d\d)(\d\d)", re.ASCII)
EARLIEST_ZONE, LATEST_ZONE = timedelta(hours=-12), timedelta(hours=14)
TIME = re.compile(r"(\d\d)(?:(\d\d)(?:(\d\d)(?:\.(\d*))?)?)?", re.ASCII)


def moment(
    value: str | None, scanner_offset: timedelta | None = None
) -> datetime | None:
    """Parse DICOM DT; None where it is malformed.

    Parameters
    ----------
    value
        Date and time, with or without a suffix that states an offset from UTC.
    scanner_offset
        Offset of the scanner's clock from UTC, None where the header is silent.

    Returns
    -------
    On the scanner's clock, if both offsets are known; else as it stands.
    """
    text = (value or "").split("+")[0].split("-")[0].strip()
    whole = joined(text[:8], text[8:])
    offset = suffix_offset(value)
    if whole is None or offset is None or scanner_offset is None:
        return whole
    return whole - offset + scanner_offset


def suffix_offset(value: str | None) -> timedelta | None:
    """Return the offset from UTC at the end of a DT; None where there is none."""
    return utc_offset((value or "").strip()[-5:])


def utc_offset(value: str) -> timedelta | None:
    """Parse an offset from UTC such as +0100; None where it is malformed."""
    found = OFFSET.fullmatch(value.strip())
    if found is None or int(found.group(3)) > 59:
        return None
    size = timedelta(hours=int(found.group(2)), minutes=int(found.group(3)))
    offset = size if found.group(1) == "+" else -size
    return offset if EARLIEST_ZONE <= offset <= LATEST_ZONE else None


def joined(day: str, time: str) -> datetime | None:
    """Join a DA and a TM value; None where one is missing or malformed."""
    of_day = time_of_day(time)
    digits = day.replace(".", "").strip()
    if of_day is None or not DAY.fullmatch(digits):  # strptime would guess
        return None
    try:
        whole = datetime.strptime(digits, "%Y%m%d") + of_day
    except (ValueError, OverflowError):
        return None
    return whole if whole.year in YEARS else None


def time_of_day(value: str) -> timedelta | None:
    """Parse DICOM TM; None where it is malformed."""
    found = TIME.fullmatch(value.replace(":", "").strip())
    if found is None:
        return None
    hours, minutes, seconds = (int(part or 0) for part in found.groups()[:3])
    if hours > 23 or minutes > 59 or seconds > 60:
        return None
    fraction_s = float(f"0.{found.group(4) or 0}")
    return timedelta(hours=hours, minutes=minutes, seconds=seconds) + timedelta(
        seconds=fraction_s
    )
