"""The page: all sections in the paper’s order, one file that needs nothing else."""

from collections.abc import Iterator
from html import escape
from pathlib import Path

from nodal_staging.figures.legend import Illustration
from nodal_staging.report.artefacts import Artefacts
from nodal_staging.report.audit import audit, ceilings
from nodal_staging.report.classifiers import classifiers, paper, precision, readers
from nodal_staging.report.cohort import cohort, uptake
from nodal_staging.report.datasets import datasets, weaknesses
from nodal_staging.report.gallery import gallery
from nodal_staging.report.heatmaps import heatmaps
from nodal_staging.report.parts import Banner, Heading, Part, contents, pointer, render
from nodal_staging.report.provenance import methods, provenance
from nodal_staging.report.summary import summary
from nodal_staging.report.training import training
from nodal_staging.study.files import write_text

STYLE = """
:root { color-scheme: light; }
body { font: 16px/1.5 system-ui, sans-serif; color: #1b1b1b; margin: 0 auto;
       max-width: 74rem; padding: 1rem; overflow-wrap: break-word; }
h1 { font-size: 1.6rem; line-height: 1.2; }
h2 { font-size: 1.2rem; margin-top: 2.4rem; }
h3 { font-size: 1rem; margin: 1rem 0 .4rem; }
.banner { border-left: 6px solid #d55e00; background: #fff4ec; padding: .7rem 1rem; }
.wide { overflow-x: auto; margin: .6rem 0; max-width: 100%;
        background: linear-gradient(90deg, #fff 40%, #fff0) 0 0 / 3rem 100% local,
          linear-gradient(270deg, #fff 40%, #fff0) 100% 0 / 3rem 100% local,
          linear-gradient(90deg, #0005, #0000) 0 0 / .8rem 100% scroll,
          linear-gradient(270deg, #0005, #0000) 100% 0 / .8rem 100% scroll;
        background-repeat: no-repeat; }
.wide img { mix-blend-mode: multiply; }
table { border-collapse: collapse; font-size: .8rem; }
caption { text-align: left; color: #444; padding: .3rem 0;
          max-width: min(52rem, 100vw - 3rem); }
p, li, figcaption { max-width: 52rem; }
th, td { padding: .25rem .6rem .25rem 0; text-align: left; vertical-align: top;
         border-bottom: 1px solid #ddd; }
td { white-space: nowrap; font-variant-numeric: tabular-nums; }
thead th { border-bottom: 2px solid #444; vertical-align: bottom; }
th[scope="row"] { font-weight: 500; min-width: 7rem; }
tbody + tbody { border-top: 2px solid #999; }
.claims td, .scorecard td { white-space: normal; }
.claims td { min-width: 7rem; } .claims td:nth-child(3) { min-width: 18rem; }
.claims td:nth-child(4) { min-width: 14rem; }
.claims th[scope="row"] { min-width: 12rem; }
.scorecard td:nth-child(4) { min-width: 9rem; }
.scorecard td:last-child { min-width: 16rem; }
figure { margin: 1.4rem 0; } figure img { width: 100%; height: auto; display: block; }
figcaption { font-size: .88rem; color: #444; }
details { margin: .6rem 0; padding: 0 .8rem; border: 1px solid #ddd;
          border-radius: 4px; }
summary { cursor: pointer; padding: .5rem 0; font-weight: 500; }
pre { font-size: .75rem; line-height: 1.35; margin: 0; }
ol.contents { columns: 2; font-size: .9rem; padding-left: 1.8rem; }
a { color: #0058a3; }
.cases { display: grid; gap: .8rem;
         grid-template-columns: repeat(auto-fill, minmax(10.5rem, 1fr)); }
.case { margin: 0; } .case figcaption { font-size: .75rem; line-height: 1.35; }
.case svg { width: 100%; display: block; background: #000; }
.case image { image-rendering: pixelated; }
.case path { fill: none; stroke-width: .5; }
.case .outline { stroke: #56b4e9; } .false_negative .outline { stroke: #d55e00; }
.case .bar { stroke: #fff; stroke-width: 1; }
@media (max-width: 40rem) {
  body { font-size: 15px; } ol.contents { columns: 1; }
  figure img { min-width: 42rem; }
  figure > .wide::before { content: "\\2194\\a0\\20 scroll sideways"; position: sticky;
    left: 0; display: inline-block; font-size: .75rem; color: #444; }
  details { padding: 0 .5rem; } details .wide { max-width: calc(100vw - 4rem); }
  details caption { max-width: calc(100vw - 4.5rem); }
}
@media print {
  @page { size: A4; margin: 14mm; }
  body { max-width: none; font-size: 10pt; padding: 0; }
  h2, h3 { break-after: avoid; }
  ol.contents { column-gap: 3rem; }
  .wide { overflow: visible; background: none; } .wide img { mix-blend-mode: normal; }
  table { font-size: 6.5pt; width: 100%; }
  td, th, .claims td, .claims th, .scorecard td, th[scope="row"] {
    min-width: 0 !important; white-space: normal; padding: .1rem .3rem .1rem 0;
    overflow-wrap: normal; }
  td.number { white-space: nowrap !important; }
  .provenance td, .sums td, .sums th { overflow-wrap: anywhere !important; }
  figure, tr, .case { break-inside: avoid; } figure img { min-width: 0; }
  details { border: 0; padding: 0; }
  details::details-content { content-visibility: visible; display: block; }
  pre { white-space: pre-wrap; font-size: 6.5pt; }
  .cases { grid-template-columns: repeat(5, 1fr); }
}
"""
"""Style sheet of the page."""


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
