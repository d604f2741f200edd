"""The folder of readers is blind, and their answers come back as readings."""

import hashlib
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from reader_pages import OPTIONS, answer, make_page, save, small_nodes

from nodal_staging import tables
from nodal_staging.classifiers.reader_page.page_folder import (
    BLOCK,
    FIXED_TIME,
    ReaderPageError,
    ReaderPageInputs,
    make_reader_page,
)
from nodal_staging.classifiers.reader_page.reader_answers import (
    ANSWERS,
    LOG,
    AnswerError,
    ImportFiles,
    four_point,
    import_readings,
    repeated,
)
from nodal_staging.classifiers.reader_page.reading_plan import reading_order
from nodal_staging.classifiers.readers import score_reader
from nodal_staging.nodes.patch_files import read_patches, write_patches
from nodal_staging.study.errors import InputError
from nodal_staging.tables.volume_viewer import decode_volume

PAYLOAD = re.compile(rb'addCase\("(\w{5})", "([^"]+)"')


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    return make_page(tmp_path_factory.mktemp("page"), small_nodes(20))


@pytest.fixture(scope="module")
def aided(tmp_path_factory):
    folder = tmp_path_factory.mktemp("aided")
    return make_page(folder, small_nodes(20), arms=("unaided", "aided"))


def content(folder: Path) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes()
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


def volumes(folder: Path) -> dict[str, np.ndarray]:
    found = {}
    for path in (folder / "cases").iterdir():
        code, text = PAYLOAD.match(path.read_bytes()).groups()
        assert code.decode() == path.stem
        found[path.stem] = decode_volume(text.decode())
    return found


def test_the_folder_is_the_same_whatever_status_and_location_are(page, tmp_path):
    """Nothing of the folder can then say anything about them."""
    nodes = page.nodes.assign(
        status=np.where(page.nodes["status"] == "positive", "negative", "positive"),
        location=page.nodes["location"].to_numpy()[::-1],
    )
    other = make_page(tmp_path, nodes)
    assert content(other.folder) == content(page.folder)
    assert other.key.equals(page.key)


def test_no_byte_names_a_node_a_patient_a_status_or_a_location(page):
    words = [
        *page.nodes["node_id"],
        *page.nodes["patient_id"],
        *page.key["node_id"],
        "NODE-0",
        "PATIENT-0",
        "TRAIN-",
        *tables.LOCATIONS,
        *tables.STATUS,
    ]
    for name, data in content(page.folder).items():
        text = PAYLOAD.sub(b"", data).lower() + name.lower().encode()
        for word in words:
            assert word.lower().encode() not in text, (name, word)
            assert word.encode() not in data, (name, word)
    for volume in volumes(page.folder).values():
        raw = volume.tobytes()
        assert not any(word.encode() in raw for word in words)
    assert not any("key" in name for name in content(page.folder))


def test_files_share_size_and_time_and_stand_in_the_order_of_random_codes(page):
    cases = sorted((page.folder / "cases").iterdir())
    assert {p.stat().st_mtime for p in cases} == {FIXED_TIME}
    (size,) = {p.stat().st_size for p in cases}
    assert size % BLOCK == 0
    # The order of codes is not that of nodes.
    nodes = [page.node_of()[p.stem] for p in cases]
    assert nodes != sorted(nodes)
    assert nodes != sorted(nodes, reverse=True)


def test_the_page_shows_the_voxels_of_the_patches(page):
    patches = {n: image for n, (image, _), _ in read_patches(page.patches[0])}
    shown = volumes(page.folder)
    node_of = page.node_of()
    assert len(shown) == 22
    for code, volume in shown.items():
        assert np.array_equal(volume, patches[node_of[code]])
    kinds = dict(zip(page.key["node_id"], page.key["kind"], strict=True))
    assert {n for n, k in kinds.items() if k == "case"} == set(page.nodes["node_id"])


def test_checksums_are_those_of_the_files(page):
    lines = (page.folder / "SHA256SUMS").read_text().splitlines()
    sums = dict(reversed(line.split("  ")) for line in lines)
    files = content(page.folder)
    del files["SHA256SUMS"]
    assert sums == {n: hashlib.sha256(data).hexdigest() for n, data in files.items()}


def test_the_page_cannot_reach_a_network(page):
    text = (page.folder / "index.html").read_text(encoding="utf-8")
    assert "connect-src 'none'" in text
    assert not re.search(r"https?://", text)
    assert not re.search(r"/\*(?:STYLE|VIEWER|STUDY|SCRIPT)\*/", text)


@pytest.mark.parametrize("count", [3, 6, 40, 130])
def test_readers_have_orders_of_their_own_with_repeats_far_apart(count):
    codes = [f"C{n:04d}" for n in range(count)]
    training = ["T0001", "T0002"]

    def order(reader, arm="unaided"):
        return reading_order(training, codes, OPTIONS, reader=reader, arm=arm)

    orders = {(r, a): order(r, a) for r in "AB" for a in ("unaided", "aided")}
    assert orders["A", "unaided"] == order("A")
    assert len({str(one) for one in orders.values()}) == 4
    for one in orders.values():
        assert one[:2] == [(code, "training") for code in training]
        rest = one[2:]
        assert sorted(code for code, kind in rest if kind == "case") == codes
        repeats = {code: n for n, (code, kind) in enumerate(rest) if kind == "repeat"}
        possible = max(0, count - OPTIONS.repeat_distance + 1)
        assert len(repeats) == min(round(0.2 * count), possible)
        for code, place in repeats.items():
            distance = place - rest.index((code, "case"))
            assert distance >= OPTIONS.repeat_distance
    everybody = Counter(code for one in orders.values() for code, _ in one)
    assert set(everybody) == {*codes, *training}


def test_a_page_needs_readers_and_patches(tmp_path):
    with pytest.raises(ReaderPageError, match=r"reader_page\.readers is empty"):
        make_page(tmp_path, small_nodes(4), readers=())
    for name in ("Mean", "=A1", " A"):
        with pytest.raises(ReaderPageError, match=f"readers, {name}: expected "):
            make_page(tmp_path, small_nodes(4), readers=("A", name))
    page = make_page(tmp_path, small_nodes(4))
    more = pd.concat([page.nodes, small_nodes(5).tail(1)])
    tables.write(more, page.test, tables.DATASET)
    with pytest.raises(ReaderPageError, match="node NODE-0004: no patch"):
        make_reader_page(
            inputs=ReaderPageInputs(
                patches=page.patches,
                test=page.test,
                training=page.home / "training.tsv",
            ),
            options=OPTIONS,
            folder=page.folder,
            key=tmp_path / "key.tsv",
            kept_keys=page.kept_keys,
        )


def ratings_of(page) -> dict[str, int]:
    rng = np.random.default_rng(9)
    return {node_id: int(rng.integers(1, 5)) for node_id in page.nodes["node_id"]}


def imported(page, answers, home, *, unread="refuse"):
    outputs = ImportFiles(
        readings=home / "readings.tsv",
        aided=home / "readings_aided.tsv",
        log=home / "log.tsv",
    )
    import_readings(
        answers=answers,
        kept_keys=page.kept_keys,
        patches=page.patches,
        unread=unread,
        outputs=outputs,
    )
    return outputs


def test_answers_become_readings_of_the_first_time(page, tmp_path):
    ratings = ratings_of(page)
    second = {node_id: 5 - rating for node_id, rating in ratings.items()}
    files = [
        save(answer(page, reader, ratings, again=second), tmp_path / f"{reader}.csv")
        for reader in "AB"
    ]
    outputs = imported(page, files, tmp_path)
    sheet = tables.read(outputs.readings, tables.READING_SHEET)
    found = {
        reader: dict(zip(own["node_id"], own["rating"].astype(int), strict=True))
        for reader, own in sheet.groupby("reader")
    }
    assert found == {"A": ratings, "B": ratings}
    log = tables.read(outputs.log, LOG)
    assert Counter(log["kind"]) == {"case": 40, "repeat": 8, "training": 4}
    pairs = repeated(log)
    assert len(pairs) == 8
    assert (pairs["first"] + pairs["second"] == 5).all()
    assert set(log["flag"]) == {"ok"}
    # The next step takes them as it takes any sheet of readings.
    score_reader(
        reader="A",
        readings=outputs.readings,
        test=page.test,
        unread="refuse",
        scores=tmp_path / "A_scores.csv",
    )
    scores = tables.read(tmp_path / "A_scores.csv", tables.SCORES)
    assert scores.set_index("node_id")["score"].astype(int).to_dict() == ratings


def test_both_arms_are_imported_apart(aided, tmp_path):
    first = ratings_of(aided)
    second = {node_id: min(4, rating + 1) for node_id, rating in first.items()}
    files = [
        save(answer(aided, "A", first), tmp_path / "A.csv"),
        save(answer(aided, "A", second, arm="aided"), tmp_path / "A (1).csv"),
    ]
    outputs = imported(aided, files, tmp_path)
    for path, expected in ((outputs.readings, first), (outputs.aided, second)):
        sheet = tables.read(path, tables.READING_SHEET)
        found = sheet.set_index("node_id")["rating"].astype(int).to_dict()
        assert found == expected


def test_scores_are_only_on_the_page_with_the_aided_arm(page, aided):
    plain = (page.folder / "cases").glob("*.js")
    shown = (aided.folder / "cases").glob("*.js")
    assert not any(re.search(rb'", [0-9.]+\);', p.read_bytes()) for p in plain)
    assert sum(bool(re.search(rb'", [0-9.]+\);', p.read_bytes())) for p in shown) == 20


def test_a_later_page_with_the_aided_arm_continues_the_same_study(aided, tmp_path):
    """Readers load the progress of the first reading there."""
    first = make_page(tmp_path / "first", aided.nodes, arms=("unaided",))
    later = make_page(tmp_path / "later", aided.nodes, arms=("aided",))
    assert first.plan["study"] == later.plan["study"] == aided.plan["study"]
    assert len({p.plan["page"] for p in (first, later, aided)}) == 3
    assert later.plan["arms"] == ["aided"]
    other = make_page(tmp_path / "other", aided.nodes, seed=12)
    assert other.plan["study"] != first.plan["study"]


@pytest.mark.parametrize(
    ("scale", "expected"),
    [
        ("likelihood4", {1: 1, 2: 2, 3: 3, 4: 4}),
        ("node_rads", {1: 1, 2: 2, 3: 2, 4: 3, 5: 4}),
        ("percent", {0: 1, 24: 1, 25: 2, 49: 2, 50: 3, 74: 3, 75: 4, 100: 4}),
    ],
)
def test_scales_become_four_points(scale, expected):
    assert {given: four_point(given, scale) for given in expected} == expected


def with_cell(column, value, row=4):
    def edit(frame):
        frame[column] = frame[column].astype(object)
        frame.loc[row, column] = value
        return frame

    return edit


WRONG = {
    "another study": (
        lambda f: f.assign(page="0123456789abcdef"),
        r"A\.csv, column page: 0123456789abcdef is no reader page of this study",
    ),
    "a path as page": (lambda f: f.assign(page="../../x"), "is no reader page"),
    "another code": (with_cell("code", "AAAAA"), "the page has no case AAAAA"),
    "a rating of no scale": (
        with_cell("rating", 7),
        r"A\.csv, reader A, case \w{5}: expected a rating from 1 to 4, found 7",
    ),
    "half a rating": (with_cell("rating", 2.5), "found 2.5"),
    "a case twice": (
        lambda f: pd.concat([f, f[f["kind"] == "case"].tail(1).assign(position=99)]),
        "it is there twice",
    ),
    "a position twice": (with_cell("position", 1), "position"),
    "a practice case that counts": (
        with_cell("kind", "case", row=0),
        "its kind was changed",
    ),
    "a case left out": (
        lambda f: f[f.index != f.index[f["kind"] == "case"][3]],
        r"A\.csv, reader A \(unaided\): no answer to case \w{5}; finish",
    ),
    "no answers": (lambda f: f.head(0), "no answers"),
    "another table": (lambda f: f[["code", "rating"]], "missing column"),
    "an unknown arm": (lambda f: f.assign(arm="helped"), "arm"),
    "negative times": (with_cell("last_ms", -4), "last_ms"),
}


@pytest.mark.parametrize("edit", WRONG.values(), ids=WRONG)
def test_a_wrong_file_is_refused_with_one_sentence(page, tmp_path, edit):
    change, words = edit
    frame = change(answer(page, "A", ratings_of(page)))
    path = save(frame, tmp_path / "A.csv")
    with pytest.raises(InputError, match=words) as caught:
        imported(page, [path], tmp_path)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "readings.tsv").exists()


def test_two_files_of_one_reader_are_refused(page, tmp_path):
    frame = answer(page, "A", ratings_of(page))
    files = [save(frame, tmp_path / name) for name in ("A.csv", "A (1).csv")]
    with pytest.raises(AnswerError, match=r"A \(1\)\.csv: answers of reader A"):
        imported(page, files, tmp_path)


def test_aided_answers_need_the_answer_before(aided, tmp_path):
    frame = answer(aided, "A", ratings_of(aided), arm="aided").assign(first_rating="")
    with pytest.raises(AnswerError, match="no answer before the CNN was shown"):
        imported(aided, [save(frame, tmp_path / "A.csv")], tmp_path)


def test_cases_may_be_left_out_where_that_is_configured(page, tmp_path):
    frame = answer(page, "A", ratings_of(page))
    frame = frame[frame.index != frame.index[frame["kind"] == "case"][3]]
    path = save(frame, tmp_path / "A.csv")
    outputs = imported(page, [path], tmp_path, unread="leave_out")
    assert len(tables.read(outputs.readings, tables.READING_SHEET)) == 19


def test_answers_in_no_time_are_flagged(page, tmp_path):
    frame = answer(page, "A", ratings_of(page))
    frame.loc[5, "last_ms"] = 999
    frame.loc[6, "last_ms"] = 1000
    outputs = imported(page, [save(frame, tmp_path / "A.csv")], tmp_path)
    log = tables.read(outputs.log, LOG)
    assert log.loc[log["flag"] == "too_fast", "position"].tolist() == [6]


def test_a_table_that_a_spreadsheet_saved_again_is_read(page, tmp_path):
    frame = answer(page, "A", ratings_of(page))
    path = tmp_path / "A.csv"
    frame.to_csv(
        path, index=False, sep=";", lineterminator="\r\n", encoding="utf-8-sig"
    )
    outputs = imported(page, [path], tmp_path)
    assert len(tables.read(outputs.readings, tables.READING_SHEET)) == 20


def test_answers_to_images_that_have_changed_are_refused(tmp_path):
    page = make_page(tmp_path, small_nodes(6), repeats=0.0)
    path = save(answer(page, "A", ratings_of(page)), tmp_path / "A.csv")
    imported(page, [path], tmp_path)
    images = {n: patch for n, patch, _ in read_patches(page.patches[0])}
    images["NODE-0003"][0][0, 0, 0] += 1
    write_patches(page.patches[0], images, size=8, spacing_mm=1.0)
    with pytest.raises(AnswerError, match="node NODE-0003: its patch has changed"):
        imported(page, [path], tmp_path)


def test_answers_stay_importable_when_the_page_was_made_again(tmp_path):
    page = make_page(tmp_path, small_nodes(6))
    path = save(answer(page, "A", ratings_of(page)), tmp_path / "A.csv")
    again = make_page(tmp_path, page.nodes, window=(50, 250))
    assert again.plan["page"] != pd.read_csv(path)["page"][0]
    outputs = imported(again, [path], tmp_path)
    assert len(tables.read(outputs.readings, tables.READING_SHEET)) == 6


def test_the_page_exports_the_columns_that_are_read(page):
    text = (page.folder / "index.html").read_text(encoding="utf-8")
    (listed,) = re.findall(r"const COLUMNS = \[(.*?)\];", text, re.DOTALL)
    assert re.findall(r'"(\w+)"', listed) == list(ANSWERS.columns)
