"""Finished tables as Markdown, LaTeX and HTML."""

from html.parser import HTMLParser

import pytest

from nodal_staging.tables.grid import Grid, html, latex, markdown

GRID = Grid(
    name="example",
    caption="Nodes & patients, 95 %",
    header=("Classifier", "AUC", "p"),
    groups=(
        (("a|b_c", "0.9 (0.8\u20131.0)", "< 0.0001"),),
        (("<script>", "\u22120.1", "1 \u2265 0"),),
    ),
)


class Cells(HTMLParser):
    """Collect the text of cells."""

    def __init__(self):
        super().__init__()
        self.tags, self.text = [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)

    def handle_data(self, data):
        if data.strip():
            self.text.append(data)


def test_html_holds_every_cell_and_no_markup_of_its_own():
    cells = Cells()
    cells.feed(html(GRID))
    rows = [cell for group in GRID.groups for row in group for cell in row]
    assert cells.text == [GRID.caption, *GRID.header, *rows]
    assert cells.tags.count("tbody") == 2
    assert "script" not in cells.tags
    assert html(GRID).startswith('<table class="results example">')
    assert "style" not in html(GRID)


def test_markdown_parts_groups_and_keeps_columns():
    lines = markdown(GRID).splitlines()
    assert lines[0] == "| Classifier | AUC | p |"
    assert lines[1] == "| :-- | --: | --: |"
    assert lines[2].startswith(r"| a\|b_c |")
    assert lines[3] == "| \u2014 | \u2014 | \u2014 |"
    assert lines[-1] == GRID.caption


def test_latex_escapes_and_draws_rules():
    text = latex(GRID)
    assert r"Nodes \& patients, 95 \%" in text
    assert r"a|b\_c & 0.9 (0.8--1.0) & $<$ 0.0001 \\" in text
    assert r"$<$script$>$ & $-$0.1 & 1 $\geq$ 0 \\" in text
    assert text.count(r"\hline") == 4
    assert r"\begin{tabular}{lrr}" in text


@pytest.mark.parametrize("render", (markdown, latex, html))
def test_an_empty_group_leaves_no_trace(render):
    one = Grid("t", "c", GRID.header, (GRID.groups[0], ()))
    alone = Grid("t", "c", GRID.header, (GRID.groups[0],))
    assert render(one) == render(alone)
