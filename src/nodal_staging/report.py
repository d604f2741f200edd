"""One offline page that tells the story of a study in the paper's order."""

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
from markupsafe import Markup

from nodal_staging import tables
from nodal_staging.audit.localisation import LOCALISATION
from nodal_staging.classifier_names import printed
from nodal_staging.figures.legend import Illustration
from nodal_staging.files import read_json, write_text
from nodal_staging.report_page import PAGE

CONTENTS = [
    ("cohort", "Cohort"),
    ("figure_1", ""),
    ("figure_2", ""),
    ("datasets", "Datasets and leakage"),
    ("figure_3", ""),
    ("classifiers", "CNNs, readers and forests"),
    ("figure_4", ""),
    ("figure_5", ""),
    ("table_1", "Table 1"),
    ("mcnemar", "McNemar’s tests"),
    ("ceilings", "Ceilings"),
    ("audit", "Audit"),
    ("methods", "How the numbers were made"),
    ("provenance", "Provenance"),
]
"""Anchors and titles of the page; figures bring their own titles."""

VERDICT_WORDS = {
    "both": "reads both the node and its address",
    "the node": "reads the node",
    "its address": "reads its address",
    "cannot be told": "what it reads cannot be told at this size",
}


def write_report(
    *,
    study: str,
    flow: str | Path,
    characteristics: str | Path,
    certificate: str | Path,
    figures: Sequence[str | Path],
    table_1: str | Path,
    mcnemar: str | Path,
    statistics: Sequence[str | Path],
    location: str | Path,
    localisation: str | Path,
    verdict: str | Path,
    ceilings: str | Path | None,
    provenance: str | Path,
    output: str | Path,
) -> None:
    """Write the report, everything inside one file.

    Parameters
    ----------
    study
        Its name.
    flow, characteristics, certificate
        The cohort and the datasets.
    figures
        SVG of each, with its legend inside; the file names say which is which.
    table_1, mcnemar
        HTML fragments.
    statistics
        Of the CNNs.
    location, localisation, verdict, ceilings
        The audit; ``ceilings`` is None unless the cohort is synthetic.
    provenance
        The record.
    output
        The page.
    """
    partitions, rows = _characteristics(characteristics)
    first = read_json(statistics[0])
    compared = None if ceilings is None else tables.read(ceilings, tables.CEILINGS)
    drawn = {one.name: one for one in map(Illustration.read, figures)}
    page = environment().from_string(PAGE)
    text = page.render(
        study=study,
        synthetic=ceilings is not None,
        contents=_contents(drawn, ceilings=ceilings is not None),
        flow=read_json(flow),
        partitions=partitions,
        characteristics=rows,
        certificate=read_json(certificate),
        figures=drawn,
        table_1=Markup(Path(table_1).read_text(encoding="utf-8")),  # noqa: S704
        mcnemar=Markup(Path(mcnemar).read_text(encoding="utf-8")),  # noqa: S704
        first=first,
        bootstrap=first["auc"]["intervals"]["bootstrap"],
        ceilings=None if compared is None else compared.to_dict("records"),
        location=tables.read(location, tables.SITE_MATCHED).to_dict("records"),
        localisation=_on_the_node(localisation),
        verdict=read_json(verdict),
        verdict_words=VERDICT_WORDS,
        provenance=read_json(provenance),
    )
    write_text(output, text)


def _contents(
    figures: Mapping[str, Illustration], *, ceilings: bool
) -> list[tuple[str, str]]:
    """Return anchors and titles, those of figures from the figures."""
    titles = {name: f"{one.label}: {one.legend.title}" for name, one in figures.items()}
    return [
        (anchor, titles.get(anchor, title))
        for anchor, title in CONTENTS
        if ceilings or anchor != "ceilings"
    ]


def environment() -> jinja2.Environment:
    """Return an environment that escapes text and refuses unknown names."""
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    environment.filters["printed"] = printed
    environment.filters["base64"] = _base64
    return environment


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _on_the_node(path: str | Path) -> list[dict[str, Any]]:
    """Return how much of the maps of the first method lies on the node, by CNN."""
    frame = tables.read(path, LOCALISATION)
    first = frame["method"] == frame["method"].iloc[0]
    whole = (frame["group"] == "all") & (frame["region"] == "node")
    rows: list[dict[str, Any]] = frame[first & whole].to_dict("records")
    return rows


def _characteristics(path: str | Path) -> tuple[list[str], list[tuple[str, list[Any]]]]:
    """Turn the long table to rows of characteristics, columns of partitions."""
    frame = tables.read(path, tables.CHARACTERISTICS)
    partitions = list(pd.unique(frame["partition"]))
    wide = frame.pivot_table(
        index="characteristic",
        columns="partition",
        values="value",
        aggfunc="first",
        sort=False,
    ).reindex(columns=partitions, fill_value="-")
    return partitions, [(name, list(cells)) for name, cells in wide.iterrows()]
