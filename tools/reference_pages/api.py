"""The reference of the package: a page for each folder, in the order of the data."""

import re
from dataclasses import dataclass
from pathlib import Path

from reference_pages.markdown import table

PACKAGE = "nodal_staging"
LISTED = re.compile(r"^\| `(\w+)` \| (.+?) \|$", re.MULTILINE)

INTRODUCTION = f"""\
# The package {PACKAGE}

Made from the docstrings of the package. A folder imports only folders above it
([architecture](/docs/architecture.md)). Arrays are `(z, y, x)`, points `(x, y, z)` in
millimetres, LPS. Names that begin with an underscore are not listed.
"""


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder or module at the top of the package, and what it is for."""

    name: str
    purpose: str


def read_folders(root: Path) -> list[Folder]:
    """Return the folders as the architecture lists them, in the order of imports."""
    page = (root / "docs" / "architecture.md").read_text(encoding="utf-8")
    return [Folder(*found) for found in LISTED.findall(page)]


def api_pages(root: Path) -> dict[str, str]:
    """Return the pages by name: ``index`` and one for each folder."""
    folders = [f for f in read_folders(root) if not f.name.startswith("_")]
    rows = [[f"[`{f.name}`]({f.name}.md)", f.purpose] for f in folders]
    index = INTRODUCTION + "\n" + table(["Folder", "Holds"], rows)
    return {"index": index} | {f.name: _page(f, root) for f in folders}


def modules_of(folder: Folder, root: Path) -> list[str]:
    """Return the dotted names of a folder's modules; packages that hold names too."""
    source = root / "src"
    place = source / PACKAGE / folder.name
    paths = sorted(place.rglob("*.py")) or [place.with_suffix(".py")]
    names = []
    for path in paths:
        if path.stem == "__init__" and not _holds_names(path):
            continue
        parts = path.relative_to(source).with_suffix("").parts
        names.append(".".join(parts).removesuffix(".__init__"))
    return names


def _holds_names(path: Path) -> bool:
    """Tell whether a package is more than a docstring."""
    return len(path.read_text(encoding="utf-8").split('"""')[-1].strip()) > 0


def _page(folder: Folder, root: Path) -> str:
    parts = [f"# {folder.name}", folder.purpose]
    parts += [f"::: {name}" for name in modules_of(folder, root)]
    return "\n\n".join(parts) + "\n"
