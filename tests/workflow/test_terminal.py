"""What a run of the real Snakemake shows in a pipe and in a terminal."""

import json
import os
import pty
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from repositories import ENVIRONMENT, ROOT, SNAKEMAKE

pytestmark = pytest.mark.workflow

SENTENCE = "nodes.tsv, row 3: SUVmax is negative; correct it"
WORKFLOW = f"""
onstart:
    logger.info("A remark of the workflow.")

onsuccess:
    logger.warning("A warning at the end.")

rule all:
    input: "results/small/table.txt", "results/small/figure.txt"

rule train_folds:
    output:
        "results/small/{{cnn}}/{{folds}}.csv",
        "results/small/{{cnn}}/{{folds}}.history.tsv"
    log: "results/small/logs/{{cnn}}/{{folds}}.log"
    shell:
        "printf 'WARNING nodal_staging: odd\\n  twice\\nINFO nodal_staging: a\\n' > "
        "{{log}}; echo 'I0000 00:00:17 8 port.cc:153] oneDNN' >&2; "
        "echo 'a library' >&2; touch {{output[0]}};"
        "printf 'fold\\theld_out_auc\\n2\\t0.842\\n' > {{output[1]}}"

rule tabulate_results:
    input: "results/small/xmask/2.csv"
    output: "results/small/table.txt"
    log: "results/small/logs/tabulate_results.log"
    shell:
        "echo 'ERROR nodal_staging.tables: {SENTENCE}' > {{log}};"
        "[ -e mended ] && touch {{output}}"

rule draw_figure_5:
    output: "results/small/figure.txt"
    log: "results/small/logs/draw_figure_5.log"
    shell: "[ -e mended ] || kill -9 $$; touch {{output}}"
"""
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f]")


def command(*arguments: str) -> list[str]:
    return [*SNAKEMAKE, "--cores", "2", "--keep-going", *arguments]


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Snakemake with its output in pipes."""
    return subprocess.run(
        command(*arguments),
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )


def environment() -> dict[str, str]:
    places = os.pathsep.join([str(ROOT / "src"), ENVIRONMENT.get("PYTHONPATH", "")])
    kept = {name: ENVIRONMENT[name] for name in ENVIRONMENT if name != "NO_COLOR"}
    return kept | {"PYTHONPATH": places, "TERM": "xterm", "COLUMNS": "200"}


def run_in_terminal(folder: Path, *arguments: str) -> tuple[int, str]:
    """Run Snakemake in a pseudo-terminal; return its exit status and all it showed."""
    process, terminal = pty.fork()
    if not process:
        os.chdir(folder)
        os.execve(SNAKEMAKE[0], command(*arguments), environment())
    shown = b""
    while True:
        try:
            part = os.read(terminal, 1 << 16)
        except OSError:
            break
        if not part:
            break
        shown += part
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), shown.decode()


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Return a folder with a workflow and the profile of this repository."""
    made = tmp_path_factory.mktemp("small")
    shutil.copytree(ROOT / "profiles" / "default", made / "profiles" / "default")
    (made / "Snakefile").write_text(WORKFLOW)
    return made


@pytest.fixture(scope="module")
def failed(folder) -> subprocess.CompletedProcess[str]:
    return run(folder)


@pytest.fixture(scope="module")
def in_a_terminal(failed, folder) -> tuple[int, str]:
    (folder / "mended").touch()
    return run_in_terminal(folder)


def test_a_pipe_gets_plain_lines(failed):
    assert not CONTROL.search(failed.stderr)
    assert failed.stdout == ""
    lines = failed.stderr.splitlines()
    assert "A remark of the workflow." in lines
    assert "3 jobs on 2 cores, about " in failed.stderr
    line = r"^\[ *\d+%\] xMask CNN, fold 2: AUC 0\.84 held out, \d+ s$"
    assert re.search(line, failed.stderr, re.MULTILINE)


def test_a_failed_job_is_one_sentence_and_the_path_of_its_log(failed):
    assert failed.returncode == 1
    lines = failed.stderr.splitlines()
    place = lines.index(f"Failed: Table 1: {SENTENCE}")
    assert lines[place + 1] == "  Log: results/small/logs/tabulate_results.log"
    assert failed.stderr.count(SENTENCE) == 1
    assert len(re.findall("^Failed: Figure 5: .*SIGKILL", failed.stderr, re.M)) == 1
    assert "Traceback" not in failed.stderr
    assert "CalledProcessError" not in failed.stderr
    assert re.search(
        "^Stopped after .* 1 of 3 jobs finished, 2 failed", failed.stderr, re.M
    )


def test_warnings_are_shown_in_full_and_the_noise_of_libraries_is_not(failed):
    assert "odd\n  twice\n" in failed.stderr
    assert "\na library\n" in failed.stderr
    assert "oneDNN" not in failed.stderr
    assert "1 warning, see above." in failed.stderr


def test_the_log_file_contains_what_the_screen_leaves_out(failed):
    (path,) = re.findall("Log of Snakemake: (.*)", failed.stderr)
    text = Path(path).read_text()
    for words in ("CalledProcessError", "Error in rule tabulate_results", SENTENCE):
        assert words in text
    assert "rule train_folds:" in text
    assert "Job stats:" in text


def test_a_terminal_gets_colour_and_one_live_line(in_a_terminal):
    status, shown = in_a_terminal
    assert status == 0
    assert re.search(r"\r\x1b\[K\[ *\d+%\] about \d+ \w+ left, running: \w", shown)
    assert "\x1b[33mA warning at the end.\x1b[0m" in shown
    assert re.search(r"\x1b\[32mFinished after .*: 2 of 2 jobs\.", shown)
    # What stays on the screen is whole lines.
    left = [line.rpartition("\r\x1b[K")[2] for line in shown.split("\r\n")]
    assert not any("left, running" in line for line in left)


def test_durations_are_kept_for_the_next_run(in_a_terminal, folder):
    path = folder / ".snakemake" / "nodal_staging" / "durations.json"
    kept = json.loads(path.read_text())["results/small, 30 s a training"]
    assert set(kept) == {"train_folds", "tabulate_results", "draw_figure_5"}
    assert all(0 <= seconds < 60 for seconds in kept.values())


def test_snakemakes_own_output_is_one_option_away(in_a_terminal, folder):
    own = run(folder, "--forceall", "--logger", "snakemake")
    assert own.returncode == 0
    assert "rule train_folds:" in own.stderr
    assert "3 of 4 steps (75%) done" in own.stderr
    assert "about " not in own.stderr


def test_plans_and_lists_are_those_of_snakemake(in_a_terminal, folder):
    plan = run(folder, "--forceall", "--dry-run")
    assert "Job stats:" in plan.stdout
    assert "rule train_folds:" in plan.stdout
    nothing = run(folder)
    assert "Nothing to be done" in nothing.stderr
    listed = run(folder, "--summary")
    assert "results/small/table.txt" in listed.stdout
