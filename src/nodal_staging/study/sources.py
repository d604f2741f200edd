"""The package as it lies on disk, read once, so that what is asked of it agrees."""

import hashlib
import os
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from nodal_staging.study.source_code import PACKAGE


@dataclass(frozen=True, slots=True)
class Source:
    """Bytes of a module, and the dotted package where its relative imports begin."""

    content: bytes
    home: str


@dataclass(frozen=True, slots=True)
class Sources:
    """Modules by dotted name, and a sum that changes with any byte or name of them.

    It changes with Python too, whose syntax trees differ between versions.
    """

    modules: dict[str, Source]
    digest: str


@cache
def read_sources(root: Path) -> Sources:
    """Read every module of the package below ``root``."""
    modules: dict[str, Source] = {}
    digest = hashlib.sha256(sys.version.encode())
    for path in _files(root / PACKAGE):
        content = path.read_bytes()
        place = path.relative_to(root).with_suffix("").parts
        for part in ("/".join(place).encode(), content):
            digest.update(hashlib.sha256(part).digest())
        name = place[:-1] if path.stem == "__init__" else place
        source = Source(content, ".".join(place[:-1]))
        # Sorted, a package stands before a module of its name, and Python takes it.
        modules.setdefault(".".join(name), source)
    return Sources(modules, digest.hexdigest())


def _files(folder: Path) -> list[Path]:
    """List Python files in order, those of a package before a module of its name."""
    found = os.walk(folder, followlinks=True)
    files = (Path(place, name) for place, _, names in found for name in names)
    # What an editor leaves beside an open file may be a link to nowhere.
    return sorted(path for path in files if path.suffix == ".py" and path.is_file())
