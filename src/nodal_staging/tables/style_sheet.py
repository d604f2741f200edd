"""The style sheet of every page: screen, phone and paper, light and dark."""

STYLE = """
:root { color-scheme: light dark; --paper: #fff; --ink: #1b1b1b; --soft: #444;
  --line: #ddd; --rule: #444; --link: #0058a3; --warning: #fff4ec; --edge: #d55e00;
  --clear: #fff0; --shade: #0005; --shade-end: #0000; --blend: multiply; }
@media screen and (prefers-color-scheme: dark) {
  :root { --paper: #16181b; --ink: #e6e6e6; --soft: #b0b4b8; --line: #3a3e43;
    --rule: #8a8f94; --link: #7cb8f0; --warning: #33261c; --clear: #16181b00;
    --shade: #fff5; --shade-end: #fff0; --blend: normal; }
}
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); margin: 0 auto;
  background: var(--paper); max-width: 74rem; padding: 1rem;
  overflow-wrap: break-word; }
h1 { font-size: 1.6rem; line-height: 1.2; }
h2 { font-size: 1.2rem; margin-top: 2.4rem; }
h3 { font-size: 1rem; margin: 1rem 0 .4rem; }
a { color: var(--link); }
p, li, figcaption { max-width: 52rem; }
.banner { border-left: 6px solid var(--edge); background: var(--warning);
  padding: .7rem 1rem; }
button { font: inherit; color: inherit; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
main:focus { outline: none; }
section > h2 button { background: none; border: 0; cursor: pointer; padding: 0;
  font-weight: inherit; text-align: left; }
section > h2 button::before { content: "\\25be"; display: inline-block; width: 1.1em;
  color: var(--soft); }
section > h2 button[aria-expanded="false"]::before { content: "\\25b8"; }
.term { color: inherit; position: relative;
  text-decoration: underline dotted; text-underline-offset: .2em; }
.term:hover::after, .term:focus-visible::after { content: attr(data-meaning);
  position: absolute; left: 0; top: 1.6em; z-index: 3; width: min(22rem, 70vw);
  padding: .4rem .6rem; background: var(--ink); color: var(--paper);
  font-size: .8rem; font-weight: 400; border-radius: 4px; }
.files { display: flex; flex-wrap: wrap; gap: .2rem .9rem; align-items: baseline;
  font-size: .78rem; margin: .2rem 0 1.2rem; max-width: none; }
.files button, .all button, .tools button, .menu { background: none;
  border: 1px solid var(--line); border-radius: 4px; cursor: pointer;
  padding: .1rem .5rem; }
.skip { position: absolute; left: -100vw; z-index: 5; padding: .5rem 1rem;
  background: var(--paper); }
.skip:focus { left: 0; }

.guided { max-width: none; padding: 0; }
.guided > main { margin-left: 18rem; max-width: 74rem; padding: 1rem 2rem 4rem; }
nav { position: fixed; inset: 0 auto 0 0; width: 16rem; box-sizing: border-box;
  overflow-y: auto; padding: .8rem; border-right: 1px solid var(--line);
  font-size: .82rem; line-height: 1.35; background: var(--paper); }
nav details { border: 0; padding: 0; margin: 0; }
nav summary { font-weight: 700; }
ol.contents { list-style: none; margin: 0; padding: 0; }
ol.contents a { display: block; color: inherit; padding: .16rem .5rem;
  text-decoration: none; border-left: 3px solid transparent; }
ol.contents a:hover { text-decoration: underline; }
ol.contents a[aria-current] { border-color: var(--link); color: var(--link); }
.menu { display: none; }
.all { display: flex; gap: .5rem; margin: .8rem 0 0; }
h2, figure, .table { scroll-margin-top: .8rem; }

.viewer { width: 100vw; height: 100vh; max-width: none; max-height: none; border: 0;
  padding: 0; background: var(--paper); color: var(--ink); }
.viewer[open] { display: flex; flex-direction: column; }
.viewer::backdrop { background: var(--paper); }
.tools { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; margin: 0;
  max-width: none; padding: .5rem 1rem; border-bottom: 1px solid var(--line); }
.tools strong { flex: 1; min-width: 12rem; }
.stage { overflow: auto; flex: 1; }
.stage img { display: block; margin: auto; background: #fff; max-width: none; }

.wide { overflow-x: auto; margin: .6rem 0; max-width: 100%;
  background: linear-gradient(90deg, var(--paper) 40%, var(--clear)) 0 0 / 3rem 100%
      local,
    linear-gradient(270deg, var(--paper) 40%, var(--clear)) 100% 0 / 3rem 100% local,
    linear-gradient(90deg, var(--shade), var(--shade-end)) 0 0 / .8rem 100% scroll,
    linear-gradient(270deg, var(--shade), var(--shade-end)) 100% 0 / .8rem 100% scroll;
  background-repeat: no-repeat; }
table { border-collapse: collapse; font-size: .8rem; }
caption { text-align: left; color: var(--soft); padding: .3rem 0;
  max-width: min(52rem, 100vw - 3rem); }
th, td { padding: .25rem .6rem .25rem 0; text-align: left; vertical-align: top;
  border-bottom: 1px solid var(--line); }
td { font-variant-numeric: tabular-nums; }
td.number { white-space: nowrap; text-align: right; }
th.number { text-align: right; }
.sort { background: none; border: 0; cursor: pointer; font-weight: inherit; padding: 0;
  text-align: inherit; }
.sort:hover { text-decoration: underline; }
th[aria-sort="ascending"] .sort::after { content: "\\a0\\25b4"; }
th[aria-sort="descending"] .sort::after { content: "\\a0\\25be"; }
td:not(.number) { min-width: 5.5rem; }
thead th { border-bottom: 2px solid var(--rule); vertical-align: bottom; }
th[scope="row"] { font-weight: 500; min-width: 7rem; }
tbody + tbody { border-top: 2px solid var(--rule); }
.claims td { min-width: 7rem; } .claims td:nth-child(3) { min-width: 18rem; }
.claims td:nth-child(4) { min-width: 14rem; }
.claims th[scope="row"] { min-width: 12rem; }
.scorecard td:nth-child(4) { min-width: 9rem; }
.scorecard td:last-child { min-width: 16rem; }

figure { margin: 1.4rem 0; }
figure img { width: 100%; height: auto; display: block; mix-blend-mode: var(--blend); }
figcaption { font-size: .88rem; color: var(--soft); }
details { margin: .6rem 0; padding: 0 .8rem; border: 1px solid var(--line);
  border-radius: 4px; }
summary { cursor: pointer; padding: .5rem 0; font-weight: 500; }
pre { font-size: .75rem; line-height: 1.35; margin: 0; }
.cases { display: grid; gap: .8rem;
  grid-template-columns: repeat(auto-fill, minmax(10.5rem, 1fr)); }
.case { margin: 0; } .case figcaption { font-size: .75rem; line-height: 1.35; }
.pairs { grid-template-columns: repeat(auto-fill, minmax(16rem, 1fr)); }
.case svg { width: 100%; display: block; background: #000; }
.pairs .case svg { display: inline-block; width: 49%; margin-right: 1%; }
.case image { image-rendering: pixelated; }
.case path { fill: none; stroke-width: .5; }
.case .outline { stroke: #56b4e9; } .false_negative .outline { stroke: #d55e00; }
.case .bar { stroke: #fff; stroke-width: 1; }

.counts { padding: 0; list-style: none; } .counts label { cursor: pointer; }
article { border-top: 1px solid var(--line); padding: .8rem 0; }
article h2 { font-size: 1.05rem; margin: 0 0 .3rem; } article p { margin: .2rem 0; }
article .facts { color: var(--soft); }
.badge { border-radius: .3rem; color: #fff; font-size: .8rem; margin-left: .5rem;
  padding: .1rem .45rem; vertical-align: .1rem; }
.problem .badge { background: #b3261e; } .excluded .badge { background: #6b6b6b; }
.remark .badge { background: #9a6700; } .ok .badge { background: #1a7f37; }

@media (max-width: 64rem) {
  .guided > main { margin-left: 0; padding: 1rem 1rem 4rem; }
  nav { position: static; width: auto; border-right: 0;
    border-bottom: 1px solid var(--line); }
  nav.scripted { position: sticky; top: 0; z-index: 4; padding: .4rem 1rem;
    max-height: 85vh; }
  nav.scripted:not(.open) > :not(.menu) { display: none; }
  .menu { display: inline-block; }
  h2, figure, .table { scroll-margin-top: 3.4rem; }
}
@media (max-width: 40rem) {
  body { font-size: 15px; }
  figure img { min-width: 42rem; }
  figure > .wide::before { content: "\\2194\\a0\\20 scroll sideways"; position: sticky;
    left: 0; display: inline-block; font-size: .75rem; color: var(--soft); }
  details { padding: 0 .5rem; } details .wide { max-width: calc(100vw - 4rem); }
  details caption { max-width: calc(100vw - 4.5rem); }
}
@media print {
  @page { size: A4; margin: 18mm 14mm; @bottom-right {
      content: "Page " counter(page) " of " counter(pages); font: 8pt sans-serif; } }
  body { max-width: none; font-size: 10pt; padding: 0; }
  h2, h3 { break-after: avoid; }
  nav, .files, .skip, .keys { display: none !important; }
  .guided > main { margin: 0; padding: 0; max-width: none; }
  [hidden="until-found"] { content-visibility: visible; }
  section > h2 button::before { content: none; }
  thead { display: table-header-group; } .sort { display: contents; }
  caption, thead { break-inside: avoid; break-after: avoid; }
  tbody:first-of-type tr:nth-child(-n+3) { break-before: avoid; }
  .term { text-decoration: none; }
  .wide { overflow: visible; background: none; } figure img { mix-blend-mode: normal; }
  table { font-size: 6.5pt; width: 100%; }
  table:has(th:nth-child(9)) { font-size: 5.6pt; }
  td, th, .claims td, .claims th, .scorecard td, th[scope="row"] {
    min-width: 0 !important; white-space: normal; padding: .1rem .3rem .1rem 0;
    overflow-wrap: normal; }
  td.number { white-space: nowrap !important; }
  .provenance td, .sums td, .sums th { overflow-wrap: anywhere !important; }
  figure, tr, .case, article { break-inside: avoid; } figure img { min-width: 0; }
  details { border: 0; padding: 0; }
  details::details-content { content-visibility: visible; display: block; }
  pre { white-space: pre-wrap; font-size: 6.5pt; }
  .cases { grid-template-columns: repeat(5, 1fr); }
}
"""
"""Colours are variables, so that paper keeps the light ones."""


def running_heads(title: str) -> str:
    """Return the rule that prints a title at the head of every sheet."""
    # A style element ends at the first "</style", and a string at its quotation mark.
    words = title.translate({ord(mark): f"\\{ord(mark):x} " for mark in '\\"<\n'})
    return (
        f'@media print {{ @page {{ @top-left {{ content: "{words}"; '
        "font: 8pt sans-serif; } } }\n"
    )
