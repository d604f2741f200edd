"""The check page in a browser: it shows nodes, finds them, and keeps answers."""

import numpy as np
import pandas as pd
import pytest
from browser import Browser

from nodal_staging import tables
from nodal_staging.cohort.check_page import Checked, check_page
from nodal_staging.cohort.second_look import SECOND_LOOK
from nodal_staging.cohort.support import read_support
from nodal_staging.nodes.exam_volumes import SIZE, NodeVolume, exam_script

EXAMS, PER_EXAM = 550, 5
LOCATIONS = ["iliac", "inguinal", "mediastinal", "axillary", "cervical"]


@pytest.fixture(scope="module")
def browser():
    with Browser() as opened:
        yield opened


def exams() -> pd.DataFrame:
    known = {
        "reason": "included",
        "problem": "-",
        "flags": "-",
        "notes": "-",
        "contrast": "yes",
        "low_dose": "no",
        "pet": "yes",
        "nodes": PER_EXAM,
        "lost_nodes": 0,
        "flagged_nodes": 0,
        "picture": "exam.js",
    }
    rows = [
        {"patient_id": f"P{n}", "exam_id": f"E{n}", "verdict": "ok"} | known
        for n in range(EXAMS)
    ]
    rows[0] |= {"verdict": "problem", "reason": "slice_gap", "problem": "A gap."}
    return pd.DataFrame(rows)[list(tables.CHECKED.columns)]


def nodes() -> pd.DataFrame:
    count = EXAMS * PER_EXAM
    large = [("large", "node N7: volume of 300 cm3; look at the mask")]
    return pd.DataFrame(
        {
            "exam_id": [f"E{n // PER_EXAM}" for n in range(count)],
            "node_id": [f"N{n}" for n in range(count)],
            "location": [LOCATIONS[n % 5] for n in range(count)],
            "status": ["positive" if n % 4 == 0 else "negative" for n in range(count)],
            "suv_max": [(n * 37) % 101 / 5 for n in range(count)],
            "short_axis_mm": 8.0,
            "remarks": [large if n == 7 else [] for n in range(count)],
            "readers": ["disagree" if n == 9 else "agree" for n in range(count)],
        }
    )


def volume() -> NodeVolume:
    rng = np.random.default_rng(5)
    mask = np.zeros((SIZE,) * 3, np.int16)
    mask[12:20, 12:20, 12:20] = 1
    ct = rng.integers(-10, 20, mask.shape).astype(np.int16)
    return NodeVolume(1.5, ct, mask, (10 * mask).astype(np.int16))


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Write a page of 2,750 nodes, with the voxels of the second exam alone."""
    folder = tmp_path_factory.mktemp("check")
    frame = exams()
    frame["picture"] = [f"{name}.js" for name in frame["exam_id"]]
    answers = pd.DataFrame(
        [("E2", "N10", "doubt", "a vessel")], columns=list(SECOND_LOOK.columns)
    )
    checked = Checked(
        study="mine",
        exams=frame,
        nodes=nodes(),
        flags=pd.DataFrame(columns=list(tables.NODE_FLAGS.columns)),
        support=read_support(None),
        answers=answers,
    )
    (folder / "index.html").write_text(check_page(checked), encoding="utf-8")
    shown = {f"N{n}": volume() for n in range(5, 10)}
    (folder / "E1.js").write_text(exam_script("E1", shown), encoding="utf-8")
    for n in range(EXAMS):
        if n != 1:
            (folder / f"E{n}.js").write_text(exam_script(f"E{n}", {}))
    return folder / "index.html"


@pytest.fixture(scope="module")
def page(browser, written):
    # A page behind another is not drawn, so one serves all tests.
    return browser.open(written)


def choose(page, name, value):
    page.evaluate(
        f"(() => {{ const field = document.querySelector('[name={name}]');"
        f"field.value = '{value}';"
        "field.dispatchEvent(new Event('input', { bubbles: true })); })()"
    )


UNREACHED = """[...document.querySelectorAll(
  ".sheet button, .sheet select, .sheet input, .sheet textarea, .sheet canvas",
)].filter((control) => !control.disabled && !reached.has(control)).length"""


def tally(page) -> str:
    return page.evaluate("document.querySelector('.tally').textContent")


def test_nodes_are_found_looked_at_and_answered(browser, page, written):
    page.resize(1440, 900)
    page.go(written)
    page.wait("globalThis.ready")
    opened_ms = page.evaluate("performance.getEntriesByType('navigation')[0].duration")
    assert opened_ms < 2000 * 3, "2 s on a quiet machine"
    assert tally(page).startswith("2750 of 2750 nodes shown; 0 accepted, 1 doubted")
    for name, value, count in (
        ("flag", "large", 1),
        ("location", "iliac", 550),
        ("status", "positive", 688),
        ("readers", "disagree", 1),
        ("answer", "doubt", 1),
        ("words", "n2749", 1),
    ):
        choose(page, name, value)
        assert tally(page).startswith(f"{count} of "), name
        choose(page, name, "")
    choose(page, "sort", "suv")
    choose(page, "view", "grid")
    order = page.evaluate(
        "[...grid.children].slice(0, 40).map((tile) => Number(tile.dataset.suv))"
    )
    assert order == sorted(order, reverse=True)
    choose(page, "view", "")
    choose(page, "sort", "")

    page.click("[data-node=N5] .look")
    page.wait("globalThis.shownNode === 'N5'")
    page.press("ArrowUp")
    assert page.evaluate("viewer.at[2]") == SIZE / 2 + 1
    page.press("w")
    assert page.evaluate("document.querySelector('.sheet select').value") == "Narrow"
    page.press("o")
    assert not page.evaluate("viewer.options.outline")
    page.press("a")
    page.press("n")
    page.wait("globalThis.shownNode === 'N6'")
    page.press("d")
    page.press("c")
    for letter in "fat?":
        page.press(letter)
    page.unreachable()
    assert page.evaluate(UNREACHED) == 0
    assert not page.low_contrast()
    page.press("Escape")
    assert page.evaluate("document.activeElement.closest('li').dataset.node") == "N6"
    assert "1 accepted, 2 doubted" in tally(page)

    page.reload()
    page.wait("globalThis.ready")
    assert "1 accepted, 2 doubted" in tally(page)
    page.click(".export button")
    found = tables.read(browser.downloaded("second_look.tsv"), SECOND_LOOK)
    assert sorted(found.itertuples(index=False, name=None)) == [
        ("E1", "N5", "accept", "-"),
        ("E1", "N6", "doubt", "fat?"),
        ("E2", "N10", "doubt", "a vessel"),
    ]
    assert not page.problems()


@pytest.mark.parametrize("width", [1440, 390])
def test_the_page_fits_scrolls_and_prints(page, written, width):
    page.resize(width, 844)
    page.go(written)
    page.wait("globalThis.ready")
    page.evaluate("document.querySelector('[data-node=N5]').scrollIntoView()")
    page.wait("!!document.querySelector('[data-node=N5] canvas')")
    page.wait(
        "[...document.querySelector('[data-node=N5] canvas').getContext('2d')"
        ".getImageData(48, 48, 1, 1).data][3] === 255"
    )
    assert page.evaluate("document.querySelectorAll('.look canvas').length") < 200
    before = page.evaluate("scrollY")
    page.press("ArrowDown")
    page.press("PageDown")
    page.wait(f"scrollY > {before}")
    assert page.too_wide() == 0
    assert not page.low_contrast()
    if width > 600:
        assert len(page.pdf()) > 10_000
    assert not page.problems()
