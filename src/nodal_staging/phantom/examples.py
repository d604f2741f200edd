"""A few exams of a synthetic cohort once more, after the others are gone."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from nodal_staging import tables
from nodal_staging.nodes.example_nodes import EXAMPLES
from nodal_staging.phantom.scanner import Scanner
from nodal_staging.phantom.simulation import simulate_exam
from nodal_staging.study.files import replacing_folder
from nodal_staging.study.temporary_folders import seal

PATHS = ["ct", "pet", "segmentation"]


@dataclass(frozen=True, slots=True)
class CohortFiles:
    """Sheets and truth, as ``synthetic_cohort.draw_cohort`` wrote them."""

    exams: str | Path
    nodes: str | Path
    truth: str | Path


def simulate_examples(
    *,
    cohort: CohortFiles,
    chosen: str | Path,
    scanner: Scanner,
    seed: int,
    output_exams: str | Path,
    output_nodes: str | Path,
    output_raw: str | Path,
) -> None:
    """Write a few exams again, as ``simulate_exams`` wrote them.

    Parameters
    ----------
    cohort
        Sheets and truth of the whole cohort.
    chosen
        The nodes whose exams are wanted (``example_nodes.EXAMPLES``).
    scanner, seed
        As for ``simulate_exams``.
    output_exams, output_nodes
        The rows of the sheets that belong to these exams.
    output_raw
        The files that they name, in the folder of the new sheets.
    """
    wanted = set(tables.read(chosen, EXAMPLES)["exam_id"])
    sheet = tables.read(cohort.exams, tables.EXAM_SHEET)
    latents = tables.read(cohort.truth, tables.TRUTH)
    sheet = sheet[sheet["exam_id"].isin(wanted)]
    with replacing_folder(output_raw) as folder:
        for row in sheet.to_dict("records"):
            own = latents[latents["exam_id"] == row["exam_id"]]
            simulate_exam(row, own, scanner, seed, folder)
        seal(folder)
    owned = tables.read(cohort.nodes, tables.NODE_SHEET)
    owned = owned[owned["exam_id"].isin(wanted)]
    name = Path(output_raw).name
    tables.write(_moved(sheet, name), output_exams, tables.EXAM_SHEET)
    tables.write(_moved(owned, name), output_nodes, tables.NODE_SHEET)


def _moved(sheet: pd.DataFrame, folder: str) -> pd.DataFrame:
    """Put a folder before every path of a sheet."""
    own = sheet.columns.intersection(PATHS)
    paths = {name: sheet[name].map(f"{folder}/{{}}".format, "ignore") for name in own}
    return sheet.assign(**paths)
