"""One scaffold and one style sheet serve every page, and nothing is fetched."""

import re
from html.parser import HTMLParser

import pandas as pd
import pytest
from browser import Browser
from printed_pages import sheets

from nodal_staging.tables import HISTORY, contract
from nodal_staging.tables.document import Document, write_document, write_grid
from nodal_staging.tables.grid import Grid, lay_out, records_by
from nodal_staging.tables.html_page import render_page
from nodal_staging.tables.page_scripts import REPORT
from nodal_staging.tables.parts import (
    Banner,
    Contents,
    FileLink,
    Folded,
    Heading,
    Html,
    Items,
    NumberedTable,
    Picture,
    Subheading,
    contents,
    html,
    in_sections,
)
from nodal_staging.tables.style_sheet import STYLE, running_heads

GRID = Grid("cells", "Some cells.", ("Row", "Cell"), ((("a", "1"),),))
PICTURE = Picture(
    "roc",
    "Curves & <points>",
    "n < 9.",
    "data:image/png;base64,AA",
    0.5,
    files=(FileLink("SVG", "roc.svg"),),
)
TABLE = NumberedTable("Table S1", "Cells", GRID)
PARTS = (
    Heading("First <b>", "first"),
    Heading("Not listed"),
    Subheading("Below"),
    Banner("Note:", "a & b"),
    Items(("one", "two")),
    Folded("More", (GRID, "Inside.")),
    PICTURE,
    TABLE,
    Html("<hr>"),
    "A paragraph.",
)
VOID = {"meta", "img", "hr"}


class Balanced(HTMLParser):
    """Follow what is open, and collect ids, links and what a browser would load."""

    def __init__(self, text):
        super().__init__()
        self.open, self.ids, self.links, self.loaded = [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.ids += [given["id"]] if "id" in given else []
        self.links += [given["href"]] if tag == "a" else []
        self.loaded += [given["src"]] if "src" in given else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture
def text():
    parts = in_sections(PARTS)
    listed = contents(parts)
    return render_page("Title <i>", parts, script="let a = 1;", navigation=listed)


def test_the_page_is_well_formed_and_its_contents_lead_to_parts(text):
    found = Balanced(text)
    assert found.open == []
    assert found.links == [
        "#text",
        "#first",
        "#roc",
        "#table-cells",
        "roc.svg",
        "roc.svg",
    ]
    assert found.ids == ["text", "first", "roc", "table-cells"]
    assert found.loaded == [PICTURE.source]


def test_words_are_escaped_in_every_part(text):
    assert "<b>" not in text
    assert "<i>" not in text
    assert "<points>" not in text
    assert text.count("Curves &amp; &lt;points&gt;") == 4
    assert "<title>Title &lt;i&gt;</title>" in text


def test_nothing_is_fetched():
    assert not re.search(r"url\(|@import|https?:", render_page("t", PARTS))


def test_screens_may_be_dark_and_paper_never_is():
    assert "color-scheme: light dark" in STYLE
    dark = STYLE.index("prefers-color-scheme: dark")
    assert STYLE[:dark].endswith("@media screen and (")
    for colour in re.findall(r"--(\w[\w-]*):", STYLE[dark : STYLE.index("body {")]):
        assert f"var(--{colour})" in STYLE


def test_columns_of_numbers_are_marked_in_their_titles_too():
    rows = (("a", "1", "1.0 (0.5-1.5)", "x"), ("b", "\u2013", "2.0 (1.5-2.5)", "2"))
    text = html(Grid("cells", "Some.", ("Row", "n", "AUC", "Words"), (rows,)))
    assert re.findall(r'<th scope="col"( class="number")?>', text) == [
        "",
        ' class="number"',
        ' class="number"',
        "",
    ]


def test_sheets_have_the_title_at_their_head_whatever_it_contains():
    heads = running_heads('a "b" \\ </style>')
    assert "</style" not in heads
    assert heads.count('"') == 2
    assert running_heads("demo") in render_page("demo", ())


def test_a_title_of_the_tab_is_optional():
    assert "<title>a</title>" in render_page("a", ())
    assert "<title>b</title>" in render_page("a", (), tab="b")
    assert "<script>" not in render_page("a", ())


def test_contents_list_headings_with_anchors_and_figures():
    expected = (
        ("Sections", (("first", "First <b>"),)),
        ("Figures", (("roc", PICTURE.title),)),
        ("Tables", (("table-cells", "Table S1. Cells"),)),
    )
    assert contents(PARTS) == contents(in_sections(PARTS)) == Contents(expected)


def test_a_figure_takes_its_share_of_the_width():
    assert "max-width:50%" in html(PICTURE)
    assert "<figcaption><strong>Curves &amp; &lt;points&gt;.</strong>" in html(PICTURE)


def test_records_become_rows_under_their_titles():
    frame = pd.DataFrame({"kind": ["b", "a", "b"], "value": [1, 2, 3]})
    grid = lay_out(
        "values",
        "Values.",
        [
            ("Kind", lambda row: row["kind"]),
            ("Twice", lambda row: str(2 * row["value"])),
        ],
        records_by(frame, "kind"),
    )
    assert grid.header == ("Kind", "Twice")
    assert grid.groups == ((("b", "2"), ("b", "6")), (("a", "4"),))


def test_a_document_is_the_same_in_markdown_and_html(tmp_path):
    document = Document("Cells", (Heading("Part"), GRID, "Words."))
    paths = [tmp_path / "cells.md", tmp_path / "cells.html"]
    write_document(document, paths)
    text, page = (path.read_text() for path in paths)
    assert text.startswith("# Cells\n\n## Part\n\n| Row | Cell |")
    assert text.endswith("Words.\n")
    assert Balanced(page).open == []
    for words in ("Part", "Some cells.", "Words."):
        assert words in text
        assert words in page


def test_a_table_is_written_in_the_forms_of_the_suffixes(tmp_path):
    frame = pd.DataFrame(
        {"epoch": [1], "loss": [0.5], "accuracy": [0.5], "held_out_loss": [0.5]}
        | {"held_out_auc": [0.5]}
    )
    paths = [tmp_path / f"history{end}" for end in (".tsv", ".md", ".tex", ".html")]
    write_grid(GRID, paths, title="History", frame=frame, schema=HISTORY)
    assert contract.read(paths[0], HISTORY).equals(contract.check(frame, HISTORY, "h"))
    assert paths[1].read_text().startswith("| Row | Cell |")
    assert paths[2].read_text().startswith(r"\begin{table}")
    page = paths[3].read_text()
    assert page.startswith("<!DOCTYPE html>")
    assert "<h1>History</h1>" in page
    assert '<table class="results cells">' in page


def test_printed_tables_repeat_their_heading_and_keep_their_caption(tmp_path):
    """Long ones, and short ones at every height of the sheet, after scripts ran."""

    def numbered(name: str, rows: int) -> NumberedTable:
        cells = tuple((f"{name}r{row}", "1") for row in range(rows))
        grid = Grid(name, "What it shows.", (f"{name}first", f"{name}last"), (cells,))
        return NumberedTable(f"Caption{name}", "Title", grid)

    short = [numbered(f"s{place}x", 4) for place in range(40)]
    path = tmp_path / "page.html"
    page = render_page("Title", [numbered("long", 200), *short], script=REPORT)
    path.write_text(page, encoding="utf-8")
    with Browser() as browser:
        printed = sheets(browser.open(path).pdf())
    with_rows = [sheet for sheet in printed if "longr" in sheet]
    assert len(with_rows) >= 3
    for sheet in with_rows:
        assert sheet.count("longlast") == 1
    for table in short:
        name = table.grid.name
        (sheet,) = (one for one in printed if f"Caption{name}" in one)
        assert f"{name}last" in sheet
        assert f"{name}r0" in sheet
