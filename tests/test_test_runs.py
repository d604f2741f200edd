"""How this suite runs: a CPU budget of each case, and two processes that share it."""

import os
import subprocess
import sys
import textwrap
from collections import Counter
from pathlib import Path

import pytest
import slow_groups

HELPERS = Path(__file__).parent / "helpers"
ALONE = {"PYTHONPATH": str(HELPERS), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
BUSY = """
    import pytest, subprocess, sys, time

    def busy(seconds):
        end = time.process_time() + seconds
        while time.process_time() < end:
            pass

    @pytest.fixture(scope="module")
    def shared():
        busy(0.08)

    @pytest.fixture(scope="module")
    def dear_to_share():
        busy(0.3)

    @pytest.fixture
    def own():
        busy(0.08)
"""


def run_pytest(
    folder: Path, files: dict[str, str], *options: str
) -> subprocess.CompletedProcess[str]:
    """Run a suite of these files with both plugins."""
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / f"test_{name}.py").write_text(textwrap.dedent(text))
    (folder / "pytest.ini").write_text("[pytest]\nmarkers = slow: as told\n")
    plugins = ["-p", "slow_groups", "-p", "two_processes"]
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *plugins, *options],
        cwd=folder,
        env=os.environ | ALONE,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_case_over_its_budget_fails_unless_it_is_marked(tmp_path):
    cases = (
        BUSY
        + """
    def test_thrifty():
        time.sleep(0.3)

    def test_dear():
        busy(0.08)

    def test_dear_by_a_program():
        subprocess.run([sys.executable, "-c", "sum(range(9_000_000))"], check=True)

    def test_shared(shared):
        pass

    def test_dear_by_its_fixture(own):
        pass

    def test_dear_by_what_it_shares(dear_to_share):
        pass

    def test_second_user(dear_to_share):
        pass

    @pytest.mark.slow
    @pytest.mark.parametrize("k", [1])
    def test_dear_and_marked(k):
        busy(0.08)
    """
    )
    same_speed = "import slow_groups\nslow_groups.slowdown = lambda: 1.0\n"
    (tmp_path / "conftest.py").write_text(same_speed)
    done = run_pytest(tmp_path, {"budget": cases}, "--cpu-budget", "0.05")
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1].startswith("8 passed, 4 errors in ")
    failed = {
        line.partition("::")[2].partition(" ")[0]
        for line in done.stdout.splitlines()
        if line.startswith("ERROR ")
    }
    assert failed == {
        "test_dear",
        "test_dear_by_a_program",
        "test_dear_by_its_fixture",
        "test_dear_by_what_it_shares",
    }
    assert "test_budget.py::test_dear took 0.1 s of CPU time" in done.stdout


def test_a_slower_machine_has_a_larger_budget(monkeypatch):
    reference = slow_groups.REFERENCE_S
    monkeypatch.setattr(slow_groups, "calibrate", lambda: 3 * reference)
    assert slow_groups.slowdown() == pytest.approx(3)
    monkeypatch.setattr(slow_groups, "calibrate", lambda: reference / 2)
    assert slow_groups.slowdown() == 1


SUITE = {
    "first": """
        def test_a(): pass
        def test_b(): pass
    """,
    "second": """
        import pytest
        @pytest.mark.parametrize("n", range(20))
        def test_c(n): pass
        def test_skipped(): pytest.skip("as told")
    """,
    "third": "def test_d(): pass",
}
WAITING = """
    import os, pathlib, sys, time
    def test_{own}():
        pathlib.Path("{own}").touch()
        end = time.monotonic() + 60
        while not pathlib.Path("{other}").exists() and time.monotonic() < end:
            time.sleep(0.05)
        {then}
"""


def waiting(then: str) -> dict[str, str]:
    """Return two modules that wait for each other, so that each process has one."""
    return {
        own: WAITING.format(own=own, other=other, then=then)
        for own, other in (("left", "right"), ("right", "left"))
    }


WITNESS = """
    import os
    import pytest
    @pytest.fixture(autouse=True)
    def witness(request):
        with open("seen", "a") as file:
            file.write(f"{request.node.nodeid} {os.getpid()}\\n")
"""


def seen(folder: Path) -> tuple[Counter[str], dict[str, set[str]]]:
    """Return how often each case ran, and the processes of each module."""
    lines = [line.rsplit(" ", 1) for line in (folder / "seen").read_text().splitlines()]
    processes: dict[str, set[str]] = {}
    for case, process in lines:
        processes.setdefault(case.partition("::")[0], set()).add(process)
    return Counter(case for case, _ in lines), processes


def write_witness(folder: Path, more: str = "") -> None:
    (folder / "conftest.py").write_text(textwrap.dedent(WITNESS) + more)


def test_two_processes_run_each_case_once_and_report_as_one(tmp_path):
    write_witness(tmp_path)
    done = run_pytest(tmp_path, SUITE | waiting("pass"), "--processes", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1].startswith("25 passed, 1 skipped in ")
    cases, processes = seen(tmp_path)
    assert len(cases) == 26
    assert set(cases.values()) == {1}
    assert len(set().union(*processes.values())) == 2
    assert all(len(own) == 1 for own in processes.values())


@pytest.mark.parametrize("wrong", ["left", "right"])
def test_a_failure_of_either_process_is_one_of_the_run(tmp_path, wrong):
    files = waiting(f'assert not pathlib.Path(__file__).match("*{wrong}.py")')
    done = run_pytest(tmp_path, files, "--processes", "2")
    assert done.returncode == 1
    assert f"FAILED test_{wrong}.py::test_{wrong}" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("1 failed, 1 passed in ")


def test_a_process_that_dies_fails_the_run(tmp_path):
    dying = 'any("--second-of" in word for word in sys.argv) and os._exit(9)'
    done = run_pytest(tmp_path, waiting(dying), "--processes", "2")
    assert done.returncode == 1
    assert "the second process ended with 9" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("1 passed in ")


def test_reasons_of_skipped_cases_are_shown_for_both_processes(tmp_path):
    skipped = waiting("import pytest; pytest.skip('munged is missing')")
    done = run_pytest(tmp_path, skipped, "--processes", "2", "-rs")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("munged is missing") == 2


def test_modules_that_share_a_study_run_in_one_process(tmp_path):
    write_witness(tmp_path, "@pytest.fixture(scope='session')\ndef study(): return 1\n")
    studied = {
        name: "def test_it(study): pass\ndef test_alone(): pass\n" for name in "abcd"
    }
    done = run_pytest(tmp_path, SUITE | studied, "--processes", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    _, processes = seen(tmp_path)
    assert len(set().union(*(processes[f"test_{name}.py"] for name in "abcd"))) == 1
