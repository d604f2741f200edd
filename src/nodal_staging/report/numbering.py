"""Numbers, titles and files for the tables and figures of the report.

Figures 1 to 7 and Table 1 have the numbers of the paper. What the paper does not have
is numbered as in a supplement: Figure S1, Table S1, in the order of the page.
"""

import os
from collections.abc import Iterator, Mapping
from itertools import count
from operator import attrgetter
from pathlib import Path

from nodal_staging.report.artefacts import Artefacts, File
from nodal_staging.report.figure_register import FIGURES
from nodal_staging.report.table_register import TABLES
from nodal_staging.tables.grid import Grid
from nodal_staging.tables.parts import (
    FileLink,
    Folded,
    NumberedTable,
    Part,
    Picture,
)

OF_THE_PAPER = "Figure "
FORMATS = ("svg", "pdf")
MOST_LINKS = 4
"""Files of more classifiers are linked by their folder."""


class Numbering:
    """Numbers what it is given, in turn."""

    def __init__(self, study: Artefacts) -> None:
        self._study = study
        self._figures, self._tables = count(1), count(1)

    def number(self, parts: tuple[Part, ...]) -> tuple[Part, ...]:
        """Return the parts with numbers for tables and figures, folded ones too."""
        return tuple(map(self._numbered, parts))

    def _numbered(self, part: Part) -> Part:
        match part:
            case Grid():
                return self._table(part)
            case Picture():
                return self._figure(part)
            case Folded(summary, inside):
                return Folded(summary, self.number(inside))
        return part

    def _table(self, grid: Grid) -> NumberedTable:
        label = "Table 1" if grid.name == "table_1" else f"Table S{next(self._tables)}"
        first, _, rest = grid.caption.partition(". ")
        title, names = TABLES.get(grid.name, (first.removesuffix("."), ()))
        if first.removesuffix(".") == title:
            grid = Grid(grid.name, rest, grid.header, grid.groups)
        return NumberedTable(label, title, grid, tuple(self._links(names)))

    def _figure(self, drawn: Picture) -> Picture:
        title = drawn.title
        if not title.startswith(OF_THE_PAPER):
            title = f"Figure S{next(self._figures)}. {title}"
        alt, names = FIGURES.get(drawn.name, ("", ()))
        path = Path(self._study.figures[drawn.name])
        formats = (
            self._link(path.with_suffix(f".{kind}"), kind.upper()) for kind in FORMATS
        )
        files = (*formats, *self._links(names))
        return Picture(
            drawn.name, title, drawn.caption, drawn.source, drawn.width, alt, files
        )

    def _links(self, names: tuple[str, ...]) -> Iterator[FileLink]:
        """Yield links to the files of some attributes of the study."""
        for name in names:
            match attrgetter(name)(self._study):
                case None:
                    continue
                case Mapping() as found:
                    yield from self._of_each(found)
                case path:
                    yield self._link(Path(path), Path(path).name)

    def _of_each(self, found: Mapping[str, File | list[File]]) -> Iterator[FileLink]:
        """Yield a link to the file of each classifier, or to the folder of many."""
        paths = {
            key: Path(one[0] if isinstance(one, list) else one)
            for key, one in found.items()
        }
        if len(paths) > MOST_LINKS:
            folder = next(iter(paths.values())).parent
            yield self._link(folder, f"{folder.name}/ ({len(paths)} files)")
            return
        for key, path in paths.items():
            words = path.name if key in path.stem else f"{key}/{path.name}"
            yield self._link(path, words)

    def _link(self, path: Path, words: str) -> FileLink:
        place = os.path.relpath(path, Path(self._study.provenance).parent)
        return FileLink(words, Path(place).as_posix())
