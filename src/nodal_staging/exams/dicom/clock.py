"""Dates and times of a scanner's clock; they never leave the process."""

from datetime import datetime, timedelta

YEARS = range(1000, 9000)
"""Far from where arithmetic with dates ends; de-identification moves them widely."""


def moment(value: object) -> datetime | None:
    """Parse DICOM DT without its time-zone suffix; None where it is malformed."""
    text = str(value or "").split("+")[0].split("-")[0].strip()
    return joined(text[:8], text[8:])


def joined(day: object, time: object) -> datetime | None:
    """Join a DA and a TM value; None where one is missing or malformed."""
    of_day = time_of_day(time)
    if not day or of_day is None:
        return None
    digits = str(day).replace(".", "").strip()
    if len(digits) != 8 or not digits.isdecimal():  # strptime would guess
        return None
    try:
        whole = datetime.strptime(digits, "%Y%m%d") + of_day
    except (ValueError, OverflowError):
        return None
    return whole if whole.year in YEARS else None


def time_of_day(value: object) -> timedelta | None:
    """Parse DICOM TM; None where it is malformed."""
    text = str(value or "").replace(":", "").strip()
    whole = text.split(".")[0]
    if len(whole) not in {2, 4, 6} or not whole.isdecimal():
        return None
    whole = whole.ljust(6, "0")
    hours, minutes, seconds = int(whole[:2]), int(whole[2:4]), int(whole[4:6])
    if hours > 23 or minutes > 59 or seconds > 60:
        return None
    return timedelta(hours=hours, minutes=minutes, seconds=seconds) + _fraction(text)


def _fraction(text: str) -> timedelta:
    """Return the fraction of a second behind the point."""
    _, _, digits = text.partition(".")
    return timedelta(seconds=float(f"0.{digits}") if digits.isdecimal() else 0)
