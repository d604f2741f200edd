"""The page: all sections in the paper’s order, one file that needs nothing else."""

from collections.abc import Iterator
from html import escape
from pathlib import Path

from nodal_staging.figures.legend import Illustration
from nodal_staging.report.artefacts import Artefacts
from nodal_staging.report.audit import audit, ceilings
from nodal_staging.report.classifiers import classifiers
from nodal_staging.report.cohort import cohort, uptake
from nodal_staging.report.datasets import datasets, weaknesses
from nodal_staging.report.gallery import gallery
from nodal_staging.report.heatmaps import heatmaps
from nodal_staging.report.look import STYLE
from nodal_staging.report.paper_tables import paper
from nodal_staging.report.parts import Banner, Heading, Part, contents, pointer, render
from nodal_staging.report.precision import precision
from nodal_staging.report.provenance import methods, provenance
from nodal_staging.report.readers import readers
from nodal_staging.report.summary import summary
from nodal_staging.report.training import training
from nodal_staging.study.files import write_text

SYNTHETIC = "Synthetic cohort with known truth."


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
    parts = list(sections(study))
    links = "\n".join(
        f'<li><a href="#{escape(anchor)}">{escape(title)}</a></li>'
        for anchor, title in contents(parts)
    )
    opening = [_banner(study), *summary(study)]
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>nodal-staging: {escape(name)}</title>",
            f"<style>{STYLE}</style>",
            "</head>",
            "<body>",
            "<h1>Can CT alone tell a PSMA-PET-positive lymph node? "
            f"Study “{escape(name)}”</h1>",
            *map(render, opening),
            f'<nav aria-label="Contents"><ol class="contents">\n{links}\n</ol></nav>',
            "<main>",
            *map(render, parts),
            "</main>",
            "</body>",
            "</html>",
            "",
        ]
    )


def sections(study: Artefacts) -> Iterator[Part]:
    """Yield everything in the paper’s order; what it has not stands at the end."""
    figures = {name: Illustration.read(path) for name, path in study.figures.items()}
    yield from cohort(study)
    yield from uptake(study)
    yield figures["figure_1"]
    yield figures["figure_2"]
    yield from datasets(study)
    yield figures["figure_3"]
    yield from weaknesses(study)
    yield Heading("classifiers", "CNNs, readers and forests")
    yield figures["figure_4"]
    yield from training(study)
    yield figures["figure_5"]
    yield from classifiers(study)
    yield from ceilings(study)
    yield from precision(study)
    yield from readers(study)
    yield Heading("heatmaps", "Heatmaps")
    yield figures["figure_6"]
    yield figures["figure_7"]
    yield pointer("All test nodes, not two:", "localisation", "Where the heatmaps lie")
    yield from heatmaps(study)
    yield from audit(study)
    yield from paper(study)
    yield Heading("subgroups_and_use", "Subgroups, calibration, net benefit")
    yield figures["subgroups"]
    yield figures["calibration"]
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
