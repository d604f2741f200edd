"""Dates and times of a scanner's clock; they never leave the process."""

import re
from datetime import datetime, timedelta

YEARS = range(1000, 9000)
"""Far from where arithmetic with dates ends; de-identification moves them widely."""

DAY = re.compile(r"\d{8}", re.ASCII)
TIME = re.compile(r"(\d\d)(?:(\d\d)(?:(\d\d)(?:\.(\d*))?)?)?", re.ASCII)


def moment(value: str | None) -> datetime | None:
    """Parse DICOM DT without its time-zone suffix; None where it is malformed."""
    text = (value or "").split("+")[0].split("-")[0].strip()
    return joined(text[:8], text[8:])


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
