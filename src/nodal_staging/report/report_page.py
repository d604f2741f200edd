"""The page: the audit first, then the paper’s order; one file, nothing to fetch."""

from collections.abc import Iterator
from pathlib import Path

from nodal_staging.report.analysis_plan import analysis_plan
from nodal_staging.report.artefacts import Artefacts
from nodal_staging.report.audit import audit, ceilings
from nodal_staging.report.calibration import calibration_grid
from nodal_staging.report.classifiers import classifiers, paper, precision, readers
from nodal_staging.report.cohort import cohort, uptake
from nodal_staging.report.counterfactual import counterfactual
from nodal_staging.report.datasets import datasets, weaknesses
from nodal_staging.report.gallery import gallery
from nodal_staging.report.heatmaps import heatmaps
from nodal_staging.report.illustrations import picture
from nodal_staging.report.methods import methods
from nodal_staging.report.mixes import mixes
from nodal_staging.report.numbering import Numbering
from nodal_staging.report.provenance import provenance
from nodal_staging.report.reference_errors import reference_errors
from nodal_staging.report.refits import refits
from nodal_staging.report.robustness import robustness
from nodal_staging.report.shortcut_matrix import shortcut_matrix
from nodal_staging.report.summary import summary
from nodal_staging.report.terms import meanings, with_terms
from nodal_staging.report.training import training
from nodal_staging.study.files import write_text
from nodal_staging.tables.html_page import render_page
from nodal_staging.tables.page_scripts import REPORT
from nodal_staging.tables.parts import (
    Banner,
    Heading,
    Html,
    Part,
    Section,
    contents,
    in_sections,
    pointer,
)

SYNTHETIC = "Synthetic cohort with known truth."
TERMS = Heading("Terms", "terms")


def write_report(study: Artefacts, *, name: str, output: str | Path) -> None:
    """Write the report.

    Parameters
    ----------
    study
        The files it is written from.
    name
        Of the study.
    output
        The page, everything inside one file.
    """
    write_text(output, page(name, study))


def page(name: str, study: Artefacts) -> str:
    """Return the page as HTML."""
    numbering = Numbering(study)
    opening = numbering.number((_banner(study), *summary(study)))
    parts = numbering.number(tuple(sections(study)))
    text = (*opening, *in_sections(parts), Section(TERMS, (Html(meanings()),)))
    return with_terms(
        render_page(
            f"Recognising PSMA-PET-positive lymph nodes on CT alone: {name}",
            text,
            tab=f"nodal-staging: {name}",
            script=REPORT,
            navigation=contents(text),
        )
    )


def sections(study: Artefacts) -> Iterator[Part]:
    """Yield everything in the paper’s order; what it has not stands at the end."""
    figures = {name: picture(path) for name, path in study.figures.items()}
    yield from cohort(study)
    yield from uptake(study)
    yield figures["uptake"]
    yield figures["figure_1"]
    yield figures["figure_2"]
    yield from datasets(study)
    yield figures["figure_3"]
    yield from weaknesses(study)
    yield from analysis_plan(study)
    yield Heading("CNNs, readers and forests", "classifiers")
    yield figures["figure_4"]
    yield from training(study)
    yield figures["training"]
    yield figures["figure_5"]
    yield from classifiers(study)
    yield from ceilings(study)
    yield from refits(study)
    yield from precision(study)
    yield from reference_errors(study)
    yield from readers(study)
    yield Heading("Heatmaps", "heatmaps")
    yield figures["figure_6"]
    yield figures["figure_7"]
    yield pointer("All test nodes, not two:", "localisation", "Where the heatmaps lie")
    yield from heatmaps(study)
    yield from counterfactual(study)
    yield from audit(study)
    yield from shortcut_matrix(study)
    yield from mixes(study)
    yield from robustness(study)
    yield from paper(study)
    yield Heading("Subgroups, calibration, net benefit", "subgroups_and_use")
    yield figures["subgroups"]
    yield figures["calibration"]
    yield calibration_grid(study)
    yield figures["decision_curves"]
    yield from gallery(study)
    yield from methods(study)
    yield from provenance(study)


def _banner(study: Artefacts) -> Banner:
    warning = "For research use only; not a medical device."
    if not study.synthetic:
        return Banner("", warning)
    return Banner(
        SYNTHETIC, f"No number on this page says anything about patients. {warning}"
    )
