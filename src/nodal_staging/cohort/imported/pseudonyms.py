"""Pseudonyms of patients and exams, and the private folder that can undo them.

References
----------
RFC 2104 (HMAC); DICOM PS3.15, E.1 (what identifies a patient).
"""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from nodal_staging.study.errors import InputError
from nodal_staging.study.files import write_text
from nodal_staging.tables.columns import identifier, table, text
from nodal_staging.tables.contract import write

DIGITS = 10
SALT_BYTES = 32
LEAST_SALT = 16
"""Characters of a salt that a person brings."""

MAPPING = table(
    {
        "patient_id": identifier(),
        "exam_id": identifier(unique=True),
        "patient": text(),
        "exam": text(),
    }
)
"""Private: pseudonyms, and the identifiers in the collection that they stand for."""


class PrivateFolderError(InputError):
    """The private folder of a study cannot be used."""

    reason = "private_folder"


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """Pseudonyms by a secret; the same secret gives the same ones on any machine."""

    salt: bytes

    def patient(self, identifier: str) -> str:
        """Return the pseudonym of a patient."""
        return f"P{self._digest('patient', identifier)}"

    def exam(self, identifier: str) -> str:
        """Return the pseudonym of an exam."""
        return f"E{self._digest('exam', identifier)}"

    def _digest(self, kind: str, identifier: str) -> str:
        message = f"{kind}\n{identifier}".encode()
        return hmac.new(self.salt, message, hashlib.sha256).hexdigest()[:DIGITS]


def open_private(folder: Path, *, salt: Path | None = None) -> Pseudonyms:
    """Return the pseudonyms of a study, whose secret is made if there is none.

    Parameters
    ----------
    folder
        The private folder; created for its owner alone, and ignored by git.
    salt
        A file with the secret of another study, whose pseudonyms are to be the same.

    Raises
    ------
    PrivateFolderError
        If the secret is missing, too short, or another one than that of the folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    write_text(folder / ".gitignore", "*\n")
    own = folder / "salt.txt"
    given = None if salt is None else _read(salt)
    if not own.exists():
        write_private(own, f"{given or secrets.token_hex(SALT_BYTES)}\n")
    stored = _read(own)
    if given not in (None, stored):
        raise PrivateFolderError(
            "private/salt.txt of the study differs from the salt that is given; "
            "name another study, or leave out --salt"
        )
    return Pseudonyms(stored.encode())


def _read(path: Path) -> str:
    try:
        words = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise PrivateFolderError(
            f"{path.name}: the salt cannot be read; correct the path"
        ) from None
    if len(words) < LEAST_SALT:
        raise PrivateFolderError(
            f"{path.name}: expected a salt of at least {LEAST_SALT} characters, found "
            f"{len(words)}; use the salt.txt of a study"
        )
    return words


def write_private(path: Path, words: str) -> None:
    """Write a text that only its owner may read."""
    write_text(path, words)
    path.chmod(0o600)


def write_mapping(rows: Iterable[dict[str, str]], path: Path) -> None:
    """Write what the pseudonyms stand for (``MAPPING``), for its owner alone."""
    frame = pd.DataFrame(list(rows), columns=list(MAPPING.columns))
    write(frame, path, MAPPING)
    path.chmod(0o600)
