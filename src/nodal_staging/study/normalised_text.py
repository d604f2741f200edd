"""Names and words of sheets, normalised for comparison."""

import unicodedata


def plain(written: str) -> str:
    """Return a name or word without differences of case and of blanks.

    Examples
    --------
    >>> plain("  Very  UNLIKELY")
    'very unlikely'
    """
    return " ".join(unicodedata.normalize("NFC", written).split()).casefold()
