"""The ratings of a reader study in the forms that MRMC software takes.

Readers rate under the modality ``readers``. Each network is a modality of its own, and
its score of a node is repeated for every reader, since it is the same for all: the
design is then fully crossed, and MRMC software compares the modalities with
readers random. Obuchowski and Rockette's analysis of these files with DeLong's
covariance is that of ``random_readers`` with ordinal ratings.

Neither form contains patients: their covariances assume independent nodes.

References
----------
iMRMC: https://github.com/DIDSR/iMRMC. MRMCaov:
https://github.com/brian-j-smith/MRMCaov.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from nodal_staging.statistics.reader_study.ratings import CommonNodes
from nodal_staging.tables.columns import count, number, table, text

READERS = "readers"
TRUTH = "truth"

IMRMC = table(
    {"readerID": text(), "caseID": text(), "modalityID": text(), "score": number()},
    unique=["readerID", "caseID", "modalityID"],
)
"""iMRMC's data frame; rows whose ``readerID`` is truth have the status as score."""

MRMCAOV = table(
    {
        "reader": text(),
        "treatment": text(),
        "case": text(),
        "truth": count(),
        "rating": number(),
    },
    unique=["reader", "treatment", "case"],
)
"""For ``mrmc(empirical_auc(truth, rating), treatment, reader, case, ...)``."""


def imrmc_frame(common: CommonNodes, readers: int) -> pd.DataFrame:
    """Return ``IMRMC``; see ``mrmcaov_frame`` for the parameters."""
    truth = pd.DataFrame(
        {
            "readerID": TRUTH,
            "caseID": common.node_id,
            "modalityID": TRUTH,
            "score": common.positive.astype(float),
        }
    )
    ratings = mrmcaov_frame(common, readers).rename(
        columns={
            "reader": "readerID",
            "case": "caseID",
            "treatment": "modalityID",
            "rating": "score",
        }
    )
    return pd.concat([truth, ratings[list(IMRMC.columns)]], ignore_index=True)


def mrmcaov_frame(common: CommonNodes, readers: int) -> pd.DataFrame:
    """Return ``MRMCAOV``.

    Parameters
    ----------
    common
        Readers first, then networks.
    readers
        How many of them are readers.
    """
    return pd.concat(list(_modalities(common, readers)), ignore_index=True)


def _modalities(common: CommonNodes, readers: int) -> Iterator[pd.DataFrame]:
    """Yield the rows of each reader under each modality."""
    names = common.raters[:readers]
    for place, name in enumerate(names):
        yield _rows(common, name, READERS, place)
    for place in range(readers, len(common.raters)):
        for name in names:
            yield _rows(common, name, common.raters[place], place)


def _rows(common: CommonNodes, reader: str, treatment: str, place: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "reader": reader,
            "treatment": treatment,
            "case": common.node_id,
            "truth": common.positive.astype(np.int64),
            "rating": common.scores[place],
        }
    )
