"""A figure carries its legend, and the page shows what the figure says."""

import base64
import re

import pytest

from nodal_staging.figures import style
from nodal_staging.figures.legend import Illustration, Legend
from nodal_staging.report.illustrations import picture
from nodal_staging.tables.parts import html

LEGEND = Legend(
    "Nodes & volumes", 'Median < 3,000 mm³ of "both" sets; −160 to 240 HU; n = 1,234.'
)


@pytest.fixture
def files(tmp_path):
    figure = style.new_figure(30, 20)
    figure.text(0.5, 0.5, "a")
    names = {kind: tmp_path / f"figure_9.{kind}" for kind in ("pdf", "svg", "png")}
    style.save(figure, list(names.values()), legend=LEGEND)
    return names


def test_the_legend_comes_back_from_the_figure(files):
    assert Legend.of(files["svg"].read_text()) == LEGEND


def test_every_format_keeps_the_title(files):
    assert b"Nodes & volumes" in files["pdf"].read_bytes()
    assert b"Nodes & volumes" in files["png"].read_bytes()


def test_a_figure_without_legend_is_refused(tmp_path):
    figure = style.new_figure(30, 20)
    figure.text(0.5, 0.5, "a")
    style.save(figure, [tmp_path / "bare.svg"])
    with pytest.raises(ValueError, match="without a legend"):
        Illustration.read(tmp_path / "bare.svg")


def test_an_illustration_is_called_as_its_file(files):
    drawn = Illustration.read(files["svg"])
    assert drawn.label == "Figure 9"
    assert drawn.legend == LEGEND
    assert drawn.svg == files["svg"].read_text()


def test_the_page_shows_figure_and_legend_escaped(files):
    page = html(picture(files["svg"]))
    assert "Figure 9. Nodes &amp; volumes." in page
    assert "Median &lt; 3,000 mm³" in page
    (encoded,) = re.findall(r"base64,([^\"]+)", page)
    assert base64.b64decode(encoded) == files["svg"].read_bytes()
