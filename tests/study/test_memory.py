"""What is remembered is what would be found, or it is found again."""

from multiprocessing import get_context

import pytest

from nodal_staging.study.memory import remembered, sum_of

TRUTH = {"1-of-2": "0302f4b7baa28558", "2-of-2": "cd86aa4194da4917"}


def find():
    return TRUTH


def never():
    pytest.fail("found again")


@pytest.fixture
def memory(tmp_path):
    path = tmp_path / "folder" / "memory"
    assert remembered(path, lambda: ["origin"], find) == TRUTH
    return path


def test_the_same_origin_is_not_asked_again(memory):
    assert remembered(memory, lambda: ["origin"], never) == TRUTH


@pytest.mark.parametrize("origin", [["other"], [], ["origin", ""], ["orig", "in"]])
def test_another_origin_is(memory, origin):
    assert remembered(memory, lambda: origin, lambda: "new") == "new"
    assert remembered(memory, lambda: origin, never) == "new"
    assert remembered(memory, lambda: ["origin"], find) == TRUTH


def test_no_damage_is_believed(memory):
    whole = memory.read_bytes()
    places = range(len(whole))
    damaged = [whole[:n] for n in places]
    damaged += [whole[:n] + bytes([whole[n] ^ 1]) + whole[n + 1 :] for n in places]
    for content in [*damaged, b"\xff\xfe", whole + b" "]:
        memory.write_bytes(content)
        assert remembered(memory, lambda: ["origin"], lambda: "again") == "again"


def test_nothing_to_keep_it_in(tmp_path):
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    for place in (None, tmp_path / "file" / "memory", tmp_path / "folder"):
        assert remembered(place, lambda: ["origin"], find) == TRUTH
    assert sorted(tmp_path.rglob("*")) == [tmp_path / "file", tmp_path / "folder"]


def test_an_origin_that_changes_meanwhile_is_not_believed(tmp_path):
    sheet = tmp_path / "sheet"
    sheet.write_text("old")

    def late():
        sheet.write_text("new")
        return sheet.read_text()

    assert remembered(tmp_path / "memory", lambda: [sum_of(sheet)], late) == "new"
    sheet.write_text("old")
    found = remembered(tmp_path / "memory", lambda: [sum_of(sheet)], sheet.read_text)
    assert found == "old"


def ask(memory, name):
    for _ in range(50):
        assert remembered(memory, lambda: [name], lambda: name * 5000) == name * 5000


def test_two_runs_at_once_get_their_own(memory):
    runs = [get_context("fork").Process(target=ask, args=(memory, n)) for n in "ab"]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert [run.exitcode for run in runs] == [0, 0]
    assert [path.name for path in memory.parent.iterdir()] == ["memory"]


def test_a_file_that_comes_or_grows_has_another_sum(tmp_path):
    path = tmp_path / "file"
    sums = [sum_of(path)]
    for content in ("", "none", "1"):
        path.write_text(content)
        sums.append(sum_of(path))
    assert len(set(sums)) == len(sums)
