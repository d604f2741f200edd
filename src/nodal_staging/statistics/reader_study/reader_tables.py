"""The reader study: all tables, the page and the exports."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nodal_staging import tables
from nodal_staging.classifiers.called_nodes import read_called
from nodal_staging.estimates.patient_bootstrap import BootstrapOptions
from nodal_staging.statistics.reader_study.areas import (
    AREAS,
    POINTS,
    describe_areas,
    describe_points,
)
from nodal_staging.statistics.reader_study.contrasts import (
    FIXED,
    RANDOM,
    compare_networks,
)
from nodal_staging.statistics.reader_study.exports import (
    IMRMC,
    MRMCAOV,
    imrmc_frame,
    mrmcaov_frame,
)
from nodal_staging.statistics.reader_study.inter_reader_agreement import (
    AGREEMENT,
    describe_agreement,
)
from nodal_staging.statistics.reader_study.ratings import in_common, read_reader
from nodal_staging.statistics.reader_study.reader_study_page import page
from nodal_staging.study.reader_names import reader_name
from nodal_staging.tables.document import write_document

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ReaderStudyFiles:
    """Outputs of the reader study.

    Attributes
    ----------
    areas, points, agreement, fixed, random, imrmc, mrmcaov
        ``AREAS``, ``POINTS``, ``AGREEMENT``, ``FIXED``, ``RANDOM``, ``IMRMC`` and
        ``MRMCAOV``.
    pages
        In Markdown or HTML.
    """

    areas: str | Path
    points: str | Path
    agreement: str | Path
    fixed: str | Path
    random: str | Path
    imrmc: str | Path
    mrmcaov: str | Path
    pages: Sequence[str | Path]


def study_readers(
    *,
    readers: Mapping[str, str | Path],
    networks: Mapping[str, tuple[str | Path, str | Path]],
    bootstrap: BootstrapOptions,
    outputs: ReaderStudyFiles,
) -> None:
    """Evaluate readers, their agreement, and networks against their mean.

    Parameters
    ----------
    readers
        Classifier to ratings (``tables.SCORES``), at least one.
    networks
        Name to scores, and to the JSON whose threshold calls.
    bootstrap
        Of patients; its level is that of all intervals, its seed that of the study.
    outputs
        Files to write.

    Raises
    ------
    ScoreError
        If the readers have too few nodes in common to be compared.
    """
    level = bootstrap.level
    # The files of the study hold the names of the readers, not their classifiers.
    raters = [read_reader(reader_name(key), path) for key, path in readers.items()]
    machines = [read_called(name, *files) for name, files in networks.items()]
    common = in_common(raters)
    everybody = in_common([*raters, *machines])
    fixed, random = compare_networks(machines, raters, level=level)
    areas = describe_areas(raters, common, level=level)
    points = describe_points(raters, level=level)
    agreement = describe_agreement(raters, bootstrap)
    for path, frame, schema in (
        (outputs.areas, areas, AREAS),
        (outputs.points, points, POINTS),
        (outputs.agreement, agreement, AGREEMENT),
        (outputs.fixed, fixed, FIXED),
        (outputs.random, random, RANDOM),
        (outputs.imrmc, imrmc_frame(everybody, len(raters)), IMRMC),
        (outputs.mrmcaov, mrmcaov_frame(everybody, len(raters)), MRMCAOV),
    ):
        tables.write(frame, path, schema)
    logger.info("%d readers on %s nodes in common", len(raters), common.sizes)
    document = page(
        areas=areas,
        points=points,
        agreement=agreement,
        fixed=fixed,
        random=random,
        level=level,
    )
    write_document(document, outputs.pages)
