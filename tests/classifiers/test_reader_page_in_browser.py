"""Reading in a browser: rate, close, continue, save, and import what was saved."""

import base64
import json

import numpy as np
import pandas as pd
import pytest
from browser import Browser
from reader_pages import make_page, small_nodes
from sklearn.metrics import roc_auc_score

from nodal_staging import tables
from nodal_staging.classifiers.reader_page.reader_answers import (
    ANSWERS,
    LOG,
    ImportFiles,
    import_readings,
)
from nodal_staging.classifiers.readers import score_reader
from nodal_staging.nodes.patch_files import read_patches
from nodal_staging.phantom.simulated_readers import read_nodes
from nodal_staging.phantom.truth import Dials, draw_nodes
from nodal_staging.statistics.reader_study.ratings import read_reader
from nodal_staging.tables.categories import RATINGS

DIALS = Dials(
    prevalence=0.4,
    location_bias=1.0,
    delta_size=0.5,
    delta_attenuation=1.2,
    delta_hilum=0.8,
    score_icc=0.3,
    label_icc=0.3,
    label_noise=0.0,
)
SIZES = [(1440, 900), (390, 844)]

READ_ALL = """async (ratings) => {
  const key = (name) => document.dispatchEvent(
    new KeyboardEvent("keydown", { key: name, bubbles: true }));
  const until = async (done) => {
    for (let i = 0; i < 2000 && !done(); i += 1) {
      await new Promise((r) => setTimeout(r, 1));
    }
    if (!done()) throw new Error("nothing happened");
  };
  const plan = STUDY.readers[readerStudy.state.reader].unaided;
  for (let i = readerStudy.state.at.unaided; i < plan.length; i += 1) {
    await until(() => readerStudy.shown === plan[i][0]
      && readerStudy.state.at.unaided === i);
    key(String(ratings[plan[i][0]]));
    if (i < plan.length - 1) key("Enter");
    if (document.querySelector("#dialog").open) {
      document.querySelector("#dialog-buttons button:last-child").click();
    }
  }
  document.activeElement.blur();
}"""


@pytest.fixture(scope="module")
def browser():
    with Browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    return make_page(tmp_path_factory.mktemp("page"), small_nodes(12), size=16)


def begin(browser, page, *, reader="A", width=1440, height=900, kept=False):
    """Open the page of a reader, with nothing that the browser has kept."""
    shown = browser.open(page.folder / "index.html", width=width, height=height)
    shown.wait("window.ready")
    if not kept:
        shown.evaluate("localStorage.clear()")
        shown.reload()
        shown.wait("window.ready")
    place = page.plan["readers"].keys()
    number = list(place).index(reader) + 1
    shown.click(f"#readers button:nth-child({number})")
    return shown


def start(shown, *, arm=1):
    shown.click(f"#arms button:nth-child({arm})")
    shown.wait("readerStudy.shown")


def place(shown):
    return shown.evaluate("document.querySelector('#place').textContent")


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_a_reader_reads_closes_continues_and_changes_an_answer(
    browser, page, width, height
):
    shown = begin(browser, page, width=width, height=height)
    assert not shown.unreachable()
    start(shown)
    order = page.plan["readers"]["A"]["unaided"]
    assert place(shown) == f"Case 1 of {len(order)}"
    assert shown.evaluate("!document.querySelector('#practice').hidden")
    assert shown.evaluate("document.querySelector('#next').disabled")
    for number, rating in enumerate("1423"):
        shown.wait(f"readerStudy.shown === {json.dumps(order[number][0])}")
        shown.press("ArrowUp")
        shown.press(rating)
        shown.press("Enter")
    shown.wait(f"readerStudy.shown === {json.dumps(order[4][0])}")
    assert not shown.low_contrast()
    assert not shown.unreachable()
    assert shown.too_wide() == 0
    shown.reload()
    shown.wait("window.ready")
    shown.click("#readers button")
    assert "4 of 16 answered" in shown.evaluate("document.body.innerText")
    start(shown)
    assert place(shown) == "Case 5 of 16"
    shown.press("ArrowLeft")
    shown.wait(f"readerStudy.shown === {json.dumps(order[3][0])}")
    shown.press("1")
    found = shown.evaluate("readerStudy.state.answers.unaided")
    assert [found[str(n)]["rating"] for n in range(4)] == [1, 4, 2, 1]
    assert [found[str(n)]["changes"] for n in range(4)] == [0, 0, 0, 1]
    assert found["1"]["seen"]["axial"] == [8, 9]
    assert 0 < found["1"]["firstMs"] <= found["1"]["ms"] < 30000
    assert shown.evaluate("window.switched") < 150
    assert shown.pdf().startswith(b"%PDF")
    assert not shown.problems()


def test_pauses_of_more_than_a_minute_do_not_count(browser, page):
    shown = begin(browser, page)
    start(shown)
    shown.evaluate(
        "(() => { const now = performance.now.bind(performance); let ahead = 0;"
        "performance.now = () => now() + ahead;"
        "window.wait = (s) => { ahead += s * 1000; }; })()"
    )
    shown.press("ArrowUp")
    shown.evaluate("wait(61)")
    shown.press("ArrowUp")
    shown.evaluate("wait(50)")
    shown.press("2")
    assert (
        50000 < shown.evaluate("readerStudy.state.answers.unaided[0].firstMs") < 61000
    )


def test_progress_moves_to_another_browser_but_not_to_another_study(
    browser, page, tmp_path
):
    shown = begin(browser, page)
    start(shown)
    shown.press("3")
    shown.click("#save")
    shown.click("#dialog-buttons button")
    saved = browser.downloaded("A.json")
    kept = tmp_path / "A.json"
    kept.write_bytes(saved.read_bytes())
    saved.unlink()
    shown = begin(browser, page)
    shown.choose_file("#load", kept)
    shown.wait("document.querySelector('#arms').innerText.includes('1 of 16')")
    other = make_page(tmp_path / "other", small_nodes(8), size=8)
    shown = begin(browser, other)
    shown.choose_file("#load", kept)
    message = "document.querySelector('#message').textContent"
    assert shown.wait(message) == "This file is the progress of another study."
    kept.write_text("{}")
    shown.choose_file("#load", kept)
    shown.wait(f"{message}.startsWith('This file is not')")
    assert not shown.problems()


def test_a_scripted_reader_gets_the_area_that_the_truth_gives(browser, tmp_path):
    patients = [f"PATIENT-{n:03d}" for n in range(20)]
    truth = draw_nodes(patients, 40, DIALS, seed=5)
    simulated = read_nodes(truth, DIALS, noise=[0.3], sees_location=False, seed=5)
    expected = {
        node_id: RATINGS.index(rating) + 1
        for node_id, rating in zip(
            simulated["node_id"], simulated["rating"], strict=True
        )
    }
    nodes = truth[["node_id", "patient_id", "location", "status"]].assign(fold=0)
    page = make_page(tmp_path, nodes)
    ratings = {code: expected.get(name, 1) for code, name in page.node_of().items()}
    shown = begin(browser, page)
    start(shown)
    shown.evaluate(f"({READ_ALL})({json.dumps(ratings)})")
    shown.evaluate("document.activeElement.blur()")
    shown.press("Enter")
    shown.wait("document.querySelector('#dialog-title').textContent === 'Finish?'")
    shown.click("#dialog-buttons button")
    shown.wait("readerStudy.state.finished.unaided")
    shown.press("4")
    shown.click("#dialog-buttons button")
    answers = tmp_path / "A.csv"
    saved = browser.downloaded("A.csv")
    answers.write_bytes(saved.read_bytes())
    saved.unlink()
    assert not shown.problems()
    outputs = ImportFiles(
        readings=tmp_path / "readings.tsv",
        aided=tmp_path / "aided.tsv",
        log=tmp_path / "log.tsv",
    )
    import_readings(
        answers=[answers],
        kept_keys=page.kept_keys,
        patches=page.patches,
        unread="refuse",
        outputs=outputs,
    )
    score_reader(
        reader="A",
        readings=outputs.readings,
        test=page.test,
        unread="refuse",
        scores=tmp_path / "scores.csv",
    )
    called = read_reader("reader_A", tmp_path / "scores.csv")
    area = float(called.scores.by_node.estimates[0])
    positive = nodes["status"] == "positive"
    assert area == pytest.approx(
        roc_auc_score(positive, [expected[name] for name in nodes["node_id"]])
    )
    assert 0.6 < area < 1
    log = tables.read(outputs.log, LOG)
    assert (log.loc[log["kind"] == "repeat", "rating"] > 0).sum() == 8


def test_the_aided_reading_comes_after_the_other_and_keeps_both_answers(
    browser, tmp_path
):
    page = make_page(
        tmp_path,
        small_nodes(2),
        arms=("unaided", "aided"),
        repeats=0.0,
        training_cases=0,
    )
    shown = begin(browser, page)
    assert shown.evaluate(
        "document.querySelector('#arms button:nth-child(2)').disabled"
    )
    start(shown)
    codes = [code for code, _ in page.plan["readers"]["A"]["unaided"]]
    shown.evaluate(f"({READ_ALL})({json.dumps(dict.fromkeys(codes, 2))})")
    shown.press("Enter")
    for _ in range(2):
        shown.click("#dialog-buttons button")
    browser.downloaded("A.csv").unlink()
    shown.click("#dialog-buttons button:last-child")
    start(shown, arm=2)
    for number in range(2):
        shown.wait(f"readerStudy.state.at.aided === {number} && readerStudy.shown")
        assert shown.evaluate("document.querySelector('#aid').hidden")
        shown.press("1")
        shown.press("Enter")
        shown.wait("!document.querySelector('#aid').hidden")
        text = shown.evaluate("document.querySelector('#aid b').textContent")
        name = page.node_of()[shown.evaluate("readerStudy.shown")]
        assert float(text) == float(name == "NODE-0001")
        assert not shown.low_contrast()
        shown.press("4")
        shown.evaluate("document.activeElement.blur()")
        shown.press("Enter")
        if shown.evaluate(
            "document.querySelector('#dialog').open && "
            "document.querySelector('#dialog-title').textContent"
            " === 'Time for a break'"
        ):
            shown.click("#dialog-buttons button:last-child")
    for _ in range(2):
        shown.click("#dialog-buttons button")
    saved = browser.downloaded("A.csv")
    frame = pd.read_csv(saved)
    saved.unlink()
    assert list(frame.columns) == list(ANSWERS.columns)
    own = frame[frame["arm"] == "aided"]
    assert own["first_rating"].tolist() == [1, 1]
    assert own["rating"].tolist() == [4, 4]
    assert len(frame) == 4
    assert not shown.problems()


@pytest.mark.parametrize("scale", ["percent", "node_rads"])
def test_other_scales(browser, tmp_path, scale):
    page = make_page(tmp_path, small_nodes(4), scale=scale, compressed=False)
    shown = begin(browser, page, width=800)
    start(shown)
    if scale == "percent":
        shown.evaluate(
            "(() => { const e = document.querySelector('#number'); e.value = '73';"
            "e.dispatchEvent(new Event('change')); })()"
        )
        expected = 73
    else:
        shown.press("5")
        shown.evaluate(
            "(() => { const e = document.querySelector('[data-sign=border]');"
            "e.value = 'smooth'; e.dispatchEvent(new Event('change')); })()"
        )
        expected = 5
        assert shown.evaluate("readerStudy.state.answers.unaided[0].border") == "smooth"
    assert shown.evaluate("readerStudy.state.answers.unaided[0].rating") == expected
    assert not shown.low_contrast()
    assert not shown.unreachable()
    assert not shown.problems()


def test_voxels_of_a_real_size_are_exact_in_the_browser(browser, tmp_path):
    page = make_page(tmp_path, small_nodes(2), size=80, training_cases=0)
    shown = begin(browser, page)
    start(shown)
    patches = {n: image for n, (image, _), _ in read_patches(page.patches[0])}
    image = patches[page.node_of()[shown.evaluate("readerStudy.shown")]]
    found = np.frombuffer(base64.b64decode(shown.evaluate(VOXELS)), "<i2")
    assert np.array_equal(found.reshape(image.shape), image)


VOXELS = """(() => {
  const bytes = new Uint8Array(readerStudy.viewer.ct.values.buffer);
  let text = "";
  for (let i = 0; i < bytes.length; i += 8192) {
    text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  }
  return btoa(text);
})()"""
