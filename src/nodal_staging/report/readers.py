"""The reader study: agreement, operating points, and the CNNs less the readers."""

from collections.abc import Iterator

from nodal_staging import tables
from nodal_staging.figures.legend import Illustration
from nodal_staging.report.artefacts import Artefacts, ReaderStudy
from nodal_staging.report.intervals import intervals
from nodal_staging.report.parts import Heading, Part, subheading
from nodal_staging.statistics.reader_study.areas import AREAS, POINTS
from nodal_staging.statistics.reader_study.contrasts import FIXED, RANDOM
from nodal_staging.statistics.reader_study.kappa import AGREEMENT
from nodal_staging.statistics.reader_study.page import page
from nodal_staging.tables import document


def readers(study: Artefacts) -> Iterator[Part]:
    """Yield the parts of the section; nothing if nobody read."""
    if study.readers is None:
        return
    yield Heading("reader_study", "Reader study")
    yield Illustration.read(study.figures["readers"])
    for part in _tables(study.readers, intervals(study).share):
        yield subheading(part.text) if isinstance(part, document.Heading) else part


def _tables(files: ReaderStudy, level: float) -> tuple[document.Part, ...]:
    """Lay out the tables as those of the reader study’s own page."""
    return page(
        areas=tables.read(files.areas, AREAS),
        points=tables.read(files.points, POINTS),
        agreement=tables.read(files.agreement, AGREEMENT),
        fixed=tables.read(files.fixed, FIXED),
        random=tables.read(files.random, RANDOM),
        level=level,
    ).parts
