"""The reader study: all tables, the page and the exports."""

import logging
from collections.abc import Sequence
from pathlib import Path

from nodal_staging import tables
from nodal_staging.statistics.reader_study.areas import (
    AREAS,
    POINTS,
    describe_areas,
    describe_points,
)
from nodal_staging.statistics.reader_study.calls import (
    in_common,
    read_network,
    read_reader,
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
from nodal_staging.statistics.reader_study.kappa import AGREEMENT, describe_agreement
from nodal_staging.statistics.reader_study.page import page
from nodal_staging.tables.document import write_document

logger = logging.getLogger(__name__)


def study_readers(
    *,
    readers: Sequence[str],
    ratings: Sequence[str | Path],
    networks: Sequence[str],
    scores: Sequence[str | Path],
    statistics: Sequence[str | Path],
    confidence_level: float,
    replicates: int,
    seed: int,
    areas: str | Path,
    points: str | Path,
    agreement: str | Path,
    fixed: str | Path,
    random: str | Path,
    imrmc: str | Path,
    mrmcaov: str | Path,
    pages: Sequence[str | Path],
) -> None:
    """Evaluate readers, their agreement, and networks against their mean.

    Parameters
    ----------
    readers, ratings
        Names, at least one, and their ``tables.SCORES`` in the same order.
    networks, scores, statistics
        Names, their scores, and their JSON, whose threshold calls.
    confidence_level, replicates, seed
        Of all intervals; of the bootstrap of patients.
    areas, points, agreement, fixed, random, imrmc, mrmcaov
        Outputs: ``AREAS``, ``POINTS``, ``AGREEMENT``, ``FIXED``, ``RANDOM``,
        ``IMRMC`` and ``MRMCAOV``.
    pages
        Outputs in Markdown or HTML.

    Raises
    ------
    ScoreError
        If the readers have too few nodes in common to be compared.
    """
    raters = [read_reader(*one) for one in zip(readers, ratings, strict=True)]
    machines = [
        read_network(*one) for one in zip(networks, scores, statistics, strict=True)
    ]
    common = in_common(raters)
    everybody = in_common([*raters, *machines])
    by_file = {
        areas: (describe_areas(raters, common, level=confidence_level), AREAS),
        points: (describe_points(raters, level=confidence_level), POINTS),
        agreement: (
            describe_agreement(
                raters, level=confidence_level, replicates=replicates, seed=seed
            ),
            AGREEMENT,
        ),
        imrmc: (imrmc_frame(everybody, len(raters)), IMRMC),
        mrmcaov: (mrmcaov_frame(everybody, len(raters)), MRMCAOV),
    }
    contrasts = compare_networks(machines, raters, level=confidence_level)
    by_file[fixed] = (contrasts[0], FIXED)
    by_file[random] = (contrasts[1], RANDOM)
    for path, (frame, schema) in by_file.items():
        tables.write(frame, path, schema)
    logger.info("%d readers on %s nodes in common", len(raters), common.sizes)
    document = page(
        areas=by_file[areas][0],
        points=by_file[points][0],
        agreement=by_file[agreement][0],
        fixed=contrasts[0],
        random=contrasts[1],
        level=confidence_level,
    )
    write_document(document, pages)
