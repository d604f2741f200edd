"""Who was screened, who was included, and what they are like."""

from pathlib import Path

import pandas as pd

from nodal_staging import tables
from nodal_staging.files import read_json
from nodal_staging.grid import Grid
from nodal_staging.report.artefacts import Artefacts
from nodal_staging.report.parts import Heading, Part

UNUSABLE = "the exam cannot be used; cohort/exams.tsv says why"


def cohort(study: Artefacts) -> list[Part]:
    """Return the parts of the section."""
    flow = read_json(study.flow)
    screened, included = flow["screened"], flow["included"]
    reasons = tuple(
        (reason, flow["criteria"].get(reason, UNUSABLE), str(count))
        for reason, count in sorted(flow["excluded_exams"].items())
    )
    return [
        Heading("cohort", "Cohort"),
        f"{screened['patients']:,} patients with {screened['exams']:,} exams were "
        f"screened; {included['patients']:,} patients were included. Each excluded "
        "exam is counted under the first criterion that it failed.",
        Grid("excluded", "Exams excluded.", ("Reason", "Meaning", "Exams"), (reasons,)),
        characteristics(study.characteristics),
    ]


def characteristics(path: str | Path) -> Grid:
    """Turn the long table to rows of characteristics, columns of partitions."""
    frame = tables.read(path, tables.CHARACTERISTICS)
    partitions = list(pd.unique(frame["partition"]))
    wide = frame.pivot_table(
        index="characteristic",
        columns="partition",
        values="value",
        aggfunc="first",
        sort=False,
    ).reindex(columns=partitions)
    rows = tuple(
        (str(name), *cells.fillna("-").astype(str)) for name, cells in wide.iterrows()
    )
    return Grid(
        "characteristics",
        "Characteristics: mean ± standard deviation [range] or median [quartiles].",
        ("", *(name.replace("_", " ") for name in partitions)),
        (rows,),
    )
